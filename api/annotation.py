"""Notes and tags of cases and recordings: written, taken back, and read by whoever may see the thing."""

from datetime import datetime

from fastapi import APIRouter

from api.deps import CurrentActor, Tx
from api.route import Route
from schemas.annotation import About, Annotations, NoteEndIn, NoteIn, TagIn
from schemas.base import WireOut
from schemas.ids import AccountId, CaseId, NoteId, RecordingId

router = APIRouter(prefix="/v1", tags=["annotation"], route_class=Route)


class NoteOut(WireOut):
    """A note, by whom and when; and when and why its author took it back."""

    id: NoteId
    text: str
    author: str
    written_by: AccountId
    written_at: datetime
    withdrawn_at: datetime | None
    withdraw_reason: str | None


class TagOut(WireOut):
    """A word that stands on the thing, by whom and since when."""

    word: str
    author: str
    set_at: datetime


class AnnotationsOut(WireOut):
    """What stands beside a thing: notes, the newest first, those taken back included, and the tags that stand."""

    notes: list[NoteOut]
    tags: list[TagOut]


def _out(told: Annotations) -> AnnotationsOut:
    return AnnotationsOut(
        notes=[NoteOut.of(one) for one in told.notes], tags=[TagOut.of(one) for one in told.tags]
    )


@router.get("/cases/{case_id}/notes", operation_id="listCaseNotes")
def of_case(tx: Tx, actor: CurrentActor, case_id: CaseId) -> AnnotationsOut:
    """List notes and tags of a case."""
    tx.cases.get(actor, case_id)
    return _out(tx.annotations.of(About("case", case_id)))


@router.post("/cases/{case_id}/notes", operation_id="noteCase", status_code=201)
def note_case(tx: Tx, actor: CurrentActor, case_id: CaseId, wish: NoteIn) -> NoteOut:
    """Write a note beside a case."""
    return NoteOut.of(tx.annotations.note(actor, About("case", case_id), wish))


@router.post("/cases/{case_id}/notes/{note_id}/withdraw", operation_id="withdrawCaseNote")
def withdraw_of_case(
    tx: Tx, actor: CurrentActor, case_id: CaseId, note_id: NoteId, wish: NoteEndIn
) -> NoteOut:
    """Take a note of one's own back; it stays to be read."""
    return NoteOut.of(tx.annotations.withdraw(actor, About("case", case_id), note_id, wish.reason))


@router.post("/cases/{case_id}/tags", operation_id="tagCase", status_code=201)
def tag_case(tx: Tx, actor: CurrentActor, case_id: CaseId, wish: TagIn) -> AnnotationsOut:
    """Put a tag on a case, or take it off."""
    return _out(tx.annotations.tag(actor, About("case", case_id), wish))


@router.get("/recordings/{recording_id}/notes", operation_id="listRecordingNotes")
def of_recording(tx: Tx, actor: CurrentActor, recording_id: RecordingId) -> AnnotationsOut:
    """List notes and tags of a recording."""
    tx.recordings.get(actor, recording_id)
    return _out(tx.annotations.of(About("recording", recording_id)))


@router.post("/recordings/{recording_id}/notes", operation_id="noteRecording", status_code=201)
def note_recording(tx: Tx, actor: CurrentActor, recording_id: RecordingId, wish: NoteIn) -> NoteOut:
    """Write a note beside a recording."""
    return NoteOut.of(tx.annotations.note(actor, About("recording", recording_id), wish))


@router.post("/recordings/{recording_id}/notes/{note_id}/withdraw", operation_id="withdrawRecordingNote")
def withdraw_of_recording(
    tx: Tx, actor: CurrentActor, recording_id: RecordingId, note_id: NoteId, wish: NoteEndIn
) -> NoteOut:
    """Take a note of one's own back; it stays to be read."""
    return NoteOut.of(tx.annotations.withdraw(actor, About("recording", recording_id), note_id, wish.reason))


@router.post("/recordings/{recording_id}/tags", operation_id="tagRecording", status_code=201)
def tag_recording(tx: Tx, actor: CurrentActor, recording_id: RecordingId, wish: TagIn) -> AnnotationsOut:
    """Put a tag on a recording, or take it off."""
    return _out(tx.annotations.tag(actor, About("recording", recording_id), wish))
