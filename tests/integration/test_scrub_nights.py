"""Stored bytes are read again by night: oldest first, so much a night, at a bounded rate, not judged by another store."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text, update

from schemas.ids import RecordingId
from schemas.leaves_recording import ScrubFind, ScrubRun
from schemas.scrub import Scrub, StoreFault
from storage.objects.folder import FolderObjects
from storage.outbox import JobKind
from storage.store import Store
from storage.tables.reading import readings, scrubs
from tests.casework import Bureau, make_bureau
from tests.factories import acts_of, faults, folder_url, make_settings
from tests.media import jpeg
from tests.supervision import drain
from workers.scrub import scrub_by_night
from workers.settings import WorkersSettings

NUMBER = 7
PACE = WorkersSettings(scrub_days=3, scrub_mib_per_second=0.001)
"""Two nights for everything, so four of seven a night, and of these one at a time."""


@pytest.fixture
def bureau(own_database_url: str, tmp_path: Path) -> Iterator[Bureau]:
    store = Store(make_settings(own_database_url, folder_url(tmp_path)))
    yield make_bureau(store)
    store.close()


@pytest.fixture
def kept(bureau: Bureau) -> list[RecordingId]:
    """Recordings that were last read two days ago and longer, the first one longest ago."""
    made = []
    for _ in range(NUMBER):
        ident = RecordingId(bureau.device.capture("photo.jpg", jpeg()))
        bureau.conclude(ident, jpeg())
        made.append(ident)
    for number, ident in enumerate(made):
        with bureau.store.begin() as tx:
            at = tx.now - timedelta(days=10 - number)
            one = update(readings).where(readings.c.recording_id == ident)
            tx.connection.execute(one.values(read_at=at, tried_at=at))
    return made


def path_of(bureau: Bureau, ident: RecordingId) -> Path:
    with bureau.store.begin() as tx:
        found = tx.recordings.known(ident)
    assert isinstance(bureau.store.objects, FolderObjects)
    path = bureau.store.objects.path(found.object_key, found.version_id)
    path.chmod(0o600)
    return path


def last(store: Store) -> Scrub:
    with store.begin() as tx:
        found = tx.scrubs.last()
    assert found is not None
    return found


def rested(store: Store) -> None:
    """The time at the rate has passed."""
    with store.begin() as tx:
        tx.connection.execute(update(scrubs).values(rests_until=tx.now))


def whole_night(store: Store) -> Scrub:
    asked = scrub_by_night(store, PACE)
    while last(store).ended_at is None:
        assert asked == 1
        drain(store, JobKind.SCRUB)
        rested(store)
        asked = scrub_by_night(store, PACE)
    return last(store)


def read_since(store: Store, idents: list[RecordingId]) -> list[bool]:
    with store.begin() as tx:
        fresh = {
            row.recording_id
            for row in tx.connection.execute(
                readings.select().where(readings.c.read_at > tx.now - timedelta(days=1))
            )
        }
    return [ident in fresh for ident in idents]


def finds(bureau: Bureau, ident: RecordingId) -> list[tuple[str, str | None]]:
    with bureau.store.begin() as tx:
        acts = [one.act for one in tx.custody.chain(f"recording/{ident}")]
    return [(act.code, act.sha256) for act in acts if isinstance(act, ScrubFind)]


def test_a_night_reads_its_share_oldest_first_and_says_what_it_came_to(
    bureau: Bureau, kept: list[RecordingId]
) -> None:
    """Four of seven are read; the altered and the lost one among them have a leaf each, and the night has one."""
    path_of(bureau, kept[0]).write_bytes(bytes(len(jpeg())))
    path_of(bureau, kept[2]).unlink()

    run = whole_night(bureau.store)

    assert (run.quota_objects, run.asked_objects, run.objects, run.faults) == (4, 4, 4, 2)
    assert read_since(bureau.store, kept) == [True] * 4 + [False] * 3
    (told,) = (act for act in acts_of(bureau.store, f"scrub/{run.id}") if isinstance(act, ScrubRun))
    assert (told.from_, told.objects, told.faults) == (run.began_at, 4, 2)
    assert [code for code, _ in finds(bureau, kept[0])] == [StoreFault.BROKEN]
    assert finds(bureau, kept[2]) == [(StoreFault.MISSING, None)]
    assert all(finds(bureau, one) == [] for one in (kept[1], *kept[3:]))
    assert scrub_by_night(bureau.store, PACE) == 0, "a night is done once"
    assert faults(bureau.store, f"scrub/{run.id}") == []


def test_the_next_night_reads_the_rest_and_writes_no_find_twice(
    bureau: Bureau, kept: list[RecordingId]
) -> None:
    """Within its days everything was read; what differed the night before and was read anew is in the log once."""
    path_of(bureau, kept[0]).write_bytes(bytes(len(jpeg())))
    whole_night(bureau.store)
    settings, now = bureau.store.settings, bureau.store.clock()
    with bureau.store.begin() as tx:
        assert tx.readings.ask(kept[0])
    drain(bureau.store, JobKind.SCRUB)
    assert len(finds(bureau, kept[0])) == 1
    later = Store(settings, clock=lambda: now + timedelta(days=1))
    with later.begin() as tx:
        tx.connection.execute(
            update(readings)
            .where(readings.c.recording_id.in_(kept[4:]))
            .values(tried_at=tx.now - timedelta(days=5))
        )

    run = whole_night(later)

    assert run.objects >= 3
    assert all(read_since(bureau.store, kept))
    later.close()


def test_a_restart_goes_on_and_the_rate_is_kept(bureau: Bureau, kept: list[RecordingId]) -> None:
    """What was asked waits as a job, nothing more is asked until it is read and its time has passed, by no process."""
    assert scrub_by_night(bureau.store, PACE) == 1
    assert scrub_by_night(bureau.store, PACE) == 0, "the first one waits"
    again = Store(bureau.store.settings)
    drain(again, JobKind.SCRUB)
    assert scrub_by_night(again, PACE) == 0, "its time has not passed"
    assert last(again).rests_until > bureau.store.clock()
    rested(again)
    assert scrub_by_night(again, PACE) == 1
    assert (last(again).objects, last(again).asked_objects) == (1, 2)
    assert read_since(again, kept) == [True] + [False] * (NUMBER - 1)
    again.close()


def test_another_store_calls_nothing_lost(bureau: Bureau, kept: list[RecordingId], tmp_path: Path) -> None:
    """Connected to an empty folder the night stands still: no leaf, the job waits, and goes on with the right one."""
    (tmp_path / "empty").mkdir()
    url = SecretStr(folder_url(tmp_path / "empty"))
    wrong = Store(bureau.store.settings.model_copy(update={"objects_url": url}))
    scrub_by_night(wrong, PACE)
    drain(wrong, JobKind.SCRUB)

    assert finds(bureau, kept[0]) == []
    assert last(bureau.store).objects == 0
    with bureau.store.begin() as tx:
        tx.connection.execute(text("UPDATE jobs SET not_before = now()"))
    drain(bureau.store, JobKind.SCRUB)
    assert last(bureau.store).objects == 1
    assert finds(bureau, kept[0]) == []
    wrong.close()


def test_where_nothing_is_due_a_night_leaves_no_leaf(bureau: Bureau) -> None:
    """An empty or a fresh store has nothing to be read again."""
    assert scrub_by_night(bureau.store, PACE) == 0
    assert last(bureau.store).ended_at is not None
    assert acts_of(bureau.store, f"scrub/{last(bureau.store).id}") == []
