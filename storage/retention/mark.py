"""Who in office said that a recording is kept for ever, and who took that back: dated entries, of which the last counts."""

from sqlalchemy import insert, select

from schemas.actor import Actor
from schemas.ids import RecordingId
from schemas.leaves_retention import RetentionMark
from schemas.policy import Action
from schemas.reference import reference
from schemas.refusals_recording import RECORDING_UNKNOWN
from schemas.refusals_retention import RETENTION_MARKED, RETENTION_UNMARKED
from schemas.retention import Marked, MarkIn
from storage.act import fresh_id
from storage.collection import Collection
from storage.custody.values import shown
from storage.reads.account import with_name
from storage.reads.policy import require_within
from storage.reads.retention import is_marked
from storage.retention.asking import enter_retentions
from storage.tables.recording import recordings
from storage.tables.retention import retention_marks


class RetentionMarks(Collection):
    """Marks of recordings."""

    def of_recording(self, recording_id: RecordingId) -> tuple[Marked, ...]:
        """Return what was said of a recording that the caller may see, the last first."""
        query = with_name(select(retention_marks), retention_marks.c.marked_by, "author")
        query = query.where(retention_marks.c.recording_id == recording_id)
        newest = retention_marks.c.marked_at.desc(), retention_marks.c.id.desc()
        return tuple(map(Marked.of_row, self._connection.execute(query.order_by(*newest)).mappings()))

    def mark(self, actor: Actor, recording_id: RecordingId, wish: MarkIn) -> Marked:
        """Say that a recording is kept for ever, or that it no longer is, with the reason.

        Raises:
            Refused: the actor marks no recordings.
            NotFound: no such recording within the actor's scope (slug `recording-unknown`).
            Conflict: it is so already (`retention-marked`, `retention-unmarked`).
        """
        mine = require_within(actor, Action.RETENTION_MARK, self._now, recordings)
        agency_id = self._connection.scalar(
            select(recordings.c.agency_id).where(recordings.c.id == recording_id, mine)
        )
        if agency_id is None:
            raise RECORDING_UNKNOWN("no such recording")
        of, made, reason = reference("recording", recording_id), fresh_id(), wish.reason.strip()
        deed = self._begin(actor, agency_id, of)
        if is_marked(self._connection, recording_id) is wish.stands:
            raise (RETENTION_MARKED if wish.stands else RETENTION_UNMARKED)("it is so already")
        self._connection.execute(
            insert(retention_marks).values(
                id=made,
                recording_id=recording_id,
                stands=wish.stands,
                reason=reason,
                marked_by=actor.account_id,
                marked_at=deed.at,
            )
        )
        deed.write(RetentionMark(stands=wish.stands, reason=shown(reason)), reference("retention", made), of)
        enter_retentions(self._connection, [recording_id], sender=recording_id, at=deed.at)
        return self.of_recording(recording_id)[0]
