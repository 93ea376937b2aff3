"""The own password, asked for again before what touches the log-in: counted like one, looked at without a connection."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from schemas.actor import Actor
from schemas.errors import Refusal, Refused
from schemas.ids import AccountId
from schemas.refusals_account import PASSWORD_TRIES_SPENT
from schemas.trail import Noted, TrailEvent, TrailResult
from storage.flow.login_queue import LoginQueue
from storage.login import Counted
from storage.password import is_password
from storage.store import Store


class Proven(NamedTuple):
    """The kept password that was typed, and its counted try."""

    password_hash: str
    counted: Counted


@contextmanager
def own_password(
    store: Store,
    queue: LoginQueue,
    actor: Actor,
    typed: str,
    address: str,
    *,
    event: TrailEvent,
    wrong: Refusal[Refused],
) -> Iterator[Proven]:
    """Look at the own password, in a place that is held on; a wrong one counts as a wrong log-in.

    Raises:
        Refused: it is wrong (`wrong`), or too many were (slug `password-tries-spent`).
        Busy: too many passwords are looked at at once (slug `login-busy`).
    """
    with queue.place(address, is_known=True):
        with store.begin(address) as tx:
            known = tx.accounts.credential_of(actor.login)
            counted = tx.login_tries.count(actor.login, AccountId(actor.id), address=address, browser=None)
            if counted.refusal is not None:
                tx.trail.note(own_deed(actor, event, TrailResult.REFUSED, counted.refusal.slug))
        if counted.refusal is not None:
            raise PASSWORD_TRIES_SPENT("no try is left")
        if known is None or not is_password(known.password_hash, typed):
            with store.begin(address) as tx:
                tx.trail.note(own_deed(actor, event, TrailResult.FAILED, wrong.slug))
            raise wrong("the password is wrong")
        yield Proven(known.password_hash, counted)


def own_deed(actor: Actor, event: TrailEvent, result: TrailResult, code: str = "") -> Noted:
    """Return what the trail says of somebody's deed on the own account."""
    return Noted(event, result, actor.id, code=code)
