"""Whether a change that a browser sends with the console's cookie comes from a page of ours.

The token of a session's forms is derived from the session: whoever cannot read our pages cannot know it.
"""

import hashlib
from hmac import compare_digest
from urllib.parse import urlsplit

from fastapi import Request

from api.deps import bearer, session_cookie, token_of
from schemas.refusals_request import FORM_FOREIGN, FORM_STALE

FORM_TOKEN = "X-Form-Token"  # noqa: S105 - the name of a header
"""Where what is sent as it is, by our own script, carries what a form has as a field."""


def form_token(session_token: str) -> str:
    """Return the token of a session's forms."""
    return hashlib.sha256(b"quancheng-form\0" + session_token.encode()).hexdigest()


def is_ours(request: Request) -> bool:
    """Say whether a page of ours sent it (Fetch Metadata, RFC 6454 Origin where that is absent)."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    is_own = site in ("same-origin", "none") if site else True
    if origin is not None:
        is_own = is_own and urlsplit(origin).netloc == request.headers.get("Host")
    return is_own


def same_origin(request: Request) -> None:
    """Refuse what another site sent.

    Raises:
        Refused: the request comes from elsewhere.
    """
    if not is_ours(request):
        raise FORM_FOREIGN("the form was sent by another site")


def sending(request: Request) -> str:
    """Return the token under which a file is sent: a bearer's, or that of the console's session.

    A browser adds its cookie by itself, also for a page of somebody else, so that beside it the token of the session's
    forms is asked. Only the routes of a transfer take it: everything else of the API changes by bearer token alone.

    Raises:
        NotAuthenticated: there is neither.
        Refused: the cookie alone stands behind it (slug `cross-site`), or the token of another session (`form-stale`).
    """
    if token := bearer(request):
        return token
    cookie, said = request.cookies.get(session_cookie(request)), request.headers.get(FORM_TOKEN)
    if not cookie or said is None:
        return token_of(request)
    same_origin(request)
    if not compare_digest(said.encode(), form_token(cookie).encode()):
        raise FORM_STALE("the form is of another session")
    return cookie
