"""What somebody with all rights can do to one column, one table, one leaf – and what `fsck` says of it.

Every damage is done and undone inside one transaction, so that hundreds of them take a minute.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    Table,
    Text,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, UUID
from sqlalchemy.exc import DBAPIError

from schemas.fsck import Fault, FaultCode, Found
from schemas.log_signers import LogSigners
from schemas.trail import day_head, next_head
from storage.fsck.audit import check_audits
from storage.fsck.chains import check_chains
from storage.fsck.custody import LogCheck
from storage.fsck.document import check_documents
from storage.fsck.intake import check_intakes
from storage.fsck.look import check_looks
from storage.fsck.personal import check_personal
from storage.fsck.review import check_reviews
from storage.fsck.trail import check_trail
from storage.fsck.unchained import check_unchained
from storage.tables.trail import trail_rows

Item = TypeVar("Item")
_UNGUARD = """
DO $$ DECLARE one record; BEGIN
  FOR one IN SELECT conrelid::regclass AS of, conname FROM pg_constraint
    WHERE contype = 'c' AND connamespace = 'public'::regnamespace
  LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', one.of, one.conname); END LOOP;
END $$
"""


@contextmanager
def all_rights(connection: Connection) -> Iterator[Connection]:
    """No trigger, no foreign key, no check holds; everything is as before at the end."""
    with connection.begin() as transaction:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(_UNGUARD))
        yield connection
        transaction.rollback()


@contextmanager
def damage(connection: Connection, statement: str) -> Iterator[int]:
    """Run a statement for the length of a block; gives how many rows it changed."""
    step = connection.begin_nested()
    try:
        yield connection.execute(text(statement)).rowcount
    finally:
        step.rollback()


@dataclass
class Examiner:
    """Runs all that looks at rows and log; what it learned of a sound log serves where only rows were damaged."""

    connection: Connection
    vkey: str
    learned: LogCheck | None = None

    def everything(self) -> list[Fault]:
        """What a run says of rows and log, without the object store."""
        log = LogCheck(self.connection, LogSigners.one(self.vkey))
        found = [*log.run()]
        self.learned = self.learned or log
        return _faults([*found, *self._rows(log)])

    def rows(self) -> list[Fault]:
        """What a run says of rows alone."""
        if self.learned is None:
            self.everything()
        assert self.learned is not None
        return _faults(self._rows(self.learned))

    def _rows(self, log: LogCheck) -> Iterator[Found]:
        yield from check_chains(self.connection, log.seen, log.waiting)
        for check in (
            check_documents,
            check_unchained,
            check_intakes,
            check_reviews,
            check_audits,
            check_looks,
            check_trail,
            check_personal,
        ):
            yield from check(self.connection)


def named_together(
    connection: Connection, examiner: Examiner, columns: Sequence[Column[object]]
) -> frozenset[str]:
    """Return those of the columns that are named, each by its own name, when all of them are changed at once.

    Where one is not named it is left out, and where anything else is, the halves are tried; what is left alone is not in
    the answer. No two may be of one table.
    """
    names = {str(column) for column in columns}
    found = _found_together(connection, examiner, columns)
    if found and {(fault.code, fault.detail) for fault in found} == {
        (FaultCode.COLUMN_DIFFERS, name) for name in names
    }:
        return frozenset(names)
    told = {fault.detail for fault in found or () if fault.code is FaultCode.COLUMN_DIFFERS}
    parts = _narrowed(columns, [column for column in columns if str(column) in told])
    return frozenset().union(*(named_together(connection, examiner, part) for part in parts))


def tables_together(
    connection: Connection, examiner: Examiner, changes: Sequence[tuple[str, str]]
) -> frozenset[str]:
    """Return those of the tables that are named, and no other, when all of the statements are run at once.

    Args:
        connection: It has all rights.
        examiner: What names them.
        changes: Table and statement, of tables that do not refer to each other: each is named for what was done to it.
    """
    found = _found_after(connection, examiner, [statement for _, statement in changes])
    told = {fault.detail.partition(".")[0] for fault in found or ()}
    if changes and told == {table for table, _ in changes}:
        return frozenset(told)
    parts = _narrowed(changes, [one for one in changes if one[0] in told])
    return frozenset().union(*(tables_together(connection, examiner, part) for part in parts))


def _narrowed(items: Sequence[Item], named: Sequence[Item]) -> list[Sequence[Item]]:
    """What to try next where not all were named and nothing else: those that were, else halves; nothing below one."""
    if 0 < len(named) < len(items):
        return [named]
    half = len(items) // 2
    return [items[:half], items[half:]] if half else []


def strangers(tables: Iterable[Table]) -> list[list[Table]]:
    """Part tables into groups in which none refers to another."""
    groups: list[list[Table]] = []
    for table in tables:
        group = next((one for one in groups if not any(_is_related(table, other) for other in one)), None)
        if group is None:
            groups.append([table])
        else:
            group.append(table)
    return groups


def _is_related(one: Table, other: Table) -> bool:
    return any(key.column.table is b for a, b in ((one, other), (other, one)) for key in a.foreign_keys)


def unnamed_together(
    connection: Connection, examiner: Examiner, columns: Sequence[Column[object]]
) -> frozenset[str]:
    """Return the columns where nothing is named when all of them are changed at once; none where anything is."""
    names = frozenset(str(column) for column in columns)
    return names if _found_together(connection, examiner, columns) == [] else frozenset()


def _found_together(
    connection: Connection, examiner: Examiner, columns: Sequence[Column[object]]
) -> list[Fault] | None:
    statements = [made for made in (altered(connection, column) for column in columns) if made is not None]
    return _found_after(connection, examiner, statements) if len(statements) == len(columns) else None


def _found_after(connection: Connection, examiner: Examiner, statements: Sequence[str]) -> list[Fault] | None:
    """What is found after all of the statements; None where the database refuses one."""
    if is_refused(connection, ";".join(statements)):
        return None
    with damage(connection, ";".join(statements)):
        return examiner.rows()


def examined(connection: Connection, vkey: str) -> list[Fault]:
    """What a run says of rows and log, without the object store."""
    return Examiner(connection, vkey).everything()


def _faults(found: Iterable[Found]) -> list[Fault]:
    return [one for one in found if isinstance(one, Fault)]


def altered(connection: Connection, column: Column[object]) -> str | None:
    """Return a statement that changes one value of a column to another of its type; None where there is no row."""
    table = column.table
    assert isinstance(table, Table)
    where = f'SELECT ctid FROM "{table.name}" ORDER BY "{column.name}" IS NULL, "{column.name}" DESC LIMIT 1'
    if not connection.scalar(select(func.count()).select_from(table)):
        return None
    return f'UPDATE "{table.name}" SET "{column.name}" = {_other(column)} WHERE ctid = ({where})'


_OTHERWISE: tuple[tuple[type, str], ...] = (
    (UUID, "gen_random_uuid()"),
    (Boolean, "NOT {0}"),
    (Integer, "coalesce({0}, 0) + 1000"),
    (Date, "{0} + 400"),
    (DateTime, "coalesce({0}, '2026-01-01T00:00:00Z') + interval '1 microsecond'"),
    (TSTZRANGE, "tstzrange(lower({0}), coalesce(upper({0}), '2126-01-01Z') + interval '1 microsecond')"),
    (JSONB, """'["x"]'"""),
    (LargeBinary, "sha256(coalesce({0}, ''))"),
    (ARRAY, "array_append({0}, 'x')"),
    (Text, "coalesce({0}, '') || 'x'"),
)


def _other(column: Column[object]) -> str:
    if isinstance(column.type, ARRAY) and isinstance(column.type.item_type, Integer):
        return f'array_append("{column.name}", 7)'
    found = next(spelled for kind, spelled in _OTHERWISE if isinstance(column.type, kind))
    return found.format(f'"{column.name}"')


def is_refused(connection: Connection, statement: str) -> bool:
    """Say whether the database itself refuses the change even then: a key that is there already."""
    try:
        with damage(connection, statement):
            return False
    except DBAPIError:
        return True


def chained_anew(connection: Connection, day: date) -> bytes:
    """Make the chain of a day as its rows now give it, and keep it beside them; returns its head."""
    head = day_head(day)
    of_day = select(trail_rows).where(trail_rows.c.day == day).order_by(trail_rows.c.n)
    for row in connection.execute(of_day).mappings().all():
        head = next_head(head, {**row})
        connection.execute(trail_rows.update().where(trail_rows.c.id == row["id"]).values(digest=head))
    return head
