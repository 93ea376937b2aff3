"""Hearing what commits announce (PostgreSQL LISTEN/NOTIFY): a wake-up call, never the truth."""

from collections.abc import Iterator

import psycopg
from psycopg.errors import ReadOnlySqlTransaction
from sqlalchemy import Engine

from schemas.refusals_objects import DATABASE_UNAVAILABLE
from storage.outbox import CHANNEL


def job_notices(engine: Engine, *, tick_seconds: float) -> Iterator[frozenset[str]]:
    """Yield the kinds of job announced since the last yield, at least once per tick (then it is empty).

    A connection of its own: LISTEN belongs to a session, and a pooled one would carry it to strangers.

    Raises:
        Unavailable: the database went away; what was announced meanwhile is lost, the jobs are not.
    """
    dsn = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            while True:
                heard = connection.notifies(timeout=tick_seconds, stop_after=1)
                yield frozenset(note.payload for note in heard)
    except (psycopg.OperationalError, ReadOnlySqlTransaction) as err:  # a standby listens to nobody
        raise DATABASE_UNAVAILABLE("the database did not answer") from err
