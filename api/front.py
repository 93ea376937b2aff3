"""What holds for every answer: its plain headers, whether TLS is spoken, and that we answer to our own names alone.

A page of somebody else can let its name resolve to our address ("DNS rebinding"); the browser then takes our answers
for that page's. Only the Host header tells the two apart (RFC 9110 section 7.2), so it is looked at first.
"""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem
from schemas.address import Network, is_proxy, parsed
from schemas.refusals_request import HOST_UNKNOWN

HEALTH = "/v1/health"
LOOPBACK = ("localhost", "127.0.0.0/8", "[::1]")
"""What the embedded default answers to."""

_HEADER = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^\[\]:]*))(?::[0-9]*)?")
_OF_NAMES = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-_*")
_FEATURES = (
    "accelerometer", "autoplay", "browsing-topics", "camera", "display-capture", "encrypted-media", "fullscreen",
    "geolocation", "gyroscope", "magnetometer", "microphone", "midi", "payment", "picture-in-picture",
    "publickey-credentials-get", "screen-wake-lock", "usb", "xr-spatial-tracking",
)  # fmt: skip
_REMEMBERED = 64
"""So many names of hosts: whoever asks by others costs others little."""
_OF_PLAYERS = frozenset({"autoplay", "fullscreen", "picture-in-picture"})
PLAIN_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (
        b"permissions-policy",
        ", ".join(f"{name}={'(self)' if name in _OF_PLAYERS else '()'}" for name in _FEATURES).encode(),
    ),
)
"""On every answer that does not say otherwise: nothing is guessed, and no page of ours needs a sensor."""


class Front:
    """The outermost layer: refuses foreign hosts, and adds the plain headers to whatever is answered.

    Behind it the scheme of a request is what the browser speaks, also where a proxy of ours ends TLS.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Iterable[str],
        health_by_address: bool,
        proxies: Sequence[Network],
        hsts_seconds: int,
    ) -> None:
        """Keep who may be asked for.

        Args:
            app: The application.
            hosts: Names, addresses, networks of addresses, or `*.name` for every name below one; `*` is any.
            health_by_address: Whether `GET /v1/health` answers by any address: probes know no name.
            proxies: Who may say that TLS is spoken with it.
            hsts_seconds: So long a browser that came over TLS is told to come by nothing else; 0 tells it nothing.
        """
        self._app = app
        self._proxies = proxies
        pairs = [(b"strict-transport-security", f"max-age={hsts_seconds}".encode())]
        self._tls_headers = [*PLAIN_HEADERS, *(pairs if hsts_seconds else ())]
        # A client names us alike in every request, and reading an address costs as much as finding the route.
        self._knows = lru_cache(_REMEMBERED)(Hosts(hosts).__contains__)
        self._health_by_address = health_by_address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 421."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if is_forwarded_tls(scope, self._proxies):
            scope = {**scope, "scheme": "https"}
        ours = self._tls_headers if scope["scheme"] == "https" else PLAIN_HEADERS

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                names = {name.lower() for name, _ in given}
                added = [pair for pair in ours if pair[0] not in names]
                message = {**message, "headers": [*given, *added]}
            await send(message)

        if self._is_ours(scope):
            await self._app(scope, receive, sending)
        else:
            await problem(HOST_UNKNOWN)(scope, receive, sending)

    def _is_ours(self, scope: Scope) -> bool:
        given = [value for name, value in scope["headers"] if name == b"host"]
        if len(given) != 1:
            return False
        host = host_of(given[0].decode("latin-1"))
        is_probe = self._health_by_address and scope["path"] == HEALTH and _address(host) is not None
        return is_probe or self._knows(host)


def is_forwarded_tls(scope: Scope, proxies: Sequence[Network]) -> bool:
    """Say whether a proxy of ours says that TLS is spoken with it; nobody else's X-Forwarded-Proto counts."""
    said = [value for name, value in scope["headers"] if name == b"x-forwarded-proto"]
    if len(said) != 1 or said[0].strip().lower() != b"https":
        return False
    peer = scope.get("client")
    return is_proxy(parsed(peer[0]) if peer else None, proxies)


class Hosts:
    """The names and addresses that are ours.

    Raises:
        ValueError: an entry is neither.
    """

    def __init__(self, entries: Iterable[str]) -> None:
        self._names: set[str] = set()
        self._networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        for entry in (one.strip().lower() for one in entries):
            try:
                self._networks.append(ipaddress.ip_network(entry.strip("[]"), strict=False))
            except ValueError:
                if not entry or not set(entry) <= _OF_NAMES:
                    raise ValueError(f"{entry!r} is neither a name nor an address") from None
                self._names.add(entry)

    def __contains__(self, host: str) -> bool:
        address = _address(host)
        if address is not None and any(address in network for network in self._networks):
            return True
        name = host.rstrip(".")
        above = (f"*.{name.split('.', n)[-1]}" for n in range(1, name.count(".") + 1))
        return "*" in self._names or name in self._names or any(one in self._names for one in above)


def host_of(header: str) -> str:
    """Return the host of a Host header in lower case, without port and brackets; empty when it is none."""
    found = _HEADER.fullmatch(header.strip().lower())
    return (found[1] or found[2] or "") if found else ""


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
