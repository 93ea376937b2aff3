"""For how long a recording is kept: asked for by whatever ties or unties it, entered once the store's lock stands.

An asking is a row without a class, and the subject of a job. Each act makes its own, in its commit: so whatever a job read
before, there is another behind the tie that it did not see. What changes nothing leaves nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import RowMapping, and_, delete, func, not_, or_, select, union, update

from schemas.act import Process
from schemas.base import whole_milliseconds
from schemas.ids import CaseId, RecordingId, RetentionId
from schemas.leaves_retention import RetentionRaise
from schemas.recording import RecordingState, retain_until
from schemas.reference import reference
from schemas.retention import Kept, Retention, RetentionClass, class_of
from schemas.setting import Setting
from storage.act import service
from storage.collection import Collection
from storage.reads.case import numbers
from storage.reads.retention import (
    is_asked,
    is_marked,
    is_tied,
    newest_marks,
    standing_ties,
    tied_to,
    ties_of,
)
from storage.reads.setting import setting_at
from storage.retention.asking import enter_retentions
from storage.retention.values import Asked, KeptOfCase, Locked
from storage.tables.recording import recordings
from storage.tables.retention import retentions


class Retentions(Collection):
    """Classes of recordings, as they were entered."""

    def of_recording(self, recording_id: RecordingId) -> tuple[Retention, ...]:
        """Return every class that was entered for a recording that the caller may see, the last one first."""
        mine = retentions.c.recording_id == recording_id, retentions.c.raised_at.is_not(None)
        newest = retentions.c.raised_at.desc(), retentions.c.id.desc()
        rows = self._connection.execute(select(retentions).where(*mine).order_by(*newest)).mappings()
        named = numbers(self._connection, select(retentions.c.case_id).where(*mine))
        return tuple(Retention.of_row(row, case_number=named.get(row["case_id"])) for row in rows)

    def of_case(self, case_id: CaseId) -> tuple[KeptOfCase, ...]:
        """Return for how long the recordings of a case that the caller may see are kept, the longest first."""
        rows = self._connection.execute(
            select(recordings.c.retention, recordings.c.kept_until, func.count().label("number"))
            .where(recordings.c.id.in_(tied_to(case_id)), recordings.c.retention.is_not(None))
            .group_by(recordings.c.retention, recordings.c.kept_until)
            .order_by(recordings.c.kept_until.desc().nulls_first(), recordings.c.retention)
        ).all()
        return tuple(KeptOfCase(RetentionClass(row.retention), row.kept_until, row.number) for row in rows)

    def asked(self, ident: RetentionId) -> Asked | None:
        """Return what a job is about; None where it was done."""
        row = self._asked_row(ident)
        if row is None:
            return None
        lock = Locked(row["object_key"], row["version_id"], row["locked_until"])
        return Asked(RecordingId(row["id"]), lock, self._judged(row))

    def _judged(self, row: RowMapping) -> Kept:
        """Return what a recording is to be kept for, by what it is tied to in this transaction's eyes."""
        settings, received_at = self._unit.settings, row["received_at"]
        routine = row["retain_until"]
        if routine is None:  # nothing could be locked when it was set apart, and no date was promised
            name = Setting.RETENTION_MONTHS
            months = setting_at(self._connection, settings, row["agency_id"], name, received_at)
            routine = whole_milliseconds(retain_until(received_at, months=months))
        ident = RecordingId(row["id"])
        ties = ties_of(self._connection, settings, ident)
        return class_of(routine, ties, is_marked=is_marked(self._connection, ident))

    def conclude(self, ident: RetentionId, kept: Kept, locked_until: datetime | None) -> bool:
        """Enter a class whose lock stands; what it says already is not said again.

        Args:
            ident: The asking.
            kept: What was judged before the store was asked.
            locked_until: How far the store's lock stands; None where it holds nothing that takes one.

        Returns:
            Whether it is done. Otherwise a tie came or went meanwhile, and it was asked anew: nothing is written of a class
            whose lock was not looked at.
        """
        row = self._asked_row(ident)
        if row is None:
            return True  # somebody else was faster, and said it
        recording_id = RecordingId(row["id"])
        of = reference("recording", recording_id)
        act = self._begin(service(Process.WORKER), row["agency_id"], of)
        row = self._asked_row(ident, is_held=True)
        if row is None or row["state"] == RecordingState.RECEIVED:
            self.drop(ident)  # its verification asks, and comes behind this: it holds the same chain
            return True
        if self._judged(row) != kept:
            self.drop(ident)
            enter_retentions(self._connection, [recording_id], sender=recording_id, at=act.at)
            return False
        self._keep(row, kept, locked_until)
        if (row["retention"], row["kept_until"], self._reason(recording_id)) == (
            kept.retention,
            kept.until,
            kept.case_id,
        ):
            self.drop(ident)
            return True
        self._connection.execute(
            update(retentions)
            .where(retentions.c.id == ident)
            .values(**kept.model_dump(), locked_until=locked_until, raised_at=act.at)
        )
        leaf = RetentionRaise(
            class_=kept.retention,
            until=kept.until,
            because=None if kept.case_id is None else reference("case", kept.case_id),
            locked_until=locked_until,
        )
        act.write(leaf, reference("retention", ident), of, ident=uuid5(ident, RetentionRaise.spec.event))
        return True

    def _asked_row(self, ident: RetentionId, *, is_held: bool = False) -> RowMapping | None:
        """Return the recording of an asking that nobody has concluded."""
        query = (
            select(recordings)
            .join(retentions, retentions.c.recording_id == recordings.c.id)
            .where(retentions.c.id == ident, retentions.c.raised_at.is_(None))
        )
        held = query.with_for_update(key_share=True) if is_held else query
        return self._connection.execute(held).mappings().one_or_none()

    def _keep(self, row: RowMapping, kept: Kept, locked_until: datetime | None) -> None:
        """Let the recording's row say its class, and how far its lock stands: never less than what was noted."""
        self._connection.execute(
            update(recordings)
            .where(recordings.c.id == row["id"])
            .values(
                retention=kept.retention,
                kept_until=kept.until,
                locked_until=func.greatest(recordings.c.locked_until, locked_until),
            )
        )

    def _reason(self, recording_id: RecordingId) -> UUID | None:
        return next((one.case_id for one in self.of_recording(recording_id)), None)

    def drop(self, ident: RetentionId) -> None:
        """Forget an asking that leads to nothing; the night asks again where something is still to be done."""
        self._connection.execute(
            delete(retentions).where(retentions.c.id == ident, retentions.c.raised_at.is_(None))
        )

    def ask_behind(
        self, *, after: RecordingId | None, limit: int, at: datetime
    ) -> tuple[int, RecordingId | None]:
        """Ask for recordings whose class does not follow what they are tied to, and for which nobody asks.

        What was tied before there were classes, or whose job was given up. Returns how many, and the last of a portion;
        None where none is left.
        """
        idents = self._behind(after, limit)
        stale = retentions.c.recording_id.in_(idents), retentions.c.raised_at.is_(None)
        self._connection.execute(delete(retentions).where(*stale))
        for ident in idents:
            enter_retentions(self._connection, [ident], sender=ident, at=at)
        return len(idents), idents[-1] if len(idents) == limit else None

    def _behind(self, after: RecordingId | None, limit: int) -> Sequence[RecordingId]:
        tied = standing_ties()
        short: tuple[Any, ...] = (RetentionClass.ROUTINE.value, RetentionClass.CASE.value)
        raised = (
            select(recordings.c.id)
            .join(tied, tied.c.recording_id == recordings.c.id)
            .where(
                or_(
                    recordings.c.retention == RetentionClass.ROUTINE,
                    and_(tied.c.closed_at.is_(None), recordings.c.retention.in_(short)),
                )
            )
        )
        ended = select(recordings.c.id).where(
            or_(
                and_(
                    recordings.c.retention == RetentionClass.OPEN_CASE,
                    not_(is_tied(recordings.c.id, to_open=True)),
                ),
                and_(
                    recordings.c.retention == RetentionClass.CASE,
                    not_(is_tied(recordings.c.id, to_open=False)),
                ),
            )
        )
        mark, permanent = newest_marks(), recordings.c.retention == RetentionClass.PERMANENT
        marked = (
            select(recordings.c.id)
            .join(mark, mark.c.recording_id == recordings.c.id)
            .where(recordings.c.retention.is_not(None), mark.c.stands != permanent)
        )
        waits = is_asked(recordings.c.id)
        behind = [recordings.c.id > after] if after is not None else []
        some = (one.where(not_(waits), *behind) for one in (raised, ended, marked))
        both = union(*some).subquery()
        found = self._connection.scalars(select(both.c.id).order_by(both.c.id).limit(limit)).all()
        return [RecordingId(one) for one in found]
