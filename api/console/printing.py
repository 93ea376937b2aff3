"""What is put on paper: one recording with a picture, its checks, digests and custody, and who prints it and why."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.console.guard import Visiting
from api.console.look_form import RecordingForms
from api.console.recording import shown_as, told_of_recording
from api.console.visit import Visit
from api.look import content_url, look_from
from api.route import pages
from schemas.ids import LookId, RecordingId
from schemas.look import Look, LookWay
from schemas.recording import Recording

router = pages()


@router.get("/recordings/{recording_id}/print")
def printable(
    visit: Visiting, recording_id: RecordingId, look: Annotated[LookId | None, Query()] = None
) -> Response:
    """Show what is printed under a look of that kind; without one, why somebody prints is asked first."""
    found = visit.tx.recordings.watchable(visit.actor, recording_id)
    origin = look_from(visit.request, LookWay.CONSOLE)
    standing = visit.tx.looks.printing(visit.actor, look, recording_id, origin)
    if standing is None:
        return visit.page(
            "recording_print_why.html", forms=RecordingForms, here="recordings", recording=found
        )
    return _sheet(visit, found, standing)


def _sheet(visit: Visit, found: Recording, look: Look) -> Response:
    # No picture but its own: what it stands beside, and what looks like it, is told by name.
    return visit.page(
        "recording_print.html",
        **told_of_recording(visit, found),
        look=look,
        printed_at=visit.tx.now,
        picture_url=content_url(look) if shown_as(found) == "image" else _thumbnail(found),
        is_original=shown_as(found) == "image",
        is_paper=True,
        may_watch=False,
        watched=frozenset(),
        seen_near=frozenset(),
    )


def _thumbnail(found: Recording) -> str:
    return f"/v1/recordings/{found.id}/thumbnail" if found.has_thumbnail else ""
