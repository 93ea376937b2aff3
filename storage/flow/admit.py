"""Coming in by a link, and changing a password: look, hash, change – and no transaction is open while a password is hashed.

What a crash leaves, step by step:
  after the look       nothing
  after the hash       nothing
  after the change     the password stands, and whoever set it logs in by it
"""

import secrets

from pydantic import Field

from schemas.account import AdmissionIn
from schemas.actor import Actor
from schemas.base import Frozen
from schemas.ids import AccountId
from schemas.login import BROWSER_BYTES
from schemas.password import require_password
from schemas.refusals_account import PASSWORD_OLD_WRONG, PASSWORD_TRIES_SPENT
from schemas.trail import Noted, TrailEvent, TrailResult
from storage.flow.login import Entered, sealed
from storage.flow.login_queue import LoginQueue
from storage.password import hash_of, is_password
from storage.store import Store


class PasswordChange(Frozen):
    """Who changes the own password, where from, and in which session."""

    old: str = Field(repr=False)
    new: str = Field(repr=False)
    address: str
    token: str = Field(repr=False)


def admit(store: Store, queue: LoginQueue, wish: AdmissionIn, password: str, address: str) -> Entered:
    """Make the administrator that a link is good for, and log in.

    Raises:
        NotFound, Gone, Conflict: the link does not count (`storage.actor.link`), or the name is taken.
        Invalid: the password is not taken (slugs `password-…`).
        Busy: too many passwords are hashed at once (slug `login-busy`).
    """
    with store.begin() as tx:
        tx.links.admission(wish.code)
    require_password(password, (wish.login, wish.name, wish.agency_name or ""))
    with queue.place(address, is_known=True):
        kept = hash_of(password)
    with store.begin(address) as tx:
        account_id = tx.links.admit(wish, kept)
    return _entered(store, account_id, wish.login, kept, address)


def set_password(store: Store, queue: LoginQueue, code: str, password: str, address: str) -> Entered:
    """Set the password of the account that a link is for, and log in.

    Raises:
        NotFound, Gone, Conflict: the link does not count (`storage.actor.link`).
        Invalid: the password is not taken (slugs `password-…`).
        Busy: too many passwords are hashed at once (slug `login-busy`).
    """
    with store.begin() as tx:
        owner = tx.links.owner(code)
    require_password(password, (owner.login, owner.name, owner.agency_name))
    with queue.place(address, is_known=True):
        kept = hash_of(password)
    with store.begin(address) as tx:
        tx.links.set_password(code, kept)
    return _entered(store, owner.account_id, owner.login, kept, address)


def change_password(store: Store, queue: LoginQueue, actor: Actor, wish: PasswordChange) -> None:
    """Replace the actor's password; every other session ends. A wrong old one counts as a wrong log-in.

    Raises:
        Refused: the old password is wrong (slug `password-old-wrong`), or too many were (`password-tries-spent`).
        Invalid: the new password is not taken (slugs `password-…`).
        Busy: too many passwords are looked at at once (slug `login-busy`).
    """
    require_password(wish.new, (actor.login, actor.name, actor.agency_name))
    account_id = AccountId(actor.id)
    with queue.place(wish.address, is_known=True):
        with store.begin(wish.address) as tx:
            known = tx.accounts.credential_of(actor.login)
            counted = tx.login_tries.count(actor.login, account_id, address=wish.address, browser=None)
            if counted.refusal is not None:
                tx.trail.note(_tried(actor, TrailResult.REFUSED, counted.refusal.slug))
        if counted.refusal is not None:
            raise PASSWORD_TRIES_SPENT("no try is left")
        if known is None or not is_password(known.password_hash, wish.old):
            with store.begin(wish.address) as tx:
                tx.trail.note(_tried(actor, TrailResult.FAILED, PASSWORD_OLD_WRONG.slug))
            raise PASSWORD_OLD_WRONG("the old password is wrong")
        kept = hash_of(wish.new)
    with store.begin(wish.address) as tx:
        tx.login_tries.succeed(counted)
        is_changed = tx.links.change_password(
            account_id, kept, looked_at=known.password_hash, token=wish.token
        )
        result = TrailResult.DONE if is_changed else TrailResult.FAILED
        tx.trail.note(_tried(actor, result, "" if is_changed else PASSWORD_OLD_WRONG.slug))
    if not is_changed:
        raise PASSWORD_OLD_WRONG("the password was changed meanwhile")


def _tried(actor: Actor, result: TrailResult, code: str) -> Noted:
    return Noted(TrailEvent.PASSWORD, result, actor.id, code=code)


def _entered(store: Store, account_id: AccountId, login: str, kept: str, address: str) -> Entered:
    with store.begin(address) as tx:
        session = tx.accounts.open_session(account_id, address=address)
        tx.trail.note(Noted(TrailEvent.LINK_USE, TrailResult.DONE, account_id))
    return Entered(session, sealed(store, login, kept, secrets.token_bytes(BROWSER_BYTES)))
