"""A commit wakes whoever listens; a rolled-back one does not."""

import psycopg
import pytest
from sqlalchemy import create_engine

from schemas.errors import Unavailable
from storage.notice import job_notices
from storage.outbox import CHANNEL
from tests.stand import free_port, until


def test_a_commit_is_heard_and_a_rollback_is_not(database_url: str) -> None:
    """The kind of a committed job arrives, alone; a quiet tick is empty."""
    engine = create_engine(database_url)
    notices = job_notices(engine, tick_seconds=0.2)
    assert next(notices) == frozenset()
    with psycopg.connect(database_url.replace("+psycopg", "", 1)) as connection:
        connection.execute("SELECT pg_notify(%s, 'export')", (CHANNEL,))
        connection.rollback()
        connection.execute("SELECT pg_notify(%s, 'verify')", (CHANNEL,))
    heard: set[str] = set()
    until(lambda: heard.update(next(notices)) or heard, "the notice")
    assert heard == {"verify"}
    notices.close()
    engine.dispose()


def test_a_database_that_is_away_is_unavailable() -> None:
    """The listener can tell a database that does not answer from a fault of its own."""
    engine = create_engine(f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/none")
    with pytest.raises(Unavailable):
        next(job_notices(engine, tick_seconds=0.1))
