"""The sequencer's run over a store: drains what is pending, says how much, and stops at a broken log."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from schemas.checkpoint import open_checkpoint
from schemas.errors import IntegrityBroken, Unavailable
from schemas.note import vkey_of_seed
from storage.settings import StorageSettings
from storage.store import Store
from tests.traces import leave_trace
from workers.custody import integrate

SEED = bytes(range(32))
NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)


def _open(database_url: str, home: Path, *, seed: bytes | None = SEED) -> Store:
    key = None if seed is None else SecretStr(base64.b64encode(seed).decode())
    settings = StorageSettings(
        database_url=SecretStr(database_url), objects_url=SecretStr(f"file://{home}"), log_key=key
    )
    return Store(settings, clock=lambda: NOW)


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Iterator[Store]:
    """A store over an empty log."""
    opened = _open(database_url, tmp_path)
    with opened.begin() as tx:
        tx.connection.execute(text("SET LOCAL session_replication_role = replica"))
        tx.connection.execute(text("TRUNCATE custody_entries, log_tiles, checkpoints CASCADE"))
    yield opened
    opened.close()


def _append(store: Store, count: int) -> None:
    with store.begin() as tx:
        for n in range(count):
            leave_trace(tx.custody, offset_bytes=n)


def test_a_run_drains_every_batch(store: Store) -> None:
    """The log is opened first; then a run integrates all that is pending, and a second one finds nothing to do."""
    _append(store, 25)
    assert integrate(store, limit=10) == 25
    assert integrate(store) == 0
    with store.begin() as tx:
        signed = tx.connection.execute(text("SELECT size, signed_at FROM checkpoints ORDER BY size")).all()
        note = tx.custody.latest_checkpoint()
    assert [tuple(row) for row in signed] == [(3, NOW), (13, NOW), (23, NOW), (28, NOW)]
    assert open_checkpoint(note, vkey_of_seed(store.settings.log_origin, SEED)).size == 28


def test_an_empty_log_is_not_signed(store: Store) -> None:
    """Before the first entry there is nothing to sign."""
    assert integrate(store) == 0
    with store.begin() as tx:
        assert tx.custody.latest_checkpoint() is None


def test_an_idle_run_still_notices_a_cut_log(store: Store) -> None:
    """Even with nothing pending, a run over a log that lost its tail raises the alarm."""
    _append(store, 3)
    integrate(store)
    with store.begin() as tx:
        tx.connection.execute(text("SET LOCAL session_replication_role = replica"))
        tx.connection.execute(text("DELETE FROM custody_entries WHERE leaf_index = 5"))
    with pytest.raises(IntegrityBroken) as caught:
        integrate(store)
    assert caught.value.slug == "log-rolled-back"


def test_without_its_key_a_run_does_nothing(store: Store, database_url: str, tmp_path: Path) -> None:
    """A run without LOG_KEY names the missing setting and gives no entry an index."""
    _append(store, 1)
    keyless = _open(database_url, tmp_path, seed=None)
    with pytest.raises(ValueError, match="LOG_KEY"):
        integrate(keyless)
    keyless.close()
    with store.begin() as tx:
        assert tx.custody.size() == 0


def test_a_database_that_does_not_answer_is_unavailable(tmp_path: Path) -> None:
    """A run against a database that is away fails with the one retryable error."""
    away = _open("postgresql+psycopg://nobody@127.0.0.1:1/nothing", tmp_path)
    with pytest.raises(Unavailable):
        integrate(away)
    away.close()
