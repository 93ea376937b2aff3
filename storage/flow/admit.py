"""Coming in by a link, and changing a password: look, hash, change – and no transaction is open while a password is hashed.

What a crash leaves, step by step:
  after the look       nothing
  after the hash       nothing
  after the change     the password stands, and whoever set it logs in by it
"""

from pydantic import Field

from schemas.account import AdmissionIn
from schemas.actor import Actor, Role
from schemas.base import Frozen
from schemas.ids import AccountId
from schemas.password import require_password
from schemas.refusals_account import PASSWORD_OLD_WRONG
from schemas.refusals_factor import LINK_IN_CONSOLE
from schemas.trail import Noted, TrailEvent, TrailResult
from storage.flow.login import Entered, Halfway, let_through
from storage.flow.login_queue import LoginQueue
from storage.flow.own import own_deed, own_password
from storage.password import hash_of
from storage.store import Store


class PasswordChange(Frozen):
    """Who changes the own password, where from, and in which session."""

    old: str = Field(repr=False)
    new: str = Field(repr=False)
    address: str
    token: str = Field(repr=False)


def require_one_go(store: Store, code: str = "") -> None:
    """Refuse a link whose use cannot end in a session at once: for whoever shows no second page.

    Raises:
        NotFound, Gone, Conflict: the link does not count (`storage.actor.link`), or a second factor is asked for behind it
            (slug `link-in-console`).
    """
    with store.begin() as tx:
        demand = tx.factors.demand(tx.links.owner(code).account_id) if code else None
    is_asked = Role.ADMIN in store.settings.second_factor_roles if not code else demand is not None
    if is_asked:
        raise LINK_IN_CONSOLE("a second factor is asked for")


def admit(
    store: Store, queue: LoginQueue, wish: AdmissionIn, password: str, address: str
) -> Entered | Halfway:
    """Make the administrator that a link is good for, and log in, or begin to.

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


def set_password(
    store: Store, queue: LoginQueue, code: str, password: str, address: str
) -> Entered | Halfway:
    """Set the password of the account that a link is for, and log in, or begin to: a second factor is asked for as ever.

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
    with own_password(
        store,
        queue,
        actor,
        wish.old,
        wish.address,
        event=TrailEvent.PASSWORD,
        wrong=PASSWORD_OLD_WRONG,
    ) as proven:
        kept = hash_of(wish.new)
    with store.begin(wish.address) as tx:
        tx.login_tries.succeed(proven.counted)
        is_changed = tx.links.change_password(
            AccountId(actor.id), kept, looked_at=proven.password_hash, token=wish.token
        )
        result = TrailResult.DONE if is_changed else TrailResult.FAILED
        code = "" if is_changed else PASSWORD_OLD_WRONG.slug
        tx.trail.note(own_deed(actor, TrailEvent.PASSWORD, result, code))
    if not is_changed:
        raise PASSWORD_OLD_WRONG("the password was changed meanwhile")


def _entered(store: Store, account_id: AccountId, login: str, kept: str, address: str) -> Entered | Halfway:
    with store.begin(address) as tx:
        tx.trail.note(Noted(TrailEvent.LINK_USE, TrailResult.DONE, account_id))
        return let_through(tx, account_id, login, kept)
