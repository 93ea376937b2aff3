"""The check of the access trail: every row of a kept day against the seal of that day in the log, its chain made again.

What a seal cannot show: a row that was changed or taken away before its day was sealed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from sqlalchemy import ColumnElement, Connection, RowMapping, Text, cast, func, select

from schemas.errors import Invalid
from schemas.event import Event
from schemas.fsck import Checked, Fault, FaultCode, Found, Part
from schemas.leaf import parse_leaf
from schemas.leaves_log import TrailSeal
from schemas.trail import LEAST_MONTHS, day_head, months_before, next_head
from storage.fsck.reading import PAGE_ROWS, moment_of
from storage.tables.custody import custody_entries
from storage.tables.trail import trail_rows

_DAY: ColumnElement[str] = cast(trail_rows.c.day, Text)
"""Days and times are read as text: no driver reads all that a column can hold."""

_MEMBERS = (
    *(moment_of(trail_rows.c[name]).label(name) for name in ("at", "last_at")),
    _DAY.label("day"),
    *(one for one in trail_rows.c if one.name not in ("at", "last_at", "day", "fold")),
)


def check_trail(connection: Connection) -> Iterator[Found]:
    """Yield what differs between the rows of the trail and the seals that the log holds."""
    seals = _seals(connection)
    yield from _day_faults(seals)
    kept_from = max((one.kept_from for one in seals), default="")
    last = max((one.day for one in seals), default="")
    yield from _stray_faults(connection, {one.day for one in seals}, kept_from, last)
    for seal in seals:
        if seal.day >= kept_from:
            day = _Day(connection, seal)
            yield from day.run()
            yield Checked(part=Part.TRAIL, count=day.looked)


def _seals(connection: Connection) -> Sequence[TrailSeal]:
    """Return what the log says, in its order; a leaf it refuses, or that cannot be read, is the log check's to name."""
    found = []
    rows = connection.execute(
        select(custody_entries.c.leaf)
        .where(custody_entries.c.event == Event.TRAIL_SEAL, custody_entries.c.refused_by.is_(None))
        .order_by(custody_entries.c.id)
        .execution_options(yield_per=PAGE_ROWS)
    )
    for row in rows:
        try:
            act = parse_leaf(bytes(row.leaf)).act
        except Invalid:
            continue
        if isinstance(act, TrailSeal):
            found.append(act)
    return found


def _day_faults(seals: Sequence[TrailSeal]) -> Iterator[Fault]:
    """Every day is sealed once, in order; what was dropped stays so, and none goes before its time."""
    for before, seal in pairwise(seals):
        wanted = (date.fromisoformat(before.day) + timedelta(days=1)).isoformat()
        if seal.day != wanted:
            yield Fault(code=FaultCode.TRAIL_DAY_MISSING, subject=f"trail/{wanted}", detail=seal.day)
        if seal.kept_from < before.kept_from:
            yield Fault(code=FaultCode.TRAIL_KEPT_WRONG, subject=f"trail/{seal.day}", detail=seal.kept_from)
    for seal in seals:
        latest = months_before(date.fromisoformat(seal.day), LEAST_MONTHS).isoformat()
        if seal.kept_from > max(seals[0].day, latest):
            yield Fault(code=FaultCode.TRAIL_KEPT_WRONG, subject=f"trail/{seal.day}", detail=seal.kept_from)


def _stray_faults(connection: Connection, sealed: set[str], kept_from: str, last: str) -> Iterator[Fault]:
    """Rows of a day that was dropped, of one without a seal behind a later one, or placed before their day's seal."""
    placed = func.count(trail_rows.c.n).label("placed")
    for row in connection.execute(select(_DAY.label("day"), placed).group_by(_DAY).order_by(_DAY)).all():
        if row.day in sealed and row.day >= kept_from:
            continue
        if row.day < kept_from or row.day <= last or row.placed:
            yield from _named(connection, row.day)


def _named(connection: Connection, day: str) -> Iterator[Fault]:
    query = select(trail_rows.c.id).where(_DAY.in_([day])).order_by(trail_rows.c.id).limit(PAGE_ROWS)
    for ident in connection.scalars(query):
        yield Fault(code=FaultCode.TRAIL_ROW_INSERTED, subject=f"trail/{ident}", detail=day)


@dataclass
class _Day:
    """One sealed day: its chain made again, row by row."""

    connection: Connection
    seal: TrailSeal

    def __post_init__(self) -> None:
        self._n = self.looked = 0
        self._heads = {day_head(date.fromisoformat(self.seal.day))}
        """What the last row's digest may be: as it is kept, or as it should be. One changed digest names one row."""
        self._differs = False

    def run(self) -> Iterator[Fault]:
        for row in self._rows():
            yield from self._row(row)
        yield from self._gap(self.seal.count + 1)
        if not self._differs and bytes.fromhex(self.seal.root) not in self._heads:
            yield self._fault(FaultCode.TRAIL_ROOT_DIFFERS, self.seal.day)

    def _rows(self) -> Iterator[RowMapping]:
        rows = trail_rows.c
        query = select(*_MEMBERS).where(rows.day == date.fromisoformat(self.seal.day))
        ordered = query.order_by(rows.n.nulls_last(), rows.id).execution_options(yield_per=PAGE_ROWS)
        yield from self.connection.execute(ordered).mappings()

    def _row(self, row: RowMapping) -> Iterator[Fault]:
        if row["n"] is None or not self._n < row["n"] <= self.seal.count:
            yield self._fault(FaultCode.TRAIL_ROW_INSERTED, str(row["id"]))
            return
        self.looked += 1
        is_known = row["n"] == self._n + 1
        yield from self._gap(row["n"])
        kept = bytes(row["digest"] or b"")
        made = {next_head(head, {**row}) for head in self._heads}
        if is_known and kept not in made:
            yield self._fault(FaultCode.TRAIL_ROW_CHANGED, str(row["id"]))
        self._n = row["n"]
        # Once a row fits, one head is left: a run of changed rows makes no later one dearer.
        self._heads = {kept, *made} if is_known and kept not in made else {kept}

    def _gap(self, n: int) -> Iterator[Fault]:
        missing = n - self._n - 1
        if missing > 0:
            detail = f"{missing} from {self._n + 1}"
            yield self._fault(FaultCode.TRAIL_ROW_MISSING, self.seal.day, detail)

    def _fault(self, code: FaultCode, about: str, detail: str = "") -> Fault:
        self._differs = True
        return Fault(code=code, subject=f"trail/{about}", detail=detail or self.seal.day)
