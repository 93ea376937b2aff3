"""Move personal data to another key: every sealed value, and the tokens and digests by which it is found, made anew.

It runs beside a server that knows both keys, and writes under the newer: nothing is unreadable at any time. A portion is
one commit, so a crash leaves each value under one of the two; the next run finds by the head of every value what is left.
From the newest row to the oldest, parties last: what is not done is seen at the oldest row of a case (`ends`).
"""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Row,
    Table,
    and_,
    bindparam,
    func,
    or_,
    select,
    text,
    tuple_,
    update,
)

from schemas.errors import IntegrityBroken, Invalid
from schemas.monitoring_row import kept_row
from schemas.personal import HEAD_BYTES, MARK, NONCE_BYTES, PersonalSeal
from schemas.refusals_personal import PERSONAL_KEY_BEFORE, PERSONAL_KEY_OTHERS, PERSONAL_UNREADABLE
from storage.personal import seal_of
from storage.store import Store
from storage.tables.case import cases
from storage.tables.custody import openings
from storage.tables.idempotency import idempotency_keys
from storage.tables.monitoring import monitoring_records, notifications

PORTION: Final = 500
"""So many rows are one commit; a person who saves one of them waits for so many at most."""

LEAVING_SECONDS: Final = 2.0
"""So long the database may take to see that a process has gone."""

_MAKERS: Mapping[str, Callable[[PersonalSeal, str, bytes], dict[str, object]]] = MappingProxyType(
    {
        "party": lambda seal, name, plain: {"party_tokens": seal.tokens(name, plain.decode())},
        "party_code": lambda seal, name, plain: {"party_code_digest": seal.digest(name, plain)},
        "raw": lambda seal, name, plain: {
            "content_digest": seal.digest(name, kept_row(plain).content_sha256)
        },
    }
)
"""What is made of a value to find it by."""


class Place(NamedTuple):
    """A table in which sealed values stand.

    Attributes:
        table: The table.
        columns: Its sealed columns.
        about: What a row's values are bound to.
    """

    table: Table
    columns: tuple[str, ...]
    about: Callable[[Row[Any]], str]

    @property
    def key(self) -> tuple[Column[Any], ...]:
        """The columns by which its rows are told apart."""
        return tuple(self.table.primary_key.columns)

    def named(self, column: str) -> str:
        """Return a column's name as values are bound to it."""
        return f"{self.table.name}.{column}"


PLACES: Final = (
    Place(openings, ("opening",), lambda row: f"{bytes(row.digest).hex()}/{row.member}"),
    Place(idempotency_keys, ("answer",), lambda row: f"{row.sender}/{row.key}"),
    Place(notifications, ("proof",), lambda row: str(row.id)),
    Place(monitoring_records, ("party", "party_code", "raw"), lambda row: str(row.id)),
    Place(cases, ("party", "party_code"), lambda row: str(row.id)),
)
"""Everywhere that something is kept sealed, in the order in which it is moved."""


class Moved(NamedTuple):
    """A portion that is committed: so many rows of a table were moved; what did not open stands as it was."""

    table: str
    rows: int


class Standing(NamedTuple):
    """How many values of a column stand under the key, and under the one before."""

    column: str
    values: int
    left: int


def reseal(store: Store) -> Iterator[Moved]:
    """Move every value that stands under `PERSONAL_KEY_BEFORE` to `PERSONAL_KEY`; again after a crash.

    Raises:
        Conflict: a process is connected that does not know the newer key (slug `personal-key-others`).
        Invalid: no key before is set, or values stand under a third (slug `personal-key-before`); nothing was written.
        Unavailable: the database does not answer, or there is no key at all.
    """
    with store.begin() as tx:
        before = _checked(tx.connection)
    _require_known(store)
    for place in PLACES:
        yield from _pass(store, place, before, waits=False)
        # Rows that somebody was writing were left out: the few that are still to do are waited for.
        yield from _pass(store, place, before, waits=True)


def standing(connection: Connection) -> list[Standing]:
    """Return how many values each sealed column has, and how many of them are not moved; every row is looked at."""
    seal = seal_of(connection)
    heads = _heads(connection)
    return [
        Standing(name, found.get(seal.head, 0), sum(found.values()) - found.get(seal.head, 0))
        for name, found in heads.items()
    ]


def answers_until(connection: Connection) -> datetime | None:
    """Return until when a request may still be repeated that was sent before; None where none was."""
    found: datetime | None = connection.scalar(select(func.max(idempotency_keys.c.expires_at)))
    return found


def ends(connection: Connection) -> set[bytes]:
    """Return with what the newest and the oldest sealed values of parties and records begin; few rows are looked at."""
    found: set[bytes] = set()
    for table, name in ((cases, "party"), (monitoring_records, "raw")):
        column = table.c[name]
        is_sealed = func.substr(column, 1, len(MARK)) == MARK
        for order in (table.c.id.asc(), table.c.id.desc()):
            head = connection.scalar(
                select(_head(column)).where(is_sealed).order_by(order).limit(1)  # by the primary key
            )
            found |= set() if head is None else {bytes(head)}
    return found


def _checked(connection: Connection) -> PersonalSeal:
    """Return the key before, of which it is sure that it is the one."""
    seal = seal_of(connection)
    before = seal.before
    if before is None or before.key_id == seal.key_id:
        raise PERSONAL_KEY_BEFORE(
            "请在 PERSONAL_KEY_BEFORE 中给出此前的密钥，PERSONAL_KEY 为新密钥 "
            "give the key before as PERSONAL_KEY_BEFORE, beside another PERSONAL_KEY"
        )
    known = {one.head for one in seal.known}
    for name, found in _heads(connection).items():
        if set(found) - known:
            raise PERSONAL_KEY_BEFORE(
                f"{name} 中有值既不是以 PERSONAL_KEY 也不是以 PERSONAL_KEY_BEFORE 加密的，未作任何改动 "
                f"values of {name} stand under neither PERSONAL_KEY nor PERSONAL_KEY_BEFORE: nothing was changed"
            )
    return before


def _require_known(store: Store) -> None:
    """Refuse to begin beside a process that would go on writing under the key before; one that has just ended is let go."""
    until = time.monotonic() + LEAVING_SECONDS
    while others := _others(store):
        if time.monotonic() > until:
            raise PERSONAL_KEY_OTHERS(
                f"有 {others} 个连接来自不知道新密钥的进程：先以两个密钥重新启动各进程 "
                f"{others} connections of processes that do not know the new key: start them anew with both keys"
            )
        time.sleep(LEAVING_SECONDS / 10)


def _others(store: Store) -> int:
    with store.begin() as tx:
        own = f"%{seal_of(tx.connection).key_id.hex()}%"
        return int(tx.connection.scalar(_OTHERS, {"own": own}) or 0)


_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND application_name LIKE 'quancheng %' AND application_name NOT LIKE :own"
)


def _heads(connection: Connection) -> dict[str, dict[bytes, int]]:
    """Return column → with what its sealed values begin → how many do."""
    found: dict[str, dict[bytes, int]] = {}
    for place in PLACES:
        for name in place.columns:
            column = place.table.c[name]
            head = _head(column).label("head")
            sealed = select(head).where(func.substr(column, 1, len(MARK)) == MARK).subquery()
            rows = connection.execute(select(sealed.c.head, func.count()).group_by(sealed.c.head))
            found[place.named(name)] = {bytes(one): count for one, count in rows}
    return found


def _head(column: ColumnElement[Any]) -> ColumnElement[bytes]:
    return func.substr(column, 1, HEAD_BYTES)


def _pass(store: Store, place: Place, before: PersonalSeal, *, waits: bool) -> Iterator[Moved]:
    after: tuple[object, ...] | None = None
    while True:
        with store.begin() as tx:
            rows = _left(tx.connection, place, before, after, waits=waits)
            if not rows:
                return
            moved = _move(tx.connection, place, rows)
        yield Moved(place.table.name, moved)
        after = tuple(getattr(rows[-1], one.name) for one in place.key)


def _left(
    connection: Connection,
    place: Place,
    before: PersonalSeal,
    after: tuple[object, ...] | None,
    *,
    waits: bool,
) -> list[Row[Any]]:
    """Return the next rows that hold a value under the key before, locked until the commit."""
    columns = [place.table.c[name] for name in place.columns]
    query = select(*place.key, *columns).where(or_(*(_head(one) == before.head for one in columns)))
    if after is not None:
        query = query.where(tuple_(*place.key) < after)
    query = query.order_by(*(one.desc() for one in place.key)).limit(PORTION)
    # Who is in front of us goes first: nobody meets us in a circle of locks.
    return list(connection.execute(query.with_for_update(key_share=True, skip_locked=not waits)).all())


def _move(connection: Connection, place: Place, rows: list[Row[Any]]) -> int:
    seal, moved = seal_of(connection), 0
    for row in rows:
        with suppress(IntegrityBroken, Invalid):  # it stands as it was, is counted, and fsck names it
            changed = _sealed_anew(seal, place, row)
            own = and_(*(one == bindparam(f"own_{one.name}") for one in place.key))
            kept = {f"own_{one.name}": getattr(row, one.name) for one in place.key}
            connection.execute(update(place.table).where(own).values(changed), kept)
            moved += 1
    return moved


def _sealed_anew(seal: PersonalSeal, place: Place, row: Row[Any]) -> dict[str, object]:
    changed: dict[str, object] = {}
    about = place.about(row)
    for name in place.columns:
        kept = getattr(row, name)
        if kept is None or bytes(kept).startswith(seal.head):
            continue
        column = place.named(name)
        if not bytes(kept).startswith(MARK):
            raise PERSONAL_UNREADABLE(f"a value of {column} is not sealed")
        plain = seal.opened(bytes(kept), column, about)
        changed[name] = seal.sealed(plain, secrets.token_bytes(NONCE_BYTES), column, about)
        if name in _MAKERS:
            changed |= _MAKERS[name](seal, column, plain)
    return changed
