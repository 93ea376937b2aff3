"""Plain reads for every check: one moment, rows by id and a page at a time, the leaves about a thing."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Connection, Engine, Row, Select, func, select, text

from schemas.act import Act
from schemas.errors import Invalid
from schemas.leaf import Leaf, parse_leaf
from storage.tables.custody import custody_entries

PAGE_ROWS = 1000

Record = Row[*tuple[Any, ...]]
Leaves = Mapping[str, list[Leaf]]
Said = TypeVar("Said", bound=Act)


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Give a connection that sees one moment: what commits meanwhile must not look like a fault."""
    with engine.begin() as connection:
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        yield connection


def pages(
    connection: Connection, query: Select[*tuple[Any, ...]], ident: Column[UUID]
) -> Iterator[Sequence[Record]]:
    """Yield every row, in the order of `ident`, which is selected as `id`: what has to be read grows for years."""
    page = connection.execute(query.order_by(ident).limit(PAGE_ROWS)).all()
    while page:
        yield page
        page = connection.execute(query.where(ident > page[-1].id).order_by(ident).limit(PAGE_ROWS)).all()


def moment_of(column: ColumnElement[datetime]) -> ColumnElement[str]:
    """Return a time to its last microsecond: text, for no driver reads all that a column can hold."""
    return func.to_char(func.timezone("UTC", column), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')


def moment(at: datetime) -> str:
    """Return a time as `moment_of` spells it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def leaves_about(
    connection: Connection, subjects: Collection[str], kinds: Collection[type[Act]] = ()
) -> Leaves:
    """Return the leaves about each `noun/uuid`, oldest first, read from their bytes.

    One that cannot be read, or stands under another subject than its own, is the log check's to name.

    Args:
        connection: Of one moment.
        subjects: What they are about.
        kinds: Classes that are looked for; of all, where none is named.
    """
    named = [f'"event":"{kind.spec.event}"'.encode() for kind in kinds]
    found: dict[str, list[Leaf]] = defaultdict(list)
    rows = connection.execute(
        select(custody_entries.c.subject, custody_entries.c.leaf)
        .where(custody_entries.c.subject.in_(subjects))
        .order_by(custody_entries.c.id)
    )
    for row in rows:
        payload = bytes(row.leaf)
        if named and not any(one in payload for one in named):  # the bytes of a leaf say its event in one way
            continue
        with suppress(Invalid):
            leaf = parse_leaf(payload)
            if leaf.subject == row.subject:
                found[row.subject].append(leaf)
    return found


def acts_of(leaves: Sequence[Leaf], kind: type[Said]) -> list[Said]:
    """Return the acts of one class, oldest first."""
    return [leaf.act for leaf in leaves if isinstance(leaf.act, kind)]
