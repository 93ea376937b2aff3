"""The seal of a day: its rows get their places in one chain, the log gets its head, old days go.

1. Rows that are there are numbered, a page at a time, while others note on.
2. `lock_alone`: whatever was on its way is there; it is numbered too.
3. The seal enters the log and its table; days that were kept long enough go.

Nobody but the owner of the tables deletes rows: the function drops what the newest seal no longer keeps, where the log
holds that seal and, by the database's own clock, the rows were kept as long as the law asks; else it refuses, seal and all.

One transaction: a crash leaves the day without a seal, and the next run begins it anew. Only whole days that are sealed
are ever dropped; what is left of one is its seal: day, count and root.
"""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select, text

from schemas.act import Process
from schemas.leaves_log import TrailSeal
from schemas.trail import day_head, months_before, next_head
from storage.act import fresh_id, service
from storage.collection import Collection
from storage.tables.trail import trail_rows, trail_seals
from storage.trail.note import lock_alone

PAGE_ROWS = 2_000
DROPPED_DAYS = 7
"""So many days at most go with one seal: after the setting was lowered no run drops months of rows."""

_DAY = timedelta(days=1)
_NUMBER = text(
    """
    UPDATE trail_rows SET n = placed.n, digest = placed.digest, fold = NULL
    FROM unnest(CAST(:ids AS uuid[]), CAST(:ns AS bigint[]), CAST(:digests AS bytea[])) AS placed (id, n, digest)
    WHERE trail_rows.id = placed.id
    """
)


class _Chain:
    """The chain of one day, as far as it goes."""

    def __init__(self, connection: Connection, day: date) -> None:
        self._connection = connection
        self._day = day
        self.count = 0
        self.head = day_head(day)

    def go_on(self) -> None:
        """Give places to all rows of the day that have none, in the order of their times."""
        rows = trail_rows.c
        waiting = select(trail_rows).where(rows.day == self._day, rows.n.is_(None)).order_by(rows.at, rows.id)
        read = self._connection.execute(waiting.execution_options(yield_per=PAGE_ROWS)).mappings()
        for page in read.partitions():
            ids, ns, digests = zip(*map(self._placed, page), strict=True)
            self._connection.execute(_NUMBER, {"ids": list(ids), "ns": list(ns), "digests": list(digests)})

    def _placed(self, row: RowMapping) -> tuple[Any, int, bytes]:
        self.count += 1
        self.head = next_head(self.head, {**row, "n": self.count})
        return row["id"], self.count, self.head


class TrailSeals(Collection):
    """Days of the trail that are sealed, and that are to be."""

    def due(self, today: date) -> date | None:
        """Return the first day before `today` that is not sealed: a day without rows too, but none before the first row."""
        last: date | None = self._connection.scalar(select(func.max(trail_seals.c.day)))
        if last is None:
            first: date | None = self._connection.scalar(select(func.min(trail_rows.c.day)))
        else:
            first = last + _DAY
        return first if first is not None and first < today else None

    def seal(self, day: date) -> int:
        """Seal the day that is due; returns how many rows it has. Of two at once the second meets `already-there`."""
        chain = _Chain(self._connection, day)
        chain.go_on()
        lock_alone(self._connection)
        chain.go_on()
        kept_from = self._kept_from(day)
        act = self._begin(service(Process.SIGNER), None)
        ident, root = fresh_id(), chain.head
        self._connection.execute(
            trail_seals.insert().values(
                id=ident, day=day, count=chain.count, root=root, kept_from=kept_from, sealed_at=act.at
            )
        )
        sealed = TrailSeal(
            day=day.isoformat(), count=chain.count, root=root.hex(), kept_from=kept_from.isoformat()
        )
        act.write(sealed, f"trail/{ident}")
        self._connection.execute(select(func.drop_trail()))
        return chain.count

    def _kept_from(self, day: date) -> date:
        """Return from which day on rows are kept behind this seal; it never goes back."""
        before: date | None = self._connection.scalar(
            select(trail_seals.c.kept_from).order_by(trail_seals.c.day.desc()).limit(1)
        )
        if before is None:
            return day
        wanted = months_before(day, self._unit.settings.trail_months)
        return max(before, min(wanted, before + timedelta(days=DROPPED_DAYS)))
