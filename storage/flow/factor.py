"""The own second factor: set up, replaced, given up. The password is asked for each time, and a code where one stands.

One transaction changes all of it: a crash leaves what stood before, and a try that counts as a wrong one.
"""

from contextlib import AbstractContextManager

from pydantic import Field

from schemas.actor import Actor
from schemas.base import Frozen
from schemas.errors import Refusal, Refused
from schemas.factor import CodeFault
from schemas.ids import AccountId
from schemas.refusals_factor import (
    FACTOR_ABSENT,
    FACTOR_CODE_USED,
    FACTOR_CODE_WRONG,
    FACTOR_DEMANDED,
    OWN_PASSWORD_WRONG,
)
from schemas.trail import FactorDeed, SessionEnd, TrailEvent, TrailResult
from storage.actor.session import end_sessions
from storage.flow.login_queue import LoginQueue
from storage.flow.own import Proven, own_deed, own_password
from storage.store import Store
from storage.transaction import Transaction

CODE_REFUSALS = {CodeFault.WRONG: FACTOR_CODE_WRONG, CodeFault.USED: FACTOR_CODE_USED}


class OwnFactorIn(Frozen):
    """Who changes the own second factor, where from, in which session.

    `code` is one of the factor that stands, or a recovery code; `new_code` the first of the secret in `offer`.
    """

    password: str = Field(repr=False)
    code: str = Field(default="", repr=False)
    offer: str = Field(default="", repr=False)
    new_code: str = Field(default="", repr=False)
    address: str
    token: str = Field(repr=False)


def set_up_factor(store: Store, queue: LoginQueue, actor: Actor, wish: OwnFactorIn) -> tuple[str, ...]:
    """Set up the own second factor, or another in its place; return the recovery codes. Other sessions end.

    Raises:
        Refused: the password is wrong (slug `own-password-wrong`), too many were (`password-tries-spent`), or a code is
            wrong or used (`factor-code-wrong`, `factor-code-used`).
        Conflict: the secret that was shown counts no more (slug `factor-offer-over`).
        Busy: too many passwords are looked at at once (slug `login-busy`).
    """
    account_id = AccountId(actor.id)
    with (
        _own_password(store, queue, actor, wish) as proven,
        store.begin(wish.address) as tx,
    ):
        said = _set_up(tx, actor, account_id, wish, proven)
        if isinstance(said, Refusal):
            tx.trail.note(own_deed(actor, TrailEvent.FACTOR, TrailResult.FAILED, said.slug))
    if isinstance(said, Refusal):
        raise said("the second factor stands as it did")
    return said


def _set_up(
    tx: Transaction, actor: Actor, account_id: AccountId, wish: OwnFactorIn, proven: Proven
) -> tuple[str, ...] | Refusal[Refused]:
    tx.factors.hold(account_id)  # of two at once the second finds a factor, and is asked for its code
    if not _stands(tx, actor, proven):
        return OWN_PASSWORD_WRONG
    confirmed = tx.factors.confirmed(account_id, wish.offer, wish.new_code)
    if isinstance(confirmed, CodeFault):
        return CODE_REFUSALS[confirmed]
    deed = FactorDeed.ENROLLED
    if tx.factors.of(account_id) is not None:
        way = tx.factors.prove(account_id, wish.code)
        if isinstance(way, CodeFault):
            return CODE_REFUSALS[way]
        deed = FactorDeed.REPLACED
    codes = tx.factors.enrol(account_id, confirmed)
    _done(tx, actor, wish, proven, deed)
    return codes


def give_up_factor(store: Store, queue: LoginQueue, actor: Actor, wish: OwnFactorIn) -> None:
    """Give up the own second factor. Other sessions end.

    Raises:
        Refused: as for setting one up.
        Conflict: there is none (slug `factor-absent`), or the actor's roles need one (`factor-demanded`).
        Busy: too many passwords are looked at at once (slug `login-busy`).
    """
    account_id = AccountId(actor.id)
    with store.begin() as tx:
        if tx.factors.of(account_id) is None:
            raise FACTOR_ABSENT("the account has no second factor")
        if tx.factors.is_demanded(account_id):
            raise FACTOR_DEMANDED("the installation asks a second factor of these roles")
    with _own_password(store, queue, actor, wish) as proven, store.begin(wish.address) as tx:
        said = _give_up(tx, actor, account_id, wish, proven)
        if said is not None:
            tx.trail.note(own_deed(actor, TrailEvent.FACTOR, TrailResult.FAILED, said.slug))
    if said is not None:
        raise said("the second factor stands as it did")


def _give_up(
    tx: Transaction, actor: Actor, account_id: AccountId, wish: OwnFactorIn, proven: Proven
) -> Refusal[Refused] | None:
    if not _stands(tx, actor, proven):
        return OWN_PASSWORD_WRONG
    way = tx.factors.prove(account_id, wish.code)
    if isinstance(way, CodeFault):
        return CODE_REFUSALS[way]
    tx.factors.end(account_id)
    _done(tx, actor, wish, proven, FactorDeed.REMOVED)
    return None


def _own_password(
    store: Store, queue: LoginQueue, actor: Actor, wish: OwnFactorIn
) -> AbstractContextManager[Proven]:
    return own_password(
        store,
        queue,
        actor,
        wish.password,
        wish.address,
        event=TrailEvent.FACTOR,
        wrong=OWN_PASSWORD_WRONG,
    )


def _stands(tx: Transaction, actor: Actor, proven: Proven) -> bool:
    known = tx.accounts.credential_of(actor.login)
    return known is not None and known.password_hash == proven.password_hash


def _done(tx: Transaction, actor: Actor, wish: OwnFactorIn, proven: Proven, deed: FactorDeed) -> None:
    tx.login_tries.succeed(proven.counted)
    end_sessions(tx, AccountId(actor.id), SessionEnd.FACTOR, but=wish.token)
    tx.trail.note(own_deed(actor, TrailEvent.FACTOR, TrailResult.DONE, deed.value))
