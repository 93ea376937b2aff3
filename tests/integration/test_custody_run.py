"""The sequencer's run over a store: drains what is pending, says how much, and stops at a broken log."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import event, select, text

from schemas.checkpoint import open_checkpoint
from schemas.errors import IntegrityBroken, Unavailable
from schemas.event import Event
from schemas.health import Health, HealthPart
from schemas.note import vkey_of_seed
from schemas.work import signs
from storage.custody.signer import Signer
from storage.settings import StorageSettings
from storage.setup.home import TICKET_KEYS
from storage.store import Store
from storage.tables.custody import custody_entries
from tests.factories import seed64
from tests.owner import unguarded
from tests.traces import leave_trace
from workers.clock import ClockWatch
from workers.custody import Publisher, Sequencer, integrate

SEED = bytes(range(32))
NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
KEYS = {name: seed64() for name in ("registry_key", "export_key", *TICKET_KEYS)}
"""The other keys of the server, whatever the environment says."""


def _open(database_url: str, home: Path, *, seed: bytes | None = SEED, **more: SecretStr | None) -> Store:
    settings = StorageSettings(
        database_url=SecretStr(database_url),
        objects_url=SecretStr(f"file://{home}"),
        quancheng_home=home / "home",
        log_key=_secret(seed),
        **{**KEYS, **more},
    )
    return Store(settings, clock=lambda: NOW)


def _secret(seed: bytes | None) -> SecretStr | None:
    return None if seed is None else SecretStr(base64.b64encode(seed).decode())


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Iterator[Store]:
    """A store over an empty log."""
    opened = _open(database_url, tmp_path)
    with unguarded(opened) as tx:
        tx.connection.execute(text("TRUNCATE custody_entries, log_tiles, checkpoints CASCADE"))
    yield opened
    opened.close()


def _append(store: Store, count: int) -> None:
    with store.begin() as tx:
        for n in range(count):
            leave_trace(tx.custody, offset_bytes=n)


def sequencer_of(store: Store) -> Sequencer:
    """A sequencer whose publisher has looked at the other places."""
    publisher = Publisher(store)
    publisher.run()
    return Sequencer(store, publisher)


def _events(store: Store) -> list[str]:
    with store.begin() as tx:
        return list(
            tx.connection.scalars(
                text("SELECT event FROM custody_entries WHERE leaf_index IS NOT NULL ORDER BY leaf_index")
            )
        )


@contextmanager
def _asked(store: Store) -> Iterator[list[str]]:
    """Give every statement that is sent in the block."""
    asked: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        asked.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(store.engine, "before_cursor_execute", note)


def test_a_run_drains_every_batch(store: Store) -> None:
    """The log is opened first; then a run integrates all that is pending, and a second one finds nothing to do."""
    _append(store, 25)
    assert integrate(store, limit=10) == 25
    assert integrate(store) == 0
    with store.begin() as tx:
        signed = tx.connection.execute(text("SELECT size, signed_at FROM checkpoints ORDER BY size")).all()
        note = tx.custody.latest_checkpoint()
    assert [tuple(row) for row in signed] == [(15, NOW), (25, NOW), (30, NOW)]
    assert _events(store)[:6] == [Event.LOG_OPEN, *[Event.KEY_ANNOUNCE] * 4, Event.UPLOAD_EXPIRE]
    assert open_checkpoint(note, vkey_of_seed(store.settings.log_origin, SEED)).size == 30


def test_an_empty_log_is_not_signed(store: Store) -> None:
    """Before the first entry there is nothing to sign."""
    assert integrate(store) == 0
    with store.begin() as tx:
        assert tx.custody.latest_checkpoint() is None


def test_an_idle_run_still_notices_a_cut_log(store: Store) -> None:
    """Even with nothing pending, a run over a log that lost its tail raises the alarm."""
    _append(store, 3)
    integrate(store)
    with unguarded(store) as tx:
        tx.connection.execute(text("DELETE FROM custody_entries WHERE leaf_index = 7"))
    with pytest.raises(IntegrityBroken) as caught:
        integrate(store)
    assert caught.value.slug == "log-rolled-back"


def test_an_idle_run_reads_no_chain(store: Store) -> None:
    """What the log says of itself is read once by each process; with whatever waits, only whether it said more."""
    sequencer = sequencer_of(store)
    _append(store, 1)
    sequencer.run()
    for count, asks in ((0, False), (1, True), (0, False)):
        _append(store, count)
        with _asked(store) as asked:
            assert sequencer.run() == count
        assert any("chain_places" in one for one in asked) is asks, asked
        assert not any("JOIN chain_places" in one for one in asked), asked


def test_a_process_that_starts_says_its_key_without_waiting(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    """A key that is there first is said at once, once, and before whatever is appended next; another one is not."""
    bare = _open(database_url, tmp_path, registry_key=None)
    _append(bare, 1)
    integrate(bare)
    before = _events(store)
    changed = _open(database_url, tmp_path, registry_key=_secret(bytes(32)))
    sequencer = sequencer_of(changed)
    assert [sequencer.run(), sequencer.run()] == [0, 0]
    _append(changed, 1)
    assert sequencer.run() == 1
    assert _events(store) == [*before, Event.KEY_ANNOUNCE, before[-1]]
    other = _open(database_url, tmp_path, registry_key=_secret(b"1" * 32))
    assert sequencer_of(other).run() == 0
    assert _events(store) == [*before, Event.KEY_ANNOUNCE, before[-1]]
    for one in (bare, changed, other):
        one.close()


def test_what_waits_is_not_indexed_before_another_process_has_spoken(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where two releases run, each entry stands under the catalogue of the process that indexed it."""
    _append(store, 1)
    old, new = sequencer_of(store), sequencer_of(store)
    old.run()
    before = _events(store)
    monkeypatch.setattr("workers.custody.catalogue_sha256", lambda: "ab" * 32)
    assert new.run() == 0
    monkeypatch.undo()
    assert old.run() == 0
    _append(store, 1)
    assert old.run() == 1
    assert _events(store) == [*before, Event.LOG_UPGRADE, Event.LOG_UPGRADE, before[-1]]


def test_where_another_run_holds_the_lock_nothing_is_indexed(store: Store) -> None:
    """A process that could not ask the log what it says gives no entry its index, not even the first."""
    _append(store, 1)
    with store.begin() as tx:
        assert Signer(tx.connection).waits()
        assert integrate(store) == 0
    assert _events(store) == []
    assert integrate(store) == 1
    assert _events(store)[0] == Event.LOG_OPEN


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


def test_a_clock_that_somebody_set_is_an_entry(store: Store) -> None:
    """The signer's own clock went: it says so once, before what waits, and health tells a person."""
    at = datetime(2026, 11, 30, 8, tzinfo=UTC)
    wall, steady = [at], [0.0]
    publisher = Publisher(store)
    publisher.run()
    sequencer = Sequencer(store, publisher, ClockWatch(lambda: wall[0], lambda: steady[0]))
    _append(store, 1)
    sequencer.run()
    wall[0], steady[0] = at - timedelta(hours=1), 2.0
    _append(store, 1)
    assert sequencer.run() == 1
    assert sequencer.run() == 0
    assert [one for one in _events(store) if one == Event.CLOCK_STEP] == [Event.CLOCK_STEP]
    assert _events(store)[-2] == Event.CLOCK_STEP
    with store.begin() as tx:
        (said,) = tx.connection.scalars(
            select(custody_entries.c.leaf).where(custody_entries.c.event == Event.CLOCK_STEP)
        )
        facts = json.loads(bytes(said))["facts"]
        found = next(one for one in signs(tx.heartbeats.work()) if one.part is HealthPart.LOG)
    assert facts == {
        "after": "2026-11-30T07:00:00.000Z",
        "before": "2026-11-30T08:00:02.000Z",
        "source": "clock-set",
    }
    assert (found.code, found.is_good, found.is_warned) == (Health.LOG_STEPPED, True, True)
