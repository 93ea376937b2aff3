"""One batch of monitoring rows from request to receipt: parse, compare, keep pictures, commit."""

from collections.abc import Mapping
from datetime import timedelta

from schemas.actor import Actor
from storage.idempotency import IdempotencyKey
from storage.monitoring.batch import Receipt, parse_batch, put_pictures
from storage.store import Store


def receive_batch(
    store: Store, actor: Actor, lines: Mapping[int, bytes], key: IdempotencyKey | None = None
) -> Receipt:
    """Receive the lines of one batch by their numbers, counted from 1.

    Raises:
        Refused: the actor is no source.
        Conflict: the key was used for another request.
        TooLarge, Invalid: the batch as a whole is refused; nothing was written.
        Unavailable: database or store did not answer; the same batch may be sent again.
    """
    now = store.clock()
    with store.begin() as tx:
        ahead = timedelta(seconds=tx.agency_settings.tolerances(actor.agency_id, now).row_ahead_seconds)
    batch = parse_batch(actor, lines, now, ahead)
    if any(parsed.jpegs for parsed in batch.rows.values()):
        with store.begin() as tx:
            tx.intakes.compare(batch)
        put_pictures(store.objects, batch)
    with store.begin() as tx:
        return tx.idempotency.once(actor, key, Receipt, lambda: tx.intakes.keep(batch))
