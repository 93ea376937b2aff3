"""Sessions: a token and whom it stands for, until its end, or until nobody used it for a while.

Sessions are no evidence: they stand in no leaf. Where one comes from is personal data: it is shown to its owner, and goes
with its row.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select, update

from schemas.account import OwnSession
from schemas.actor import Actor, ActorKind
from schemas.base import Frozen
from schemas.ids import AccountId
from schemas.refusals_account import SESSION_UNKNOWN
from storage.collection import Collection
from storage.tables.actor import sessions

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
    connection: Connection,
    *,
    actor: Actor,
    now: datetime,
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
        _end_oldest(connection, sessions.c[holder] == actor.id, keep=at_most - 1)
    connection.execute(
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


def _end_oldest(connection: Connection, held: ColumnElement[bool], *, keep: int) -> None:
    # Log-ins of one account at the same instant may leave more; the next one ends them.
    newest = (
        select(sessions.c.token_hash)
        .where(held)
        .order_by(sessions.c.created_at.desc(), sessions.c.token_hash)
        .limit(keep)
    )
    connection.execute(delete(sessions).where(held, sessions.c.token_hash.not_in(newest)))


def lives(at: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Say of a session whether it has not ended at a time."""
    known = sessions.c
    return and_(known.expires_at > at, or_(known.idle_at.is_(None), known.idle_at > at))


def end_sessions(connection: Connection, account_id: AccountId, *, but: str | None = None) -> int:
    """End every session of an account for good, except that of one token; return how many there were."""
    held = sessions.c.account_id == account_id
    if but is not None:
        held = and_(held, sessions.c.token_hash != token_hash(but))
    return connection.execute(delete(sessions).where(held)).rowcount


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
        ended = self._connection.execute(
            delete(sessions).where(sessions.c.id == session_id, sessions.c.account_id == actor.id)
        )
        if not ended.rowcount:
            raise SESSION_UNKNOWN("the actor has no such session")

    def end_others(self, actor: Actor, token: str) -> int:
        """End every session of the actor's own but the one that asks; return how many there were."""
        return end_sessions(self._connection, AccountId(actor.id), but=token)
