"""Personal data as the auditor reads it: opened with the key where there is one, and never taken for looked at without.

With the key every sealed value is opened, and what it is found by – tokens, digests – is made again from it. Without,
what is sealed is counted as not checked.
"""

from collections.abc import Iterator
from enum import Enum, auto
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Column, Connection, Table, func, select

from schemas.errors import IntegrityBroken, Invalid
from schemas.fsck import Checked, Fault, FaultCode, Found, Part, Unchecked
from schemas.monitoring_row import kept_row
from schemas.personal import MARK, PersonalSeal, is_sealed
from storage.fsck.reading import Record, pages
from storage.tables.base import PERSONAL, PERSONAL_SEAL
from storage.tables.case import cases
from storage.tables.custody import openings
from storage.tables.monitoring import monitoring_records, notifications

NO_KEY = "没有 PERSONAL_KEY，无法解密 sealed, and there is no PERSONAL_KEY"


class State(Enum):
    """How a kept value stands."""

    CLEAR = auto()
    OPENED = auto()
    UNREADABLE = auto()
    NO_KEY = auto()


class Read(NamedTuple):
    """A value and how it was kept; nothing where it cannot be read."""

    state: State
    value: bytes | None


def seal_over(connection: Connection) -> PersonalSeal | None:
    """Return what opens personal data over this connection; None without a key."""
    found: PersonalSeal | None = connection.get_execution_options().get(PERSONAL_SEAL)
    return found


def read(seal: PersonalSeal | None, kept: bytes, column: str, row: str) -> Read:
    """Open a value that may be sealed."""
    if not is_sealed(kept):
        return Read(State.CLEAR, kept)
    if seal is None:
        return Read(State.NO_KEY, None)
    try:
        return Read(State.OPENED, seal.opened(kept, column, row))
    except IntegrityBroken:
        return Read(State.UNREADABLE, None)


def opening(seal: PersonalSeal | None, digest: bytes, member: str, kept: bytes) -> Read:
    """Open what opens a member of a leaf."""
    return read(seal, kept, "openings.opening", f"{digest.hex()}/{member}")


def raw_row(seal: PersonalSeal | None, ident: UUID, kept: bytes) -> bytes | None:
    """Return a monitoring row as it came; None where it does not open."""
    found = read(seal, kept, "monitoring_records.raw", str(ident))
    return found.value if found.state is State.OPENED else None


def personal_columns(table: Table) -> list[Column[Any]]:
    """Return the columns of a table that are sealed."""
    return [one for one in table.columns if one.info.get(PERSONAL)]


def check_personal(connection: Connection) -> Iterator[Found]:
    """Yield every sealed value that does not open, and every token and digest that is not of its value."""
    seal = seal_over(connection)
    if seal is None:
        yield from _unchecked(connection)
        return
    for table in (cases, monitoring_records, notifications):
        noun = "notification" if table is notifications else "case" if table is cases else "monitoring"
        query = select(*(one for one in table.columns if _is_looked_at(one)))
        for page in pages(connection, query, table.c.id):
            for row in page:
                yield from _row_faults(seal, table, row, f"{noun}/{row.id}")
            yield Checked(part=Part.PERSONAL, count=len(page))


def _is_looked_at(column: Column[Any]) -> bool:
    return (
        column.info.get(PERSONAL, False)
        or column.name == "id"
        or column.name.endswith(("_tokens", "_digest"))
    )


def _unchecked(connection: Connection) -> Iterator[Found]:
    """Count what is sealed: none of it was looked at."""
    for table in (cases, monitoring_records, notifications):
        count = connection.scalar(select(func.count()).select_from(table)) or 0
        if count:
            yield Unchecked(part=Part.PERSONAL, subject=table.name, detail=NO_KEY, count=count)
    closed = func.substr(openings.c.opening, 1, len(MARK)) == MARK
    count = connection.scalar(select(func.count()).select_from(openings).where(closed)) or 0
    if count:
        yield Unchecked(part=Part.PERSONAL, subject=openings.name, detail=NO_KEY, count=count)


def _row_faults(seal: PersonalSeal, table: Table, row: Record, about: str) -> Iterator[Fault]:
    told: dict[str, str | None] = {}
    by: dict[str, PersonalSeal] = {}
    for column in personal_columns(table):
        kept = getattr(row, column.name)
        found = None if kept is None else read(seal, bytes(kept), f"{table.name}.{column.name}", str(row.id))
        if found is None or found.state is State.OPENED:
            told[column.name] = None if found is None or found.value is None else _text(found.value)
            by[column.name] = seal if kept is None else seal.of(bytes(kept))
        else:
            yield Fault(
                code=FaultCode.PERSONAL_UNREADABLE, subject=about, detail=f"{table.name}.{column.name}"
            )
    for name, wanted in _found_by(by, table, told):
        kept = getattr(row, name)
        if (bytes(kept) if isinstance(kept, (bytes, memoryview)) else kept) != wanted:
            yield Fault(code=FaultCode.COLUMN_DIFFERS, subject=about, detail=f"{table.name}.{name}")


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _found_by(
    by: dict[str, PersonalSeal], table: Table, told: dict[str, str | None]
) -> Iterator[tuple[str, object]]:
    """Yield what each value that opened is found by, under the key that it was sealed under itself."""
    if "party_tokens" in table.c and "party" in told:
        yield "party_tokens", by["party"].tokens(f"{table.name}.party", told["party"] or "")
    if "party_code_digest" in table.c and "party_code" in told:
        code = told["party_code"]
        yield (
            "party_code_digest",
            None if code is None else by["party_code"].digest(f"{table.name}.party_code", code.encode()),
        )
    if "content_digest" in table.c and told.get("raw") is not None:
        try:
            content = kept_row(str(told["raw"]).encode()).content_sha256
        except Invalid:
            return  # bytes that are no row are named where the batch is looked at
        yield "content_digest", by["raw"].digest("monitoring_records.raw", content)
