"""Marking that a recording is kept for ever, and taking that back."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter

from api.deps import CurrentActor, Tx
from api.route import Route
from schemas.base import WireOut
from schemas.ids import RecordingId
from schemas.retention import MarkIn

router = APIRouter(prefix="/v1/recordings", tags=["recording"], route_class=Route)


class MarkOut(WireOut):
    """Who said when, and why, that a recording is kept for ever (`stands`), or no longer."""

    id: UUID
    stands: bool
    reason: str
    author: str
    marked_at: datetime


class MarksOut(WireOut):
    """What was said of a recording, the last first: that one counts."""

    marks: list[MarkOut]


@router.get("/{recording_id}/retention-marks", operation_id="listRetentionMarks")
def marks(tx: Tx, actor: CurrentActor, recording_id: RecordingId) -> MarksOut:
    """List who marked a recording to be kept for ever, and who took that back."""
    tx.recordings.get(actor, recording_id)
    return MarksOut(marks=[MarkOut.of(one) for one in tx.retention_marks.of_recording(recording_id)])


@router.post("/{recording_id}/retention-marks", operation_id="markRetention", status_code=201)
def mark(tx: Tx, actor: CurrentActor, recording_id: RecordingId, wish: MarkIn) -> MarkOut:
    """Mark that a recording is kept for ever, or take that back; its lock is raised within seconds and never shortened."""
    return MarkOut.of(tx.retention_marks.mark(actor, recording_id, wish))
