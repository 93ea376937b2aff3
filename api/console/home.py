"""What waits for this person, in the first line."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.console.custody import signed
from api.console.guard import Visiting
from api.console.recording import may_watch_all, names_for
from api.deps import Tx
from schemas.actor import Action, holds
from schemas.recording import RecordingFilter

WAITING = ("received", "quarantined", "doubtful")
LATEST = 8

router = APIRouter()


@router.get("")
@router.get("/")
def home(request: Request, tx: Tx, who: Visiting) -> Response:
    """Show what waits, by what the roles may see."""
    actor = who.actor
    counts = tx.recordings.counts(actor) if holds(actor, Action.RECORDING_VIEW) else None
    latest = None
    if counts is not None:
        latest = tx.recordings.page(actor, RecordingFilter(), limit=LATEST).rows
    cases = tx.cases.page(actor, limit=LATEST).rows if holds(actor, Action.CASE_VIEW) else None
    devices = tx.devices.page(actor) if holds(actor, Action.DEVICE_VIEW) else None
    return who.page(
        request,
        "home.html",
        here="home",
        counts=counts,
        waiting=sum((counts or {}).get(word, 0) for word in WAITING),
        latest=latest,
        cases=cases,
        may_open=holds(actor, Action.CASE_OPEN),
        devices=devices,
        checkpoint=signed(tx) if holds(actor, Action.CUSTODY_VIEW) else None,
        may_watch=may_watch_all(actor),
        names=names_for(tx, latest or ()),
    )
