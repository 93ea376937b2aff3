"""Examining a sealed recording again, and what the newer result says otherwise."""

from datetime import datetime

from fastapi import APIRouter

from api.deps import CurrentActor, Tx
from api.manifest import FindingOut, finding_out
from api.route import Route
from schemas.base import WireOut
from schemas.examination import Examination, ExaminationState, changes
from schemas.ids import AccountId, ExaminationId, RecordingId
from schemas.integrity import Verdict

router = APIRouter(prefix="/v1/recordings/{recording_id}/examinations", tags=["recording"], route_class=Route)


class ChangeOut(WireOut):
    """A check that says otherwise than before; absent where it was not made."""

    name: str
    before: FindingOut | None
    after: FindingOut | None


class ExaminationOut(WireOut):
    """One examination after the first. `asked_by` is absent where the operator or the product asked; `failure` is a slug.

    `every_frame`: a film is decoded frame by frame.

    `verdict`, `was` – the verdict before – and `examined_at` are there once it is `done`; `changes` says what the newer
    result says otherwise.
    """

    id: ExaminationId
    state: ExaminationState
    asked_by: AccountId | None
    asked_at: datetime
    every_frame: bool
    run: int | None
    verdict: Verdict | None
    was: Verdict | None
    is_worse: bool
    examined_at: datetime | None
    failure: str | None
    changes: list[ChangeOut]


class ExaminationsOut(WireOut):
    """The newest first."""

    examinations: list[ExaminationOut]


def _out(tx: Tx, found: Examination) -> ExaminationOut:
    said = () if found.run is None else changes(*tx.examinations.beside(found))
    return ExaminationOut.of(
        found,
        state=found.state,
        is_worse=found.is_worse,
        changes=[
            ChangeOut(
                name=one.name,
                before=None if one.before is None else finding_out(one.before),
                after=None if one.after is None else finding_out(one.after),
            )
            for one in said
        ],
    )


@router.get("", operation_id="listExaminations")
def examinations(tx: Tx, actor: CurrentActor, recording_id: RecordingId) -> ExaminationsOut:
    """List how a recording was examined again, newest first."""
    tx.recordings.get(actor, recording_id)
    return ExaminationsOut(examinations=[_out(tx, one) for one in tx.examinations.of_recording(recording_id)])


@router.post("", operation_id="examineAgain", status_code=202)
def examine(
    tx: Tx, actor: CurrentActor, recording_id: RecordingId, *, every_frame: bool = False
) -> ExaminationOut:
    """Have a sealed recording examined again by today's checks, a film frame by frame where asked.

    While one waits, that one.
    """
    return _out(tx, tx.examinations.ask(actor, recording_id, every_frame=every_frame))
