"""What the holder says to a finding of a recording; it stands beside the report."""

from typing import Annotated

from fastapi import Form
from starlette.responses import Response

from api.console.answer_form import AnswerForm
from api.console.guard import Acting
from api.console.recording import shown
from api.console.visit import submit, to
from api.route import pages
from schemas.ids import RecordingId

router = pages()


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
