"""What a running `serve` listens on, as it wrote it down, and whether other machines are answered without TLS."""

import http.client
import json
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from storage.durable import write_private
from storage.setup.home import Home

PAGE = "/console/login"
_SECONDS = 3.0
_OUTSIDE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
"""Addresses of nobody (RFC 5737, RFC 3849): the system says by which of its own it would go there; nothing is sent."""


class Listening(NamedTuple):
    """The plain port of a server, and whether another one speaks TLS."""

    host: str
    port: int
    is_tls: bool


def write_listening(home: Home, listening: Listening) -> None:
    """Write down what is listened on; the end of the server removes it, a killed one leaves it to be tried in vain."""
    write_private(home.listening_path, json.dumps(listening._asdict()))


def read_listening(home: Home) -> Listening | None:
    """Return what the last `serve` wrote down; None where nothing is, or nothing that can be read."""
    try:
        left = json.loads(home.listening_path.read_bytes())
        return Listening(str(left["host"]), int(left["port"]), bool(left["is_tls"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def console_url() -> str:
    """Return how people are told to come."""
    return os.environ.get("CONSOLE_URL", "")


def is_local(url: str) -> bool:
    """Say whether an address is of this machine alone."""
    return _is_loopback(urlsplit(url).hostname or "")


def plain_to_others(listening: Listening) -> str | None:
    """Return an address by which another machine is shown a page without TLS; None where none was found."""
    for host in _outward(listening.host):
        shown = f"[{host}]" if ":" in host else host
        if _shows_a_page(host, listening.port):
            return f"http://{shown}:{listening.port}"
    return None


def _outward(host: str) -> Iterator[str]:
    with suppress(ValueError):
        if ip_address(host).is_unspecified:
            yield from _own_addresses()
            return
    if not _is_loopback(host):
        yield host


def _own_addresses() -> Iterator[str]:
    for family, there in _OUTSIDE:
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((there, 9))
            yield str(probe.getsockname()[0])


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"


def _shows_a_page(host: str, port: int) -> bool:
    line = http.client.HTTPConnection(host, port, timeout=_SECONDS)
    try:
        # Loopback is a name that the server always answers to, and that anybody may write.
        line.request("GET", PAGE, headers={"Host": "localhost"})
        return line.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()
