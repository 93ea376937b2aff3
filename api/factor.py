"""The own second factor: what stands, setting one up, giving it up."""

from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import Field

from api.deps import CurrentActor, OpenStore, StreamActor, Token, Tx
from api.entry import login_queue
from api.origin import origin_of
from api.route import Route
from schemas.account import Password
from schemas.base import WireIn, WireOut
from schemas.refusals_account import ACCOUNT_MACHINE
from storage.flow.factor import OwnFactorIn, give_up_factor, set_up_factor

ISSUER = "Quancheng"
"""By this name an authenticator lists the account."""

router = APIRouter(prefix="/v1", tags=["account"], route_class=Route)


class FactorOut(WireOut):
    """Whether a second factor stands, since when, how many recovery codes are left, and whether one is demanded."""

    is_set: bool
    enrolled_at: datetime | None
    codes_left: int
    is_demanded: bool


class OfferOut(WireOut):
    """A secret to be entered into an authenticator; `offer` goes back with its first code, within 15 minutes."""

    secret: str
    uri: str
    offer: str


class SetUpIn(WireIn):
    """`code` is one of the factor that stands, where one does; `new_code` the first of the secret that was offered."""

    password: Password
    offer: str = Field(min_length=1, max_length=256)
    new_code: str = Field(min_length=1, max_length=64)
    code: str = Field(default="", max_length=64)


class GiveUpIn(WireIn):
    """The password, and a code or a recovery code."""

    password: Password
    code: str = Field(min_length=1, max_length=64)


class RecoveryOut(WireOut):
    """One-time codes for whoever loses the authenticator: shown once, kept as keyed digests."""

    recovery_codes: list[str]


@router.get("/factor", operation_id="getSecondFactor")
def factor(tx: Tx, actor: CurrentActor) -> FactorOut:
    """Say whether the own account has a second factor."""
    found = tx.factors.of(actor.account_id)
    return FactorOut(
        is_set=found is not None,
        enrolled_at=found and found.enrolled_at,
        codes_left=found.codes_left if found else 0,
        is_demanded=tx.factors.is_demanded(actor.account_id),
    )


@router.post("/factor/offer", operation_id="offerSecondFactor")
def offer(tx: Tx, actor: CurrentActor) -> OfferOut:
    """Draw a secret; nothing is kept of it until its first code comes back."""
    if actor.is_machine:
        raise ACCOUNT_MACHINE("a machine has no second factor")
    made = tx.factors.offer(actor.account_id, actor.login, ISSUER)
    return OfferOut(secret=made.secret, uri=made.uri, offer=made.sealed)


@router.post("/factor", operation_id="setUpSecondFactor", status_code=201)
def set_up(
    request: Request, store: OpenStore, actor: StreamActor, token: Token, wish: SetUpIn
) -> RecoveryOut:
    """Set up a second factor, or another in its place; other sessions end."""
    asked = OwnFactorIn(
        password=wish.password,
        code=wish.code,
        offer=wish.offer,
        new_code=wish.new_code,
        address=origin_of(request),
        token=token,
    )
    return RecoveryOut(recovery_codes=list(set_up_factor(store, login_queue(request), actor, asked)))


@router.post("/factor/end", operation_id="giveUpSecondFactor", status_code=204)
def give_up(request: Request, store: OpenStore, actor: StreamActor, token: Token, wish: GiveUpIn) -> Response:
    """Give up the own second factor; other sessions end."""
    asked = OwnFactorIn(password=wish.password, code=wish.code, address=origin_of(request), token=token)
    give_up_factor(store, login_queue(request), actor, asked)
    return Response(status_code=204)
