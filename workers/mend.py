"""A chain that stands still goes on, where two persons say so: each proves at the terminal who it is, as at any log-in."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from schemas.actor import Actor
from schemas.errors import NotAuthenticated
from schemas.mend import MENDERS
from schemas.refusals_command import CLAIM_INVALID, TWO_PERSONS
from schemas.refusals_factor import LOGIN_CODE_NEEDED
from storage.custody.mend import mend, stopped
from storage.flow.login import LoginIn, log_in
from storage.flow.login_queue import LoginQueue
from storage.store import Store
from workers.custody import integrate
from workers.fsck import Teller

OK = 0
_TWO = 2
_HERE = "127.0.0.1"
"""Where they are asked: the trail notes a log-in of this machine."""

Ask = Callable[[str], str]
"""Asks a question at the terminal and returns what was typed, unseen."""


class Mend(NamedTuple):
    """Which chain, who say so by their names at the log-in, and why."""

    of: str
    logins: Sequence[str]
    reason: str


def run(store: Store, wish: Mend, ask: Ask, say: Teller) -> int:
    """Let a chain go on; it is indexed at once.

    Raises:
        Invalid: the persons are not two, or one holds none of the roles (slug `two-persons`), the reason is empty
            (`claim-invalid`), or as `storage.custody.mend.mend`.
        NotAuthenticated: as for any log-in.
        EvidenceError: as `workers.custody.integrate`.
    """
    if not wish.reason.strip():
        raise CLAIM_INVALID("须说明理由 a reason is asked for")
    persons = two_persons(store, wish.logins, ask)
    integrate(store)
    with store.begin() as tx:
        count = mend(tx.custody, tx.connection, wish.of, persons, wish.reason.strip())
    integrate(store)
    text = (
        f"✓ {wish.of} 可以继续，列明被拒绝收录的 {count} 条 goes on; its leaf lists {count} refused entries"
    )
    say("mended", f"{text}；须重新办理 act again", of=wish.of, count=count, approvals=sorted(persons))
    return OK


def two_persons(store: Store, logins: Sequence[str], ask: Ask) -> set[str]:
    """Return the two who approve, `account/uuid`: each has proved who it is, and holds one of the roles.

    Raises:
        Invalid: they are not two, or one holds none of the roles (slug `two-persons`).
        NotAuthenticated: as for any log-in.
    """
    persons = {_proved(store, login, ask).reference for login in dict.fromkeys(logins)}
    if len(persons) != _TWO:
        raise TWO_PERSONS("须由两人批准 two persons approve: name both by --by")
    return persons


def show(store: Store, say: Teller) -> int:
    """Say which chains stand still."""
    with store.begin() as tx:
        found = stopped(tx.connection)
    for of in found:
        say("stopped", f"✗ {of}", of=of)
    if not found:
        say("none_stopped", "✓ 没有停住的编号链 no chain stands still")
    return OK


def _proved(store: Store, login: str, ask: Ask) -> Actor:
    wish = LoginIn(login=login, password=ask(f"{login} 的密码 password of {login}: "), address=_HERE)
    queue = LoginQueue(length=1)
    try:
        session = log_in(store, queue, wish).session
    except NotAuthenticated as err:
        if err.refusal is not LOGIN_CODE_NEEDED:
            raise
        code = ask(f"{login} 的验证码 code of {login}: ")
        session = log_in(store, queue, wish.model_copy(update={"code": code})).session
    with store.begin() as tx:
        tx.accounts.logout(session.token)
    if not MENDERS.intersection(session.actor.roles):
        raise TWO_PERSONS(f"{login} 不是负责人或管理员 is neither a head nor an administrator")
    return session.actor
