"""Where a request comes from, as far as the network itself tells it."""

from fastapi import Request

from api.settings import ApiSettings
from schemas.address import origin


def peer_of(request: Request) -> str:
    """Return the other end of the connection; empty where it has no address."""
    return request.client.host if request.client else ""


def origin_of(request: Request) -> str:
    """Return where a request comes from, in the form that is counted and kept."""
    settings: ApiSettings = request.app.state.settings
    return origin(peer_of(request), request.headers.getlist("X-Forwarded-For"), settings.proxies)
