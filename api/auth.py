"""Tokens: for devices by a signed assertion (RFC 7523), for accounts by login and password."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from pydantic import Field

from api.deps import CurrentActor, Tx, token_of
from api.entry import RETRY_AFTER_SECONDS, enter, remember
from api.problems import answer, problem
from api.route import Route
from schemas.actor import Actor
from schemas.base import WireIn, WireOut
from schemas.errors import Busy
from schemas.ids import AccountId, AgencyId
from schemas.refusals_actor import GRANT_UNSUPPORTED
from storage.actor.session import Session

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"

router = APIRouter(prefix="/v1", tags=["session"], route_class=Route)


class TokenOut(WireOut):
    """`expires_in` in seconds; `server_time` lets a device measure its clock."""

    access_token: str
    token_type: str
    expires_in: int
    server_time: datetime


class SessionIn(WireIn):
    """Log-in of an account; `code` of its second factor, or a recovery code, where it has one."""

    login: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=256)
    code: str = Field(default="", max_length=64)


class AccountOut(WireOut):
    """Who is logged in."""

    id: AccountId
    login: str
    name: str
    agency_id: AgencyId
    roles: list[str]


class SessionOut(WireOut):
    """A token for the Authorization header."""

    token: str
    expires_at: datetime
    account: AccountOut


@router.post("/token", operation_id="createToken")
def create_token(
    tx: Tx,
    grant_type: Annotated[str, Form()],
    assertion: Annotated[str, Form(max_length=8192)],
) -> TokenOut:
    """Exchange a signed assertion for a short token."""
    if grant_type != GRANT:
        return problem(GRANT_UNSUPPORTED)  # type: ignore[return-value] # an answer is an answer
    session = tx.devices.token(assertion)
    return TokenOut(
        access_token=session.token,
        token_type="Bearer",  # noqa: S106 - a kind of token, not a token
        expires_in=int((session.expires_at - tx.now).total_seconds()),
        server_time=tx.now,
    )


@router.post("/sessions", operation_id="logIn", status_code=201)
def log_in(request: Request, response: Response, wish: SessionIn) -> SessionOut:
    """Log an account in. A cookie comes with the answer; whoever sends it again is not kept out by others' guesses.

    With a second factor the code comes in the same request; without it the answer is 401 `login-code-needed`.
    """
    try:
        entered = enter(request, wish.login, wish.password, wish.code)
    except Busy as err:
        return answer(err, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})  # type: ignore[return-value] # an answer is an answer
    remember(request, response, wish.login, entered)
    return session_out(entered.session)


@router.get("/sessions/current", operation_id="whoAmI")
def who_am_i(actor: CurrentActor) -> AccountOut:
    """Say who the token stands for."""
    return account_out(actor)


@router.delete("/sessions/current", operation_id="logOut", status_code=204)
def log_out(request: Request, tx: Tx, _: CurrentActor) -> Response:
    """End the token."""
    tx.accounts.logout(token_of(request))
    return Response(status_code=204)


def session_out(session: Session) -> SessionOut:
    """Return the wire form of a session that was just opened."""
    return SessionOut(token=session.token, expires_at=session.expires_at, account=account_out(session.actor))


def account_out(actor: Actor) -> AccountOut:
    """Return the wire form of an account."""
    return AccountOut.of(actor, roles=sorted(role.value for role in actor.roles))
