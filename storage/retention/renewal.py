"""The nights on which locks are renewed: one row a night, that tells how far it is."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import func, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert

from schemas.ids import RecordingId
from schemas.retention import ENDLESS, Renewal, due_before
from storage.collection import Collection
from storage.retention.values import Due, Locked
from storage.tables.recording import recordings
from storage.tables.retention import renewals


class Renewals(Collection):
    """What the nights came to."""

    def last(self) -> Renewal | None:
        """Return the last night's run; None where there was none yet."""
        row = self._connection.execute(select(renewals).order_by(renewals.c.night.desc()).limit(1))
        found = row.mappings().one_or_none()
        return None if found is None else Renewal.of_row(found)

    def begin(self, night: date) -> None:
        """Begin a night's run; of two schedulers at once one does. One that was not ended is left as it stands."""
        self._connection.execute(
            insert(renewals).values(night=night, began_at=self._now).on_conflict_do_nothing()
        )

    def due(self, after: RecordingId | None, limit: int) -> Sequence[Due]:
        """Return a portion of the recordings whose locks are to be renewed now, in order of their ids."""
        is_rolling = or_(
            recordings.c.kept_until.is_(None),
            recordings.c.locked_until.is_(None),
            recordings.c.locked_until < recordings.c.kept_until,
        )
        rows = self._connection.execute(
            select(
                recordings.c.id,
                recordings.c.object_key,
                recordings.c.version_id,
                recordings.c.kept_until,
                recordings.c.locked_until,
            )
            .where(
                recordings.c.retention.is_not(None),
                is_rolling,
                or_(recordings.c.retention.in_(ENDLESS), recordings.c.kept_until > self._now),
                or_(recordings.c.locked_until.is_(None), recordings.c.locked_until < due_before(self._now)),
                true() if after is None else recordings.c.id > after,
            )
            .order_by(recordings.c.id)
            .limit(limit)
        ).all()
        return [
            Due(RecordingId(row.id), row.kept_until, Locked(row.object_key, row.version_id, row.locked_until))
            for row in rows
        ]

    def asked(self, run: Renewal, number: int, after: RecordingId | None) -> bool:
        """Note a portion of what was asked for; behind the last one locks are renewed. False: another was here."""
        return self._note(run, asked=run.asked + number, after=after, is_asking=after is not None)

    def renewed(
        self,
        run: Renewal,
        locked: Mapping[RecordingId, datetime],
        *,
        failed: int,
        problem: str | None,
        after: RecordingId | None,
    ) -> bool:
        """Note a portion of locks that stand; without `after` the run has ended. False: another was here before.

        A crash between the store and this leaves locks that are longer than is noted: they are set again, to no effect.
        """
        for ident, until in locked.items():
            self._connection.execute(
                update(recordings)
                .where(recordings.c.id == ident)
                .values(locked_until=func.greatest(recordings.c.locked_until, until))
            )
        return self._note(
            run,
            renewed=run.renewed + len(locked),
            failed=run.failed + failed,
            problem=problem or run.problem,
            after=after,
            ended_at=self._now if after is None else None,
        )

    def _note(self, run: Renewal, **values: object) -> bool:
        as_seen = (
            renewals.c.night == run.night,
            renewals.c.ended_at.is_(None),
            renewals.c.is_asking == run.is_asking,
            renewals.c.after.is_not_distinct_from(run.after),
        )
        return self._connection.execute(update(renewals).where(*as_seen).values(**values)).rowcount == 1
