"""The seal of the access trail: once a day, and for every day that was missed while nobody was here."""

from datetime import timedelta

import structlog

from schemas.trail import day_of
from storage.store import Store

log = structlog.get_logger()

GRACE = timedelta(minutes=5)
"""A day is sealed so long after its end: whoever was at it then has ended, and nobody waits for the seal."""


def seal_trail(store: Store, *, most: int | None = None) -> int:
    """Seal the days that are over and have no seal, oldest first, so many at most; returns how many were.

    Each day is one transaction. Whoever has other work to do seals one at a time.

    Raises:
        Conflict: another process sealed the same day (slug `already-there`); nothing is lost.
        Unavailable: the database did not answer.
    """
    days = rows = 0
    while days != most:
        with store.begin() as tx:
            day = tx.trail_seals.due(day_of(tx.now - GRACE))
            if day is None:
                break
            rows += tx.trail_seals.seal(day)
        days += 1
    if days:
        log.info("trail_sealed", days=days, rows=rows)
    return days
