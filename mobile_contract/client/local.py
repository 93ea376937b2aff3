"""What `quancheng serve` left in the data folder for its demo organisation, so that a newcomer needs no options."""

import json
import os
import ssl
from pathlib import Path
from typing import NamedTuple

from schemas.refusals_command import AUTHORITY_FILE_INVALID


class Demo(NamedTuple):
    """Address, its authority, one-time code and certificate numbers; nothing where there is no demo."""

    server: str | None = None
    enrolment_code: str | None = None
    officers: tuple[str, ...] = ()
    authority: str | None = None


def demo_of(home: Path) -> Demo:
    """Return what is left in the data folder `home`."""
    try:
        left = json.loads((home / "demo.json").read_bytes())
        officers = tuple(left.get("officers", ()))
        return Demo(left.get("server"), left.get("enrolment_code"), officers, left.get("authority"))
    except (OSError, ValueError, AttributeError, TypeError):
        return Demo()  # a help for newcomers: without it the options say the same


def chosen_server(wish: str | None, demo: Demo) -> str:
    """Return the server's address: the option, the environment, the demo's, or this machine."""
    port = os.environ.get("QUANCHENG_PORT", "8080")
    return wish or os.environ.get("QUANCHENG_SERVER") or demo.server or f"http://127.0.0.1:{port}"


def trusted(wish: Path | None, server: str, demo: Demo) -> ssl.SSLContext | bool:
    """Return whom a server is believed over TLS: the authority that was given, or the well-known ones.

    The demo's authority speaks for the demo's server and for no other.

    Raises:
        Invalid: the file cannot be read, or holds no certificate.
    """
    of_demo = demo.authority if server == demo.server else None
    given = wish or os.environ.get("QUANCHENG_AUTHORITY") or of_demo
    if not given:
        return True
    try:
        return ssl.create_default_context(cafile=str(given))
    except OSError as err:  # also of what is no certificate
        raise AUTHORITY_FILE_INVALID(
            f"证书机构文件无效 not a file of an authority's certificate: {given} ({err.strerror or 'no PEM'})"
        ) from err
