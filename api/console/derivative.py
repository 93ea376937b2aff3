"""The buttons that have copies for viewing made anew."""

from typing import Annotated

from fastapi import Form
from starlette.responses import Response

from api.console.guard import Acting
from api.console.recording import shown
from api.console.typed import NoFields
from api.console.visit import submit, to
from api.route import pages
from schemas.derivative import DerivativeKind
from schemas.ids import RecordingId

router = pages()


@router.post("/recordings/{recording_id}/derivatives/{kind}")
def make(
    visit: Acting, recording_id: RecordingId, kind: DerivativeKind, form: Annotated[NoFields, Form()]
) -> Response:
    """Have a copy made anew."""
    return submit(
        visit,
        form,
        lambda _: visit.tx.derivations.ask(visit.actor, recording_id, kind),
        again=lambda mistake: shown(visit, recording_id, mistake),
        then=to(f"/console/recordings/{recording_id}#copies"),
    )
