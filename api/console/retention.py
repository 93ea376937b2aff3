"""Whoever decides says on a recording's page that it is kept for ever, or that it no longer is."""

from typing import Annotated

from fastapi import Form
from starlette.responses import Response

from api.console.guard import Acting
from api.console.recording import shown
from api.console.retention_form import MarkForm
from api.console.visit import submit, to
from api.route import pages
from schemas.ids import RecordingId

router = pages()


@router.post("/recordings/{recording_id}/retention-marks")
def mark(visit: Acting, recording_id: RecordingId, form: Annotated[MarkForm, Form()]) -> Response:
    """Mark a recording, or take that back: the button that was pressed says which."""
    return submit(
        visit,
        form,
        lambda wish: visit.tx.retention_marks.mark(visit.actor, recording_id, wish),
        again=lambda mistake: shown(visit, recording_id, mistake),
        then=to(f"/console/recordings/{recording_id}"),
    )
