"""What routes depend on: a transaction that commits before the answer, and who is asking."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated, TypeVar

from fastapi import Depends, Query, Request
from fastapi.security import HTTPBearer

from api.idempotency import claim
from api.origin import origin_of
from api.settings import ApiSettings
from schemas.actor import Actor
from schemas.page import Cursor
from schemas.policy import Action, Subject, require
from schemas.refusals_actor import NOT_AUTHENTICATED
from schemas.refusals_request import CROSS_SITE
from storage.password import FreshPassword, fresh_password
from storage.store import Store
from storage.transaction import Transaction

COOKIE = "qc_session"
"""The console's cookie; over TLS its name has the prefix that keeps it to TLS and to this host (`session_cookie`)."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
Found = TypeVar("Found")
_bearer = HTTPBearer(auto_error=False, description="Token of POST /v1/token (device) or POST /v1/sessions")


def store_of(request: Request) -> Store:
    """Return the store that the composition root opened."""
    store: Store = request.app.state.store
    return store


def settings_of(request: Request) -> ApiSettings:
    """Return the API's settings."""
    settings: ApiSettings = request.app.state.settings
    return settings


def is_secure(request: Request) -> bool:
    """Say whether a cookie may be kept to TLS: it is spoken, as `front.Front` found, or the operator says so."""
    return settings_of(request).cookie_secure or request.url.scheme == "https"


def session_cookie(request: Request) -> str:
    """Return the name of the console's cookie: over TLS one that no plain page and no other host can set (`__Host-`)."""
    return f"__Host-{COOKIE}" if is_secure(request) else COOKIE


def _in_the_loop(found: Callable[[Request], Found]) -> Callable[[Request], Awaitable[Found]]:
    """Return the dependency of what does not wait, and so needs no thread."""

    async def given(request: Request) -> Found:
        return found(request)

    return given


def begin(request: Request) -> Iterator[Transaction]:
    """Open the request's transaction.

    Always used with `scope="function"`: FastAPI's default ends a `yield` dependency after the answer was
    sent, and then a failing commit leaves the client with a receipt for nothing.
    """
    with store_of(request).begin(origin_of(request)) as tx:
        request.state.unit = tx
        yield tx


def bearer(request: Request) -> str:
    """Return the bearer token; empty where there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def token_of(request: Request) -> str:
    """Return the bearer token, or the console's cookie.

    Raises:
        NotAuthenticated: there is neither.
        Refused: the cookie alone stands behind a change through the API (slug `cross-site`).
    """
    if token := bearer(request):
        return token
    if cookie := request.cookies.get(session_cookie(request)):
        if request.method not in SAFE_METHODS and request.url.path.startswith("/v1/"):
            # A browser adds the cookie by itself, also for a page of somebody else: reading only.
            raise CROSS_SITE("changes through the API need a bearer token")
        return cookie
    raise NOT_AUTHENTICATED("a bearer token is needed")


Tx = Annotated[Transaction, Depends(begin, scope="function")]


def current_actor(request: Request, tx: Tx, _: Annotated[object, Depends(_bearer)] = None) -> Actor:
    """Return who is asking, read in the request's own transaction; what is asked again is answered again."""
    actor = tx.accounts.actor_of(token_of(request))
    if request.method == "POST":
        claim(request, tx, actor)
    return actor


def actor_of_request(request: Request, _: Annotated[object, Depends(_bearer)] = None) -> Actor:
    """Return who is asking, in a short transaction of its own: for routes that stream outside one."""
    with store_of(request).begin() as tx:
        return tx.accounts.actor_of(token_of(request))


def source_password(request: Request) -> FreshPassword:
    """Return a password for a source, for whoever may keep the register.

    Stands before the request's transaction among the arguments of a route: none is open while it is hashed, and nothing
    is hashed for a stranger.

    Raises:
        NotAuthenticated, Refused: who asks may not make a source.
    """
    with store_of(request).begin() as tx:
        actor = tx.accounts.actor_of(token_of(request))
        require(actor, Action.EQUIPMENT_KEEP, Subject(agency_id=actor.agency_id), tx.now)
    return fresh_password()


async def bearer_of(request: Request, _: Annotated[object, Depends(_bearer)] = None) -> str:
    """Return the token; the route's own transaction says whom it stands for, before it does anything else."""
    return token_of(request)


CurrentActor = Annotated[Actor, Depends(current_actor, scope="function")]
StreamActor = Annotated[Actor, Depends(actor_of_request)]
SourcePassword = Annotated[FreshPassword, Depends(source_password)]
Token = Annotated[str, Depends(bearer_of)]
OpenStore = Annotated[Store, Depends(_in_the_loop(store_of))]
Settings = Annotated[ApiSettings, Depends(_in_the_loop(settings_of))]


def cursor_of(after: str | None = None) -> Cursor | None:
    """Return where a page begins; None for the first one.

    Raises:
        Invalid: the cursor is not one of ours (slug `cursor-invalid`).
    """
    return Cursor.parse(after) if after else None


After = Annotated[Cursor | None, Depends(cursor_of)]
Limit = Annotated[int, Query(ge=1, le=200)]
"""How many rows a page has at most."""

Words = Annotated[
    str | None,
    Query(
        max_length=200, description="words that must all occur, in any order; width and case do not matter"
    ),
]
"""What is typed into a search field."""
