"""Two lanes: what takes more work than the quick one has waits elsewhere, and time is never a verdict."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from schemas.actor import Actor, Role
from schemas.integrity import Outcome
from schemas.recording import Recording, RecordingState
from storage.outbox import MAX_ATTEMPTS, JobKind
from storage.store import Store
from storage.tables.outbox import jobs
from tests.factories import (
    OFFICERS,
    TestDevice,
    enrol_device,
    faults,
    folder_url,
    make_account,
    make_agency,
    make_settings,
)
from tests.media import jpeg, scan_bomb
from tests.stand import wait_until
from workers.embedded import LATER, QUICK, SLOW, EmbeddedWorkers
from workers.media import Limits, Sandbox
from workers.runner import Runner
from workers.settings import WorkersSettings

HEAVY = scan_bomb(110)
"""More than the quick lane's pixels, and seconds of work in the slow one."""

BOMB = scan_bomb(6_000)
MANY = 20

NO_TIME = Limits(quick_seconds=0.0, base_seconds=0.0, slowest_mib_per_second=1e9)
"""Not even the moment that the size of a small file adds, in which a fast machine has its verdict."""


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("lanes"))))
    yield made
    made.close()


@pytest.fixture(scope="module")
def reviewer(store: Store) -> Actor:
    agency = make_agency(store)
    for number in OFFICERS:
        make_account(store, agency, Role.OFFICER, certificate=number)
    return make_account(store, agency, Role.HEAD, Role.CUSTODIAN)[1]


@pytest.fixture
def device(store: Store, reviewer: Actor) -> TestDevice:
    return enrol_device(store, reviewer)


def known(store: Store, ident: UUID) -> Recording:
    with store.begin() as tx:
        return tx.recordings.known(ident)


def waits(store: Store, ident: UUID) -> bool:
    return known(store, ident).state is RecordingState.RECEIVED


def job(store: Store, ident: UUID, kind: JobKind) -> tuple[str, int] | None:
    with store.begin() as tx:
        row = tx.connection.execute(
            select(jobs.c.state, jobs.c.attempts).where(jobs.c.subject_id == ident, jobs.c.kind == kind)
        ).one_or_none()
    return None if row is None else (row.state, row.attempts)


def said(store: Store, ident: UUID) -> tuple[Outcome, str]:
    """What the check of the container came to."""
    with store.begin() as tx:
        row = next(one for one in tx.recordings.checks(ident) if one.check.name == "container")
    return row.check.outcome, row.check.code


def test_a_heavy_file_waits_where_nothing_ordinary_does(store: Store, device: TestDevice) -> None:
    """The quick lane concludes the photo and leaves every heavy file to the slow one, which concludes it once."""
    heavy = [device.capture("heavy.jpg", HEAVY), device.capture("bomb.jpg", BOMB)]
    photo = device.capture("photo.jpg", jpeg())
    with Sandbox() as sandbox:
        runner = Runner(store, sandbox, WorkersSettings())
        runner.drain(JobKind.VERIFY)

        assert known(store, photo).state is RecordingState.SEALED
        assert [job(store, one, JobKind.VERIFY) for one in heavy] == [("finished", 1)] * 2
        assert [job(store, one, JobKind.VERIFY_SLOW) for one in heavy] == [("ready", 0)] * 2
        assert [known(store, one).state for one in heavy] == [RecordingState.RECEIVED] * 2

        runner.drain(JobKind.VERIFY_SLOW)
    assert [known(store, one).state for one in heavy] == [RecordingState.SEALED] * 2
    assert [known(store, one).run for one in heavy] == [1, 1]
    assert said(store, heavy[1]) == (Outcome.NOT_CHECKED, "work-too-large")
    assert said(store, heavy[0])[1] != "work-too-large"
    assert job(store, photo, JobKind.VERIFY_SLOW) is None
    assert faults(store, "recording") == []


def test_too_little_time_is_no_verdict(store: Store, device: TestDevice) -> None:
    """A photo that got no time in the quick lane has the same verdict from the slow one."""
    photo = device.capture("photo.jpg", jpeg())
    with Sandbox(NO_TIME.model_copy(update={"base_seconds": Limits().base_seconds})) as sandbox:
        runner = Runner(store, sandbox, WorkersSettings())
        runner.drain(JobKind.VERIFY)

        assert waits(store, photo)
        runner.drain(JobKind.VERIFY_SLOW)
    assert said(store, photo) == (Outcome.VERIFIED, "")


def test_a_decoder_that_always_hangs_ends_as_not_checked(store: Store, device: TestDevice) -> None:
    """Out of time in the slow lane means another try; only the last one says that nothing was checked."""
    photo = device.capture("photo.jpg", jpeg())
    with Sandbox(NO_TIME) as sandbox:
        runner = Runner(store, sandbox, WorkersSettings())
        runner.drain(JobKind.VERIFY)
        for attempt in range(1, MAX_ATTEMPTS):
            runner.drain(JobKind.VERIFY_SLOW)
            assert job(store, photo, JobKind.VERIFY_SLOW) == ("ready", attempt)
            assert waits(store, photo)
            with store.begin() as tx:
                tx.connection.execute(update(jobs).values(not_before=func.now()))
        runner.drain(JobKind.VERIFY_SLOW)

    assert known(store, photo).state is RecordingState.SEALED
    assert said(store, photo) == (Outcome.NOT_CHECKED, "decoder-timeout")


def test_an_ordinary_photo_passes_a_queue_of_heavy_ones(store: Store, device: TestDevice) -> None:
    """Behind many heavy files a photo is concluded by the embedded workers while heavy ones still wait."""
    heavy = [device.capture(f"{number}.jpg", HEAVY) for number in range(MANY)]
    photo = device.capture("photo.jpg", jpeg())
    workers = EmbeddedWorkers(store, WorkersSettings())
    workers.start()
    try:
        assert wait_until(lambda: not waits(store, photo))
    finally:
        workers.stop()

    done = known(store, photo)
    assert done.state is RecordingState.SEALED
    # By when each was concluded, not by when we looked: meanwhile the slow lane goes on.
    times = [known(store, one).verified_at for one in heavy]
    assert sum(at is None or at > done.verified_at for at in times) > 1
    lanes = [*QUICK, *SLOW, *LATER]
    assert sorted(lanes) == sorted(JobKind), "every kind has one lane"
