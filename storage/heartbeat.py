"""What the loops say of themselves: one row a place, overwritten by whoever has the place now.

Times are the database's, so that no two machines' clocks are compared. A loop that is killed leaves its row as it was:
it is overdue from `due_at` on, and forgotten some minutes later, when what runs instead, or that nothing does, is seen
by itself.
"""

from datetime import timedelta

from sqlalchemy import and_, delete, func, or_, update
from sqlalchemy.dialects.postgresql import insert

from schemas.work import LoopPart, Work
from storage.collection import Collection
from storage.custody.log_keys import log_fault
from storage.reads.work import work_seen
from storage.tables.heartbeat import heartbeats

MISSED_BEATS = 3
"""A loop that has missed so many is lost."""

FORGOTTEN_SECONDS = 600
_SAID = ("beat_at", "due_at", "problem", "has_ended", "part")


class Heartbeats(Collection):
    """The places of every loop, over one connection."""

    def begin(self, place: str, part: LoopPart, *, every_seconds: float) -> None:
        """Take a place: whatever had it before is not missed any more."""
        self._put(place, part, every_seconds=every_seconds, problem=None, has_begun=True, has_worked=True)

    def beat(
        self, place: str, part: LoopPart, *, every_seconds: float, problem: str | None, has_worked: bool
    ) -> None:
        """Say that the loop at a place lives, whether it came round since, and what it met last."""
        self._put(
            place, part, every_seconds=every_seconds, problem=problem, has_begun=False, has_worked=has_worked
        )

    def end(self, place: str) -> None:
        """Give a place up in good order: it counts as taken until it is due, for whoever follows."""
        self._connection.execute(
            update(heartbeats).where(heartbeats.c.place == place).values(has_ended=True, problem=None)
        )

    def forget(self) -> None:
        """Drop places that were given up and are due, and those that were lost long ago."""
        long_ago = func.now() - timedelta(seconds=FORGOTTEN_SECONDS)
        self._connection.execute(
            delete(heartbeats).where(
                or_(
                    and_(heartbeats.c.has_ended, heartbeats.c.due_at < func.now()),
                    heartbeats.c.due_at < long_ago,
                )
            )
        )

    def work(self) -> Work:
        """Return how the work of the whole installation stands; counts and times, nothing of any agency's."""
        seen = work_seen(self._connection, at=None if self._unit.clock is None else self._unit.clock())
        return seen.model_copy(update={"log_fault": log_fault(self._connection, self._unit.settings)})

    def _put(
        self,
        place: str,
        part: LoopPart,
        *,
        every_seconds: float,
        problem: str | None,
        has_begun: bool,
        has_worked: bool,
    ) -> None:
        now = func.now()
        row = insert(heartbeats).values(
            place=place,
            part=part.value,
            started_at=now,
            beat_at=now,
            due_at=now + timedelta(seconds=MISSED_BEATS * every_seconds),
            worked_at=now,
            problem=problem,
            has_ended=False,
        )
        said = [*_SAID, *(["worked_at"] if has_worked else []), *(["started_at"] if has_begun else [])]
        changed = {name: row.excluded[name] for name in said}
        self._connection.execute(row.on_conflict_do_update(index_elements=[heartbeats.c.place], set_=changed))
