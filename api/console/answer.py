"""What the holder says to a finding of a recording; it stands beside the report."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import Response

from api.console.answer_form import AnswerForm
from api.console.guard import Acting
from api.console.recording import shown
from api.console.visit import submit, to
from api.route import Route
from schemas.ids import RecordingId

router = APIRouter(route_class=Route)


@router.post("/recordings/{recording_id}/answers")
def answer(visit: Acting, recording_id: RecordingId, form: Annotated[AnswerForm, Form()]) -> Response:
    """Explain a finding of a recording."""
    return submit(
        visit,
        form,
        lambda wish: visit.tx.finding_answers.answer(visit.actor, recording_id, wish),
        again=lambda mistake: shown(visit, recording_id, mistake),
        then=to(f"/console/recordings/{recording_id}"),
    )
