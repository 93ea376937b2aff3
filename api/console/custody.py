"""The custody log as a person sees it: what is signed, when, by which key."""

from fastapi import APIRouter
from starlette.responses import Response

from api.console.guard import Visiting
from api.custody import trust_of
from api.route import Route
from schemas.checkpoint import Checkpoint, open_checkpoint
from schemas.ours import ours
from schemas.policy import Action, missing
from schemas.refusals_custody import LOG_KEY_DIFFERS
from storage.store import Transaction

router = APIRouter(route_class=Route)


@router.get("/custody")
def custody(visit: Visiting) -> Response:
    """Show the newest checkpoint and the keys that prove it."""
    if not visit.holds(Action.CUSTODY_VIEW):
        raise missing(Action.CUSTODY_VIEW)
    tx = visit.tx
    checkpoint = signed(tx)
    return visit.page(
        "custody.html",
        here="custody",
        checkpoint=checkpoint,
        signed_at=tx.custody.signed_at(),
        pending=tx.custody.size() - (checkpoint.size if checkpoint else 0),
        note=tx.custody.latest_checkpoint(),
        trust=trust_of(tx.settings),
    )


def signed(tx: Transaction) -> Checkpoint | None:
    """Return the newest checkpoint, checked against the log's key; None before the first.

    Raises:
        IntegrityBroken: what is kept is not a checkpoint of this log.
    """
    note = tx.custody.latest_checkpoint()
    if note is None:
        return None
    with ours(LOG_KEY_DIFFERS, "the last checkpoint is not signed by this key under this origin"):
        return open_checkpoint(note, trust_of(tx.settings)["log_vkey"])
