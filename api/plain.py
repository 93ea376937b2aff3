"""The plain port beside TLS: it hands out the authority's certificate, shows pages the way, and takes nothing.

What is asked without TLS was read by whoever stands between. So a page is sent on by 308, and anything else – a token, a
form, a body – is refused loudly instead of being repeated over TLS as if nothing had happened.
"""

from datetime import datetime
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import parse_qs

from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.console.view import ASSETS, HEADERS, templates
from api.front import Front, host_of
from api.problems import problem
from api.qr import picture_of
from api.settings import ApiSettings
from schemas.refusals_request import TLS_REQUIRED
from schemas.words import Language

PAGE = "/ca"
CERTIFICATE = "/ca/quancheng-ca.crt"
CERTIFICATE_TYPE = "application/x-x509-ca-cert"
"""By this name a phone offers to install it."""
_STYLE = "/ca/console.css"
_NO_PAGES = ("/v1/", "/openapi.json")
_HTTPS = 443


class Installable(NamedTuple):
    """The authority's certificate: DER, its SHA-256 as phones show it, and its end."""

    der: bytes
    sha256: str
    until: datetime


def plain_port(settings: ApiSettings, installable: Installable, *, tls_port: int) -> ASGIApp:
    """Return the application of the plain port; it answers to the same names as the one over TLS."""
    return Front(
        _Plain(installable, tls_port),
        hosts=settings.host_names,
        health_by_address=False,
        proxies=(),
        hsts_seconds=0,
    )


class _Plain:
    def __init__(self, installable: Installable, tls_port: int) -> None:
        self._installable = installable
        self._port = "" if tls_port == _HTTPS else f":{tls_port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; nothing of its body is read."""
        if scope["type"] == "http":
            await self._answer(scope)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        path: str = scope["path"]
        if scope["method"] not in ("GET", "HEAD") or path.startswith(_NO_PAGES):
            return problem(TLS_REQUIRED)
        if path == CERTIFICATE:
            return Response(
                self._installable.der, media_type=CERTIFICATE_TYPE, headers={"Cache-Control": "no-store"}
            )
        if path == _STYLE:
            payload, media_type = ASSETS["console.css"]
            return Response(payload, media_type=media_type, headers={"Cache-Control": "no-cache"})
        if path == PAGE:
            return self._page(scope)
        query = scope["query_string"].decode("latin-1")
        there = f"{self._there(scope)}{scope['raw_path'].decode('latin-1')}"
        return RedirectResponse(f"{there}?{query}" if query else there, HTTPStatus.PERMANENT_REDIRECT)

    def _page(self, scope: Scope) -> Response:
        wanted = parse_qs(scope["query_string"].decode("latin-1")).get("lang", [])
        language = Language.EN if wanted[:1] == [Language.EN.value] else Language.ZH
        here = f"http://{_header(scope)}{PAGE}"
        text = (
            templates(language)
            .get_template("ca.html")
            .render(
                sha256=self._installable.sha256,
                until=self._installable.until,
                console=f"{self._there(scope)}/console",
                code=picture_of(here, scale=5),
            )
        )
        return HTMLResponse(text, headers=dict(HEADERS))

    def _there(self, scope: Scope) -> str:
        host = host_of(_header(scope))
        return f"https://{f'[{host}]' if ':' in host else host}{self._port}"


def _header(scope: Scope) -> str:
    """Return the Host header: `Front` has found that there is one, and that it is ours."""
    found: bytes = next(value for name, value in scope["headers"] if name == b"host")
    return found.decode("latin-1")
