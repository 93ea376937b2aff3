"""What is put on paper: one recording with a picture, its checks, digests and custody, and who prints it and why."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.console.guard import Visiting
from api.console.look_form import RecordingForms
from api.console.places import Wanted, places_of
from api.console.recording import entries_of, explained, shown_as
from api.console.visit import Visit
from api.look import content_url, look_from
from api.route import Route
from schemas.ids import LookId, RecordingId
from schemas.look import Look, LookWay
from schemas.recording import Recording

router = APIRouter(route_class=Route)


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
    tx = visit.tx
    entries, checks = entries_of(tx, found), tx.recordings.checks(found.id)
    names = tx.accounts.names(visit.actor, [*found.officers, *(one.leaf.actor for one in entries)])
    attendance = tx.presences.of_recording(found)
    return visit.page(
        "recording_print.html",
        recording=found,
        look=look,
        printed_at=tx.now,
        picture_url=content_url(look) if shown_as(found) == "image" else _thumbnail(found),
        is_original=shown_as(found) == "image",
        checks=explained(checks, visit.language),
        places=places_of(found, [row.check for row in checks], Wanted()),
        links=[one for one in tx.recordings.links(found.id) if one.unlinked_at is None],
        retentions=tx.retentions.of_recording(found.id),
        entries=entries,
        attendance=attendance and attendance.within(names),
        names=names,
    )


def _thumbnail(found: Recording) -> str:
    return f"/v1/recordings/{found.id}/thumbnail" if found.has_thumbnail else ""
