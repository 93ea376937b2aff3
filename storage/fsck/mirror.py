"""Rows held against what leaves make of a thing, both ways: a row too few, a row too many, a column that differs.

A mirror names a table, to which thing its rows belong, what tells them apart, and every column that leaves fix. The
expected rows come from the fold alone; nothing here writes rows, and nothing that writes rows is used here.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Date,
    DateTime,
    FromClause,
    Select,
    Table,
    Text,
    any_,
    bindparam,
    case,
    cast,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, array

from schemas.digest import sha256_hex
from schemas.fsck import Fault, FaultCode
from schemas.opening import Erased, Hidden, Shown
from schemas.personal import PersonalSeal
from schemas.reference import ident_of
from storage.fsck.personal import State, read, seal_over
from storage.fsck.reading import moment, moment_of
from storage.tables.base import PERSONAL

Told = Mapping[str, Sequence[Mapping[str, object]]]
"""Table → the rows that leaves make, each with the mirror's key and columns."""


class Span(NamedTuple):
    """A half-open range of time, as a range column holds it; without a beginning or an end where none is known."""

    since: datetime | None
    until: datetime | None


class NotTold:
    """A value that cannot be compared: erased, or it does not open, which is named elsewhere."""


NOT_TOLD = NotTold()


@dataclass(frozen=True)
class Mirror:
    """One table that leaves can be held against.

    Attributes:
        table: Where the rows stand.
        owner: The id of the thing whose chain speaks of a row.
        key: Columns that tell the rows of one thing apart; none where a thing has one row.
        columns: What else the leaves fix.
        source: What to read from, where the owner stands in another table.
        condition: Which rows it speaks of; all, where there is none.
        digests: Columns of which leaves hold the SHA-256: documents as they came.
    """

    table: Table
    owner: ColumnElement[Any]
    key: tuple[str, ...]
    columns: tuple[str, ...]
    source: FromClause | None = None
    condition: ColumnElement[bool] | None = None
    digests: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The table's name."""
        return self.table.name

    def rows(self, *columns: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
        """Select these columns of all rows it speaks of."""
        chosen = select(*columns).select_from(self.table if self.source is None else self.source)
        return chosen if self.condition is None else chosen.where(self.condition)

    def read(self, connection: Connection, idents: Collection[UUID]) -> dict[str, list[dict[str, object]]]:
        """Return id of a thing → its rows as they are kept, in plain values."""
        names = (*self.key, *self.columns, *self.digests)
        sealed = [name for name in names if self.table.c[name].info.get(PERSONAL)]
        rows = connection.execute(self._asking, {"idents": [*idents]})
        made = [(name, _digest if name in self.digests else _kept(self.table, name)) for name in names]
        seal = seal_over(connection)
        found: dict[str, list[dict[str, object]]] = defaultdict(list)
        for row in rows:
            kept = {name: to(value) for (name, to), value in zip(made, row[2:], strict=True)}
            for name in sealed:
                kept[name] = self._opened(seal, name, str(row[1]), getattr(row, name))
            found[str(row[0])].append(kept)
        return found

    @cached_property
    def _asking(self) -> Select[*tuple[Any, ...]]:
        """What asks for the rows of some things: made once, for it is asked for every page of chains."""
        names = (*self.key, *self.columns, *self.digests)
        # What is sealed is bound to its row's own id.
        is_sealed = any(self.table.c[name].info.get(PERSONAL) for name in names)
        own = self.table.c.id if is_sealed else self.owner
        columns = (_read(self.table, name) for name in names)
        wanted = bindparam("idents", type_=ARRAY(self.owner.type))
        return self.rows(self.owner.label("owner_of_row"), own.label("id_of_row"), *columns).where(
            self.owner == any_(wanted)
        )

    def _opened(self, seal: PersonalSeal | None, name: str, row: str, kept: bytes | None) -> object:
        """Return a sealed text; what does not open cannot be compared, and is named where such values are looked at."""
        if kept is None:
            return None
        told = read(seal, bytes(kept), f"{self.name}.{name}", row)
        if told.state is not State.OPENED or told.value is None:
            return NOT_TOLD
        return told.value.decode("utf-8", "replace")


def differences(
    mirror: Mirror, about: str, told: Told, kept: Sequence[Mapping[str, object]]
) -> Iterator[Fault]:
    """Yield every difference between the rows that leaves make of a thing and those that are kept."""
    wanted = _keyed(
        mirror, [{name: plain(value) for name, value in row.items()} for row in told.get(mirror.name, ())]
    )
    there = _keyed(mirror, kept)
    for key in wanted.keys() | there.keys():
        yield from _pair_faults(mirror, about, wanted.get(key, []), there.get(key, []))


def _pair_faults(
    mirror: Mirror,
    about: str,
    wanted: Sequence[Mapping[str, object]],
    there: Sequence[Mapping[str, object]],
) -> Iterator[Fault]:
    """Rows of one key, in any order: those that are equal cancel out, of what is left each is named once."""
    left, found = list(wanted), []
    for row in there:
        equal = next((one for one in left if _same(mirror, one, row)), None)
        if equal is None:
            found.append(row)
        else:
            left.remove(equal)
    for one, row in zip(left, found, strict=False):
        for name in (*mirror.columns, *mirror.digests):
            if not is_same(one[name], row[name]):
                yield Fault(code=FaultCode.COLUMN_DIFFERS, subject=about, detail=f"{mirror.name}.{name}")
    for _ in left[len(found) :]:
        yield Fault(code=FaultCode.LEAF_WITHOUT_ROW, subject=about, detail=mirror.name)
    for _ in found[len(left) :]:
        yield Fault(code=FaultCode.ROW_WITHOUT_LEAF, subject=about, detail=mirror.name)


def _same(mirror: Mirror, wanted: Mapping[str, object], row: Mapping[str, object]) -> bool:
    for name in (*mirror.columns, *mirror.digests):  # noqa: SIM110 - half the time of a generator, for every row
        if not is_same(wanted[name], row[name]):
            return False
    return True


def is_same(wanted: object, kept: object) -> bool:
    """Say whether a value that leaves make is the one that is kept, as far as both can be told."""
    return (
        isinstance(wanted, NotTold)
        or isinstance(kept, NotTold)
        or (type(wanted) is type(kept) and wanted == kept)
    )


def _keyed(
    mirror: Mirror, rows: Sequence[Mapping[str, object]]
) -> dict[tuple[object, ...], list[Mapping[str, object]]]:
    found: dict[tuple[object, ...], list[Mapping[str, object]]] = defaultdict(list)
    for row in rows:
        found[tuple(row[name] for name in mirror.key)].append(row)
    return found


def plain(value: object) -> object:
    """Return a value of a life in the form in which kept values are compared."""
    kind = type(value)
    if kind not in _CONVERSIONS:
        _CONVERSIONS[kind] = next((to for one, to in _PLAIN if issubclass(kind, one)), None)
    convert = _CONVERSIONS[kind]
    return value if convert is None else convert(value)


def value_of(committed: Shown[Any] | Hidden | Erased | None) -> object:
    """Return the value behind a commitment; `NOT_TOLD` where nobody can see it."""
    if committed is None:
        return None
    return committed.value if isinstance(committed, Shown) else NOT_TOLD


def ident(reference: str | None) -> str | None:
    """Return the id of `noun/id`, and of nothing nothing."""
    return None if reference is None else ident_of(reference)


def _document(value: Mapping[str, object]) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _span(value: Span) -> tuple[str | None, str | None, str]:
    """As the database spells it: what has no beginning includes none."""
    since, until = (None if one is None else moment(one) for one in value)
    return since, until, "()" if since is None else "[)"


_PLAIN: tuple[tuple[type, Callable[[Any], object]], ...] = (
    (bool, bool),
    (UUID, str),
    (Enum, lambda value: value.value),
    (datetime, moment),
    (date, date.isoformat),
    (bytes, lambda value: value.hex()),
    (Mapping, _document),
    (Span, _span),
    (tuple, lambda value: tuple(map(plain, value))),
    (list, lambda value: tuple(map(plain, value))),
)


_CONVERSIONS: dict[type, Callable[[Any], object] | None] = {}
"""Type → what makes its values plain: there are few types, and a value for every column of every row."""


def _read(table: Table, name: str) -> ColumnElement[Any]:
    """Select a column as text where its type holds more than a driver can read."""
    column = table.c[name]
    if isinstance(column.type, DateTime):
        return moment_of(column).label(name)
    if isinstance(column.type, TSTZRANGE):
        bounds = func.concat(
            case((func.lower_inc(column), "["), else_="("), case((func.upper_inc(column), "]"), else_=")")
        )
        return array([moment_of(func.lower(column)), moment_of(func.upper(column)), bounds]).label(name)
    if isinstance(column.type, (JSONB, Date)):
        return cast(column, Text).label(name)
    return column.label(name)


def _kept(table: Table, name: str) -> Callable[[Any], object]:
    """Return what makes the values of a column plain, whatever it holds."""
    return _kept_document if isinstance(table.c[name].type, JSONB) else _kept_value


def _kept_document(value: str | None) -> object:
    return None if value is None else plain(_json(value))


def _kept_value(value: Any) -> object:  # noqa: ANN401 - whatever the column holds
    return plain(bytes(value) if isinstance(value, memoryview) else value)


def _digest(value: bytes | str | None) -> str | None:
    if value is None:
        return None
    return sha256_hex(value.encode() if isinstance(value, str) else bytes(value))


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # nothing of ours writes such a document: it differs from any
        return NOT_JSON


NOT_JSON = object()
