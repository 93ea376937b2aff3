"""Logging in by an issuer: sent there with a challenge, taken back with a code, once and in the same browser.

What is known of a sign-on that has begun – state, nonce, verifier – the browser keeps itself, sealed, in a cookie of its
own: whoever begins a thousand of them costs this server nothing. The issuer leads back across sites, where a browser sends
no strict cookie along; so the answer is a page of ours that leads on.
"""

import secrets
from hmac import compare_digest
from typing import Annotated

import structlog
from fastapi import Depends, Form, Query, Request
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response

from api.console.guard import own_address, visitor
from api.console.kept import kept_from
from api.console.login import LoginForm, enter_by, refused_at_the_door
from api.console.typed import Typed
from api.console.view import render
from api.deps import OpenStore, is_secure
from api.form_token import same_origin
from api.origin import origin_of
from api.provider import Provider
from api.route import pages
from api.sign_on_seal import SignOnSeal
from schemas.errors import Busy, EvidenceError, NotAuthenticated, Refused, Unavailable
from schemas.refusals_sso import SSO_ABSENT, SSO_DENIED, SSO_STATE_UNKNOWN, SSO_TOKEN_ISSUER
from schemas.sso import SIGN_ON_LIFETIME, SignOn, named_by
from storage.flow.sso import note_refused, sign_on, use_state
from storage.settings import seed
from storage.store import Store

log = structlog.get_logger()

COOKIE = "qc_sso"
PATH = "/console/sso"
_RANDOM_BYTES = 32

router = pages()


class SsoForm(Typed[None]):
    """The button: where the log-in leads."""

    back: str = Field(default="/console", title="")

    def wish(self) -> None:
        return None


class Said(BaseModel):
    """What the issuer sends back through the browser (RFC 6749, 4.1.2; RFC 9207)."""

    state: str = ""
    code: str = ""
    error: str = ""
    iss: str = ""


class AgainForm(Typed[None]):
    """What was typed before a session ended, once there is another."""

    kept: Annotated[str, StringConstraints(strip_whitespace=False)] = Field(default="", title="")
    to: str = Field(default="", title="")

    def wish(self) -> None:
        return None


def provider_of(request: Request) -> Provider:
    """Return the issuer of this server.

    Raises:
        NotFound: there is none (slug `sso-absent`).
    """
    found: Provider | None = request.app.state.provider
    if found is None:
        raise SSO_ABSENT("no issuer is set")
    return found


@router.post("/sso", dependencies=[Depends(same_origin)])
def begin(request: Request, store: OpenStore, form: Annotated[SsoForm, Form()]) -> Response:
    """Begin a sign-on, and lead to the issuer."""
    provider = provider_of(request)
    begun = SignOn(
        state=secrets.token_urlsafe(_RANDOM_BYTES),
        nonce=secrets.token_urlsafe(_RANDOM_BYTES),
        verifier=secrets.token_urlsafe(_RANDOM_BYTES),
        redirect=f"{_base(request, store)}{PATH}/callback",
        back=own_address(form.back),
        begun_at=int(store.clock().timestamp()),
    )
    try:
        there = provider.authorization_url(begun)
    except (Unavailable, Busy) as err:
        return refused_at_the_door(request, LoginForm(back=form.back), err.refusal)
    answer = render(request, "onward.html", {"there": there, "is_leaving": True})
    answer.set_cookie(
        _cookie(request, begun.state),
        _seal(store).sealed(begun, secrets.token_bytes(SignOnSeal.NONCE_BYTES)),
        max_age=int(SIGN_ON_LIFETIME.total_seconds()),
        path=PATH,
        httponly=True,
        samesite="lax",  # the issuer leads back across sites
        secure=is_secure(request),
    )
    return answer


@router.get("/sso/callback")
def callback(request: Request, store: OpenStore, said: Annotated[Said, Query()]) -> Response:
    """Take somebody back from the issuer, and log them in."""
    provider = provider_of(request)
    begun: SignOn | None = None
    try:
        begun = _begun(request, store, said.state)
        if said.iss and said.iss.rstrip("/") != provider.settings.issuer.rstrip("/"):  # RFC 9207
            raise SSO_TOKEN_ISSUER("the answer is of another issuer")
        use_state(store, said.state)
        if said.error or not said.code:
            raise SSO_DENIED("the issuer gave no code")
        claims = provider.claims(said.code, begun, store.clock())
        name = named_by(claims, provider.settings.claim)
    except (Refused, Unavailable, Busy) as err:
        return _refused(request, store, begun, err)
    try:
        session = sign_on(store, name, provider.settings.matches, origin_of(request))
    except Refused as err:
        return refused_at_the_door(request, LoginForm(), err.refusal)
    answer = render(request, "onward.html", {"there": begun.back, "is_leaving": False})
    answer.delete_cookie(_cookie(request, said.state), path=PATH)
    return enter_by(request, session, answer)


def _refused(request: Request, store: Store, begun: SignOn | None, err: EvidenceError) -> Response:
    """Show the door again, which says why; what was refused is noted."""
    if isinstance(err, Refused):
        note_refused(store, err.refusal, origin_of(request))
    return refused_at_the_door(request, LoginForm(back=begun.back if begun else "/console"), err.refusal)


def _begun(request: Request, store: Store, state: str) -> SignOn:
    """Return the sign-on that this browser began.

    Raises:
        Refused: it began none like this, or too long ago (slug `sso-state-unknown`).
    """
    kept = request.cookies.get(_cookie(request, state), "")
    begun = _seal(store).opened(kept, store.clock())
    if begun is None or not compare_digest(begun.state.encode(), state.encode()):
        raise SSO_STATE_UNKNOWN("no such sign-on was begun in this browser")
    return begun


def _seal(store: Store) -> SignOnSeal:
    return SignOnSeal(seed(store.settings.registry_key, "REGISTRY_KEY"))


def _cookie(request: Request, state: str) -> str:
    """Return the name of the cookie of one sign-on: two tabs begin two. `__Host-` wants the path `/`."""
    name = f"{COOKIE}_{SignOnSeal.name(state)}"
    return f"__Secure-{name}" if is_secure(request) else name


def _base(request: Request, store: Store) -> str:
    scheme = "https" if is_secure(request) else "http"
    return store.settings.console_url.rstrip("/") or f"{scheme}://{request.headers.get('Host', '')}"


@router.post("/login/again", dependencies=[Depends(same_origin)])
def again(request: Request, store: OpenStore, form: Annotated[AgainForm, Form()]) -> Response:
    """Give back what was typed to somebody who has logged in elsewhere in this browser, in another tab."""
    kept = kept_from(form.kept, own_address(form.to)) if form.kept else None
    try:
        with store.begin() as tx:
            visit = visitor(request, tx)
            if kept is not None:
                return visit.page("resume.html", kept=kept)
    except NotAuthenticated as err:
        return refused_at_the_door(request, LoginForm(kept=form.kept, to=form.to), err.refusal)
    return render(request, "onward.html", {"there": "/console", "is_leaving": False})
