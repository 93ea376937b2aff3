"""Duties 勤务, opened and ended by whoever is on them or by their device; and explanations of findings."""

from datetime import datetime

from fastapi import APIRouter

from api.deps import After, CurrentActor, Limit, Tx
from api.route import Route
from schemas.actor import Actor
from schemas.base import WireOut
from schemas.continuity import Course, SeamKind, SegmentState
from schemas.finding import FindingAnswerIn
from schemas.ids import AccountId, AgencyId, DeviceId, RecordingId, ShiftId
from schemas.integrity import Severity
from schemas.shift import Shift, ShiftAmendIn, ShiftCloseIn, ShiftIn
from storage.transaction import Transaction

router = APIRouter(prefix="/v1", tags=["duty"], route_class=Route)


class DutyOut(WireOut):
    """One device, one or two people, from – to; `due_at` until when its recordings are to be handed in.

    `recordings` were captured in it and received, `late` of them after `due_at`.
    """

    id: ShiftId
    agency_id: AgencyId
    device_id: DeviceId
    device_name: str
    person_id: AccountId
    person: str
    partner_id: AccountId | None
    partner: str | None
    from_at: datetime
    until_at: datetime | None
    due_at: datetime | None
    opened_at: datetime
    closed_at: datetime | None
    recordings: int
    late: int


class DutiesOut(WireOut):
    """A page, newest first; `next` is the cursor of the following page."""

    duties: list[DutyOut]
    next: str | None


class SegmentOut(WireOut):
    """A recording on the corrected clock. Of those that you may not see the times alone are told."""

    recording_id: RecordingId | None
    filename: str | None
    begins_at: datetime
    length_seconds: float | None
    received_at: datetime
    state: SegmentState
    number: int | None
    is_late: bool


class SeamOut(WireOut):
    """A place where recordings do not follow each other; `before` and `after` are null where you may not see them."""

    kind: SeamKind
    severity: Severity
    before: RecordingId | None
    after: RecordingId | None
    from_at: datetime
    until_at: datetime
    seconds: int
    missing: int


class CourseOut(WireOut):
    """The recordings of a device in their order and what lies between them, as of `at`: what arrives later may close it.

    `is_whole` is false where there were more than are laid in order.
    """

    at: datetime
    tolerance_seconds: int
    covered_seconds: int
    is_whole: bool
    segments: list[SegmentOut]
    seams: list[SeamOut]


class FindingAnswerOut(WireOut):
    """What somebody said to a finding, by its code."""

    code: str
    text: str
    author: str
    answered_at: datetime


class FindingAnswersOut(WireOut):
    """The oldest first; `open` are the codes that you may explain and have not."""

    answers: list[FindingAnswerOut]
    open: list[str]


def _out(found: Shift) -> DutyOut:
    return DutyOut.of(found)


@router.get("/duties", operation_id="listDuties")
def duties(tx: Tx, actor: CurrentActor, after: After, limit: Limit = 50) -> DutiesOut:
    """List your own duties, and those of the agency where you see them; a device its own."""
    page = tx.shifts.page(actor, after=after, limit=limit)
    return DutiesOut(duties=[_out(row) for row in page.rows], next=page.next_text)


@router.post("/duties", operation_id="openDuty", status_code=201)
def open_duty(tx: Tx, actor: CurrentActor, wish: ShiftIn) -> DutyOut:
    """Begin a duty, or enter one that is over; a device on two duties at once is refused."""
    return _out(tx.shifts.open(actor, wish))


@router.get("/duties/{duty_id}", operation_id="getDuty")
def duty(tx: Tx, actor: CurrentActor, duty_id: ShiftId) -> DutyOut:
    """Return one duty."""
    return _out(tx.shifts.get(actor, duty_id))


@router.get("/duties/{duty_id}/course", operation_id="getDutyCourse")
def duty_course(tx: Tx, actor: CurrentActor, duty_id: ShiftId) -> CourseOut:
    """Return the recordings of a duty in their order, with gaps, overlaps and missing numbers as of now."""
    return _course(tx, actor, tx.courses.of_duty(tx.shifts.get(actor, duty_id)))


@router.get("/recordings/{recording_id}/course", operation_id="getRecordingCourse")
def recording_course(tx: Tx, actor: CurrentActor, recording_id: RecordingId) -> CourseOut:
    """Return the recordings of the same device in the same duty, or outside of one on the same day."""
    return _course(tx, actor, tx.courses.of_recording(tx.recordings.get(actor, recording_id)))


def _course(tx: Transaction, actor: Actor, found: Course) -> CourseOut:
    seen = tx.recordings.visible(actor, [one.recording_id for one in found.segments])

    def shown(ident: RecordingId) -> RecordingId | None:
        return ident if ident in seen else None

    return CourseOut(
        at=tx.now,
        tolerance_seconds=found.tolerance_seconds,
        covered_seconds=found.covered_seconds,
        is_whole=found.is_whole,
        segments=[
            SegmentOut.of(
                one,
                recording_id=shown(one.recording_id),
                filename=one.filename if one.recording_id in seen else None,
                number=one.number if one.recording_id in seen else None,
            )
            for one in found.segments
        ],
        seams=[SeamOut.of(one, before=shown(one.before), after=shown(one.after)) for one in found.seams],
    )


@router.post("/duties/{duty_id}/amend", operation_id="amendDuty")
def amend(tx: Tx, actor: CurrentActor, duty_id: ShiftId, wish: ShiftAmendIn) -> DutyOut:
    """Correct who is on a duty that goes on, or since when."""
    return _out(tx.shifts.amend(actor, duty_id, wish))


@router.post("/duties/{duty_id}/close", operation_id="closeDuty")
def close(tx: Tx, actor: CurrentActor, duty_id: ShiftId, wish: ShiftCloseIn) -> DutyOut:
    """End a duty, now or since a time before; what was captured in it is judged by that end, once."""
    return _out(tx.shifts.close(actor, duty_id, wish))


@router.get("/recordings/{recording_id}/answers", operation_id="listFindingAnswers")
def answers(tx: Tx, actor: CurrentActor, recording_id: RecordingId) -> FindingAnswersOut:
    """List what was said to the findings of a recording."""
    tx.recordings.get(actor, recording_id)
    return FindingAnswersOut(
        answers=[FindingAnswerOut.of(one) for one in tx.finding_answers.of_recording(recording_id)],
        open=sorted(tx.finding_answers.askable(actor, recording_id)),
    )


@router.post("/recordings/{recording_id}/answers", operation_id="answerFinding", status_code=201)
def answer(tx: Tx, actor: CurrentActor, recording_id: RecordingId, wish: FindingAnswerIn) -> FindingAnswerOut:
    """Explain a finding of a recording that you captured or sent; it stands beside the report."""
    return FindingAnswerOut.of(tx.finding_answers.answer(actor, recording_id, wish))
