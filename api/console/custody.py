"""The custody log as a person sees it: what is signed, when, by which key."""

from starlette.responses import Response

from api.console.guard import Visiting
from api.route import pages
from schemas.checkpoint import Checkpoint
from schemas.policy import Action, missing
from schemas.refusals_custody import LOG_KEY_DIFFERS
from storage.custody.log_keys import log_keys, open_head
from storage.transaction import Transaction

router = pages()


@router.get("/custody")
def custody(visit: Visiting) -> Response:
    """Show the newest checkpoint and the keys that prove it."""
    if not visit.holds(Action.CUSTODY_VIEW):
        raise missing(Action.CUSTODY_VIEW)
    tx = visit.tx
    checkpoint, keys = signed(tx), log_keys(tx.connection)
    return visit.page(
        "custody.html",
        here="custody",
        checkpoint=checkpoint,
        signed_at=tx.custody.signed_at(),
        pending=tx.custody.size() - (checkpoint.size if checkpoint else 0),
        note=tx.custody.latest_checkpoint(),
        log_vkey=None if keys is None else keys.vkey,
        has_trust=keys is not None and keys.is_whole,
    )


def signed(tx: Transaction) -> Checkpoint | None:
    """Return the newest checkpoint, checked against the log's key; None before the first.

    Raises:
        IntegrityBroken: what is kept is not a checkpoint of this log.
    """
    note = tx.custody.latest_checkpoint()
    if note is None:
        return None
    keys = log_keys(tx.connection)
    if keys is None:
        raise LOG_KEY_DIFFERS("a checkpoint is there, and no leaf of the log that says by which key")
    return open_head(note, keys)
