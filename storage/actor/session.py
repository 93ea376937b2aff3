"""Sessions: a token and whom it stands for, until its end, or until nobody used it for a while.

Sessions are no evidence: they stand in no leaf. Where one comes from is personal data: it is shown to its owner, and goes
with its row. That one of a person or a machine ended, and why, is noted in the trail; a device's ends by the hour.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, and_, case, delete, literal, or_, select, update

from schemas.account import OwnSession
from schemas.actor import Actor, ActorKind
from schemas.base import Frozen
from schemas.ids import AccountId
from schemas.refusals_account import SESSION_UNKNOWN
from schemas.trail import Noted, SessionEnd, TrailEvent, TrailResult
from storage.collection import Collection, Unit
from storage.tables.actor import sessions
from storage.trail.note import note

SIGN_OF_LIFE = timedelta(minutes=1)
"""A session that is used notes it no more often: reading a page is no write."""


class Session(Frozen):
    """A token and whom it stands for. The token itself is never stored, only its SHA-256."""

    token: str
    expires_at: datetime
    actor: Actor


def token_hash(token: str) -> bytes:
    """Return what the database keeps of a token or a one-time code."""
    return hashlib.sha256(token.encode()).digest()


def new_session(
    unit: Unit,
    *,
    actor: Actor,
    lifetime: timedelta,
    idle: timedelta | None = None,
    address: str = "",
    at_most: int | None = None,
) -> Session:
    """Make a token for `actor` that ends after `lifetime`, and where it is not used for `idle`.

    Of its holder's `at_most` sessions the oldest end for it.
    """
    token = secrets.token_urlsafe(
        32
    )  # a crash before the answer leaves a token that nobody knows; it ends by itself
    holder = "device_id" if actor.kind is ActorKind.DEVICE else "account_id"
    if at_most is not None:
        _end_oldest(unit, sessions.c[holder] == actor.id, keep=at_most - 1)
    now = unit.now
    unit.connection.execute(
        sessions.insert().values(
            token_hash=token_hash(token),
            address=address,
            created_at=now,
            used_at=now,
            expires_at=now + lifetime,
            idle_at=None if idle is None else now + idle,
            **{holder: actor.id},
        )
    )
    return Session(token=token, expires_at=now + lifetime, actor=actor)


def _end_oldest(unit: Unit, held: ColumnElement[bool], *, keep: int) -> None:
    # Log-ins of one account at the same instant may leave more; the next one ends them.
    newest = (
        select(sessions.c.token_hash)
        .where(held)
        .order_by(sessions.c.created_at.desc(), sessions.c.token_hash)
        .limit(keep)
    )
    _end(unit, and_(held, sessions.c.token_hash.not_in(newest)), SessionEnd.TOO_MANY)


def _end(unit: Unit, which: ColumnElement[bool], why: SessionEnd | ColumnElement[str]) -> int:
    """End sessions and note it; each from the address at which it was opened."""
    code = literal(why.value) if isinstance(why, SessionEnd) else why
    told = (sessions.c.account_id, sessions.c.address, code.label("why"))
    ended = unit.connection.execute(delete(sessions).where(which).returning(*told)).all()
    for row in sorted((one for one in ended if one.account_id is not None), key=_place):
        gone = Noted(TrailEvent.SESSION_END, TrailResult.DONE, account_id=row.account_id, code=row.why)
        note(unit, gone, address=row.address)
    return len(ended)


def _place(row: Row[UUID, str, str]) -> tuple[str, ...]:
    """Rows that are counted are met in one order by all, so that nobody waits in a ring."""
    return (str(row.account_id), row.address, row.why)


def lives(at: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Say of a session whether it has not ended at a time."""
    known = sessions.c
    return and_(known.expires_at > at, or_(known.idle_at.is_(None), known.idle_at > at))


def end_sessions(unit: Unit, account_id: AccountId, why: SessionEnd, *, but: str | None = None) -> int:
    """End every session of an account for good, except that of one token; return how many there were."""
    held = sessions.c.account_id == account_id
    if but is not None:
        held = and_(held, sessions.c.token_hash != token_hash(but))
    return _end(unit, held, why)


def end_session(unit: Unit, token: str) -> None:
    """End the session of a token, whose holder leaves; ending it twice is no error."""
    _end(unit, sessions.c.token_hash == token_hash(token), SessionEnd.LOGOUT)


def forget_ended(unit: Unit) -> None:
    """Delete sessions that have ended by themselves; again after a crash."""
    by_itself = case(
        (sessions.c.expires_at <= unit.now, SessionEnd.EXPIRED.value), else_=SessionEnd.IDLE.value
    )
    _end(unit, ~lives(unit.now), by_itself)


def note_use(connection: Connection, token: str, now: datetime, idle: timedelta) -> None:
    """Put off the end of a session that is used; whoever else is doing so is not waited for."""
    mine = (
        select(sessions.c.token_hash)
        .where(sessions.c.token_hash == token_hash(token), sessions.c.idle_at.is_not(None))
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    connection.execute(
        update(sessions).where(sessions.c.token_hash == mine).values(used_at=now, idle_at=now + idle)
    )


class Sessions(Collection):
    """Sessions as their owner sees them."""

    def own(self, actor: Actor, token: str) -> tuple[OwnSession, ...]:
        """Return the actor's sessions, the last used first; `token` is that of the one that asks."""
        mine = (sessions.c.token_hash == token_hash(token)).label("is_current")
        rows = self._connection.execute(
            select(sessions, mine)
            .where(sessions.c.account_id == actor.id, lives(self._now))
            .order_by(mine.desc(), sessions.c.used_at.desc(), sessions.c.id)
        )
        return tuple(map(OwnSession.of_row, rows.mappings()))

    def end(self, actor: Actor, session_id: UUID) -> None:
        """End one session of the actor's own.

        Raises:
            NotFound: the actor has no such session.
        """
        mine = and_(sessions.c.id == session_id, sessions.c.account_id == actor.id)
        if not _end(self._unit, mine, SessionEnd.BY_OWNER):
            raise SESSION_UNKNOWN("the actor has no such session")

    def end_others(self, actor: Actor, token: str) -> int:
        """End every session of the actor's own but the one that asks; return how many there were."""
        return end_sessions(self._unit, AccountId(actor.id), SessionEnd.BY_OWNER, but=token)
