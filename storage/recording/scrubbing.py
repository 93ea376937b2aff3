"""The nights on which stored bytes are read again: all within a number of days, oldest reading first, at a bounded rate.

A night has a quota, so that everything is read within nine tenths of the days. It is asked for in portions, each
when the one before is read and its time at the rate has passed; what the night came to is a leaf
(`scrub:run`), by whoever read last. A stop anywhere leaves what was asked as jobs, and the night where it was.
"""

from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from schemas.act import Process
from schemas.base import whole_milliseconds
from schemas.ids import RecordingId
from schemas.leaves_recording import ScrubRun
from schemas.reference import reference
from schemas.scrub import Scrub
from storage.act import service
from storage.collection import Collection
from storage.recording.reading import ask_readings
from storage.tables.reading import readings, scrubs
from storage.tables.recording import recordings

PORTION = 200
"""So many are asked for at once at most."""

PORTION_SECONDS = 4
"""A portion is what may be read in so long, or one recording that is larger."""

FRESH = timedelta(days=1)
"""What was read within a day is not read again by night."""

_MIB = 1024 * 1024


class Pace(NamedTuple):
    """Within how many days everything is read, and how many MiB a second at most."""

    days: int
    mib_per_second: float


class Scrubs(Collection):
    """The nights, and what the one under way asks for next."""

    def last(self) -> Scrub | None:
        """Return the last night; None before the first."""
        row = self._connection.execute(select(scrubs).order_by(scrubs.c.night.desc()).limit(1))
        found = row.mappings().one_or_none()
        return None if found is None else Scrub.of_row(found)

    def begin(self, night: date, pace: Pace) -> None:
        """Begin a night with its quota; of two schedulers at once one does."""
        total = self._connection.execute(
            select(
                func.count().label("objects"),
                func.coalesce(func.sum(recordings.c.size_bytes), 0).label("bytes"),
            ).select_from(readings.join(recordings, recordings.c.id == readings.c.recording_id))
        ).one()
        nights = max(1, pace.days * 9 // 10)
        row = insert(scrubs).values(
            night=night,
            began_at=whole_milliseconds(self._now),
            rests_until=self._now,
            days=pace.days,
            quota_objects=-(-total.objects // nights),
            quota_bytes=-(-int(total.bytes) // nights),
        )
        self._connection.execute(row.on_conflict_do_nothing())

    def ask(self, night: date, pace: Pace) -> int:
        """Ask for the next portion of a night where it is time; returns how many."""
        held = select(scrubs).where(scrubs.c.night == night).with_for_update()
        run = Scrub.of_row(self._connection.execute(held).mappings().one())
        if run.ended_at is not None or not run.is_asking or run.rests_until > self._now or self._is_waiting():
            return 0
        chosen: list[RecordingId] = []
        objects, size = run.asked_objects, run.asked_bytes
        due = self._due()
        for ident, size_bytes in due[:PORTION]:
            chosen.append(ident)
            objects, size = objects + 1, size + size_bytes
            is_enough = objects >= run.quota_objects and size >= run.quota_bytes
            if is_enough or size - run.asked_bytes >= PORTION_SECONDS * pace.mib_per_second * _MIB:
                break
        is_enough = objects >= run.quota_objects and size >= run.quota_bytes
        seconds = (size - run.asked_bytes) / (pace.mib_per_second * _MIB)
        asked = ask_readings(self._connection, chosen, sender=run.id)
        self._note(
            run,
            asked_objects=objects,
            asked_bytes=size,
            rests_until=self._now + timedelta(seconds=seconds),
            is_asking=not (is_enough or len(chosen) == len(due)),
        )
        if not asked:
            self.end()
        return asked

    def count(self, *, is_fault: bool) -> None:
        """Count one reading into the night under way, if there is one."""
        self._connection.execute(
            update(scrubs)
            .where(scrubs.c.ended_at.is_(None))
            .values(objects=scrubs.c.objects + 1, faults=scrubs.c.faults + int(is_fault))
        )

    def end(self) -> None:
        """End nights of which all that was asked for is read: one that read something is a leaf."""
        over = select(scrubs).where(scrubs.c.ended_at.is_(None), ~scrubs.c.is_asking).with_for_update()
        for row in self._connection.execute(over).mappings().all():
            run = Scrub.of_row(row)
            if self._is_waiting():
                return
            if run.objects:
                act = self._begin(service(Process.WORKER), None)
                told = ScrubRun(from_=run.began_at, until=act.at, objects=run.objects, faults=run.faults)
                act.write(told, reference("scrub", run.id), ident=run.id)
            self._note(run, ended_at=self._now)

    def _note(self, run: Scrub, **values: object) -> None:
        self._connection.execute(update(scrubs).where(scrubs.c.night == run.night).values(**values))

    def _is_waiting(self) -> bool:
        return bool(self._connection.scalar(select(exists().where(readings.c.waiting.is_not(None)))))

    def _due(self) -> list[tuple[RecordingId, int]]:
        """Return what was tried longest ago, one more than a portion: what nobody ever read for a list comes first."""
        rows = self._connection.execute(
            select(readings.c.recording_id, recordings.c.size_bytes)
            .join(recordings, recordings.c.id == readings.c.recording_id)
            .where(
                readings.c.waiting.is_(None),
                recordings.c.sha256.is_not(None),
                or_(readings.c.tried_at.is_(None), readings.c.tried_at < self._now - FRESH),
            )
            .order_by(readings.c.tried_at.asc().nulls_first(), readings.c.recording_id)
            .limit(PORTION + 1)
        ).all()
        return [(RecordingId(row.recording_id), row.size_bytes) for row in rows]
