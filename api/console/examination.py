"""The buttons that have a recording examined again, and a film frame by frame."""

from typing import Annotated

from fastapi import Form
from starlette.responses import Response

from api.console.guard import Acting
from api.console.recording import shown
from api.console.typed import NoFields
from api.console.visit import submit, to
from api.route import pages
from schemas.ids import RecordingId

router = pages()


@router.post("/recordings/{recording_id}/examinations")
def examine(visit: Acting, recording_id: RecordingId, form: Annotated[NoFields, Form()]) -> Response:
    """Have a sealed recording examined again."""
    return _asked(visit, recording_id, form, every_frame=False)


@router.post("/recordings/{recording_id}/examinations/frames")
def examine_frames(visit: Acting, recording_id: RecordingId, form: Annotated[NoFields, Form()]) -> Response:
    """Have a sealed film decoded frame by frame."""
    return _asked(visit, recording_id, form, every_frame=True)


def _asked(visit: Acting, recording_id: RecordingId, form: NoFields, *, every_frame: bool) -> Response:
    return submit(
        visit,
        form,
        lambda _: visit.tx.examinations.ask(visit.actor, recording_id, every_frame=every_frame),
        again=lambda mistake: shown(visit, recording_id, mistake),
        then=to(f"/console/recordings/{recording_id}#examined"),
    )
