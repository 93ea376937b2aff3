"""What a court's expert would try: crash windows, late requests, poison jobs, and verdicts nobody earned."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import ProgrammingError

from schemas.actor import Actor, Role
from schemas.checks.claims import VERIFICATION
from schemas.errors import Conflict, Gone
from schemas.event import Event
from schemas.integrity import Outcome, Verdict
from schemas.recording import RecordingState
from schemas.refusals_manifest import MANIFEST_FIELD_INVALID
from schemas.refusals_recording import SCRATCH_FULL
from schemas.upload import UploadState
from schemas.verdict import BINDING_CHECKS
from storage.flow.receive import Receiving
from storage.objects.port import Stored
from storage.outbox import MAX_ATTEMPTS, Job, JobKind
from storage.recording.upload import NewUpload
from storage.store import Store
from storage.tables.outbox import jobs
from storage.tables.recording import uploads
from storage.tables.scrub import scrub_finds
from tests.factories import (
    OFFICERS,
    TestDevice,
    append,
    enrol_device,
    events_of,
    faults,
    folder_url,
    make_account,
    make_agency,
    make_settings,
)
from tests.fakes import Fault, FaultyObjects
from tests.stand import PATIENCE_SECONDS
from workers.custody import integrate
from workers.media.sandbox.parent import Sandbox
from workers.runner import Runner, tasks
from workers.scheduler import Scheduler
from workers.settings import WorkersSettings


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("hostile"))))
    yield made
    made.close()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


@pytest.fixture(scope="module")
def reviewer(store: Store) -> Actor:
    ident = make_agency(store)
    for number in OFFICERS:
        make_account(store, ident, Role.OFFICER, certificate=number)
    return make_account(store, ident, Role.LEGAL_REVIEWER, Role.CUSTODIAN)[1]


@pytest.fixture
def device(store: Store, reviewer: Actor) -> TestDevice:
    return enrol_device(store, reviewer)


def make_due(store: Store, ident: UUID, **values: object) -> None:
    with store.begin() as tx:
        tx.connection.execute(
            update(jobs).where(jobs.c.subject_id == ident).values(not_before=func.now(), **values)
        )


def job_of(store: Store, ident: UUID) -> tuple[str, int]:
    with store.begin() as tx:
        row = tx.connection.execute(
            select(jobs.c.state, jobs.c.attempts).where(jobs.c.subject_id == ident)
        ).one()
    return row.state, row.attempts


def full_upload(store: Store, device: TestDevice, payload: bytes) -> UUID:
    """An upload whose bytes are all committed and whose completion never came."""
    with store.begin() as tx:
        opened = tx.uploads.open(device.actor, NewUpload(length_bytes=len(payload), filename="left.bin"))
    receiving = Receiving.begin(store, device.actor, opened.id, offset=0, content_length=len(payload))
    assert receiving.keep([payload]) == len(payload)
    return opened.id


def running(store: Store, sandbox: Sandbox, run: Callable[[Job], None]) -> Runner:
    """A runner whose verification is `run`; who is told at the end is as ever."""
    settings = WorkersSettings()
    known = tasks(store, sandbox, settings)
    return Runner(
        store, sandbox, settings, known={**known, JobKind.VERIFY: known[JobKind.VERIFY]._replace(run=run)}
    )


def scheduler(store: Store) -> Scheduler:
    return Scheduler(store, WorkersSettings(), lambda _: None)


def test_a_recording_that_cannot_be_verified_is_quarantined(
    store: Store, sandbox: Sandbox, device: TestDevice, reviewer: Actor
) -> None:
    """After the last attempt the recording is kept apart, locked and logged, and no claim counts as checked."""
    ident = device.capture("poison.bin", b"poison")

    def crash(_: Job) -> None:
        raise MANIFEST_FIELD_INVALID("the decoder's facts cannot be kept")

    runner = running(store, sandbox, crash)
    for _ in range(MAX_ATTEMPTS):
        make_due(store, ident)
        runner.drain(JobKind.VERIFY)
    with store.begin() as tx:
        found = tx.recordings.get(reviewer, ident)
        made = {row.check.name: row.check.outcome for row in tx.recordings.checks(ident)}

    assert found.state is RecordingState.QUARANTINED
    assert found.verdict is not Verdict.VERIFIED
    assert made == dict.fromkeys({VERIFICATION.name, *BINDING_CHECKS}, Outcome.NOT_CHECKED)
    assert events_of(store, f"recording/{ident}")[-1] is Event.RECORDING_QUARANTINE
    assert store.objects.stat(found.object_key, found.version_id).retain_until is not None
    assert job_of(store, ident) == ("failed", MAX_ATTEMPTS)
    integrate(store)
    assert faults(store, ident) == []


def test_a_job_that_kills_its_workers_is_not_run_for_ever(
    store: Store, sandbox: Sandbox, device: TestDevice, reviewer: Actor
) -> None:
    """Five workers lost over one recording: the sixth does not touch it, and it is quarantined."""
    ident = device.capture("killer.bin", b"killer")
    make_due(store, ident, attempts=MAX_ATTEMPTS)
    ran: list[UUID] = []
    running(store, sandbox, lambda job: ran.append(job.subject_id)).drain(JobKind.VERIFY)

    assert ident not in ran
    with store.begin() as tx:
        assert tx.recordings.get(reviewer, ident).state is RecordingState.QUARANTINED
    assert job_of(store, ident)[0] == "failed"


def test_what_the_store_lost_is_never_concluded(
    store: Store, sandbox: Sandbox, device: TestDevice, reviewer: Actor
) -> None:
    """When the stored version is gone the recording is kept apart and the difference told: nothing is claimed of it."""
    ident = device.capture("gone.bin", b"gone")
    with store.begin() as tx:
        tx.connection.execute(
            text("UPDATE recordings SET version_id = 'elsewhere' WHERE id = :id"), {"id": ident}
        )
    make_due(store, ident, attempts=MAX_ATTEMPTS)
    Runner(store, sandbox, WorkersSettings()).drain(JobKind.VERIFY)

    with store.begin() as tx:
        found = tx.recordings.get(reviewer, ident)
        finds = tx.connection.scalars(select(scrub_finds.c.code).where(scrub_finds.c.recording_id == ident))
        held = [
            row.check.name for row in tx.recordings.checks(ident) if row.check.outcome is Outcome.VERIFIED
        ]
        assert (found.state, found.sha256, list(finds)) == (
            RecordingState.QUARANTINED,
            None,
            ["object-missing"],
        )
    assert not BINDING_CHECKS & set(held)
    assert job_of(store, ident)[0] == "failed"


def test_a_file_too_large_for_the_scratch_folder_holds_nobody_up(
    store: Store, sandbox: Sandbox, device: TestDevice
) -> None:
    """A recording that finds no room waits longer than those claimed with it, and costs no attempt."""
    idents = [device.capture(f"{n}.bin", bytes([n])) for n in range(2)]
    with store.begin() as tx:
        claimed = tx.jobs.claim(JobKind.VERIFY, limit=1, lease_seconds=60)
        for job in claimed:
            tx.jobs.release(job, pause_seconds=0, error="")

    def full(_: Job) -> None:
        raise SCRATCH_FULL("no room")

    for ident in idents:
        make_due(store, ident)
    for _ in range(8):  # 8 ready jobs give a batch of two
        device.send("filler.bin", b"f")
    running(store, sandbox, full).drain(JobKind.VERIFY)
    with store.begin() as tx:
        rows = {
            row.subject_id: row
            for row in tx.connection.execute(select(jobs).where(jobs.c.subject_id.in_(idents)))
        }
    first, second = (rows[ident] for ident in idents)

    assert first.not_before > second.not_before
    assert (first.state, first.attempts, second.attempts) == ("ready", 0, 0)


def test_a_full_upload_whose_sender_left_becomes_a_recording(store: Store, device: TestDevice) -> None:
    """All bytes are here and the completion was lost in a crash: the sweep completes it, even past its end."""
    ident = full_upload(store, device, b"all here")
    with store.begin() as tx:
        tx.connection.execute(
            update(uploads).where(uploads.c.id == ident).values(expires_at=tx.now - timedelta(seconds=1))
        )
    scheduler(store).sweep()
    with store.begin() as tx:
        upload = tx.uploads.get(device.actor, ident)
        receipt = tx.uploads.receipt(device.actor, ident)

    assert upload.state is UploadState.RECEIVED
    assert receipt.size_bytes == len(b"all here")


def test_an_upload_that_cannot_be_completed_stops_nobody(store: Store, device: TestDevice) -> None:
    """One upload whose bytes the store lost does not keep the sweep from completing the next."""
    lost, sound = full_upload(store, device, b"lost"), full_upload(store, device, b"sound")
    with store.begin() as tx:
        (key,) = (tail.key for tail in tx.uploads.tails(lost))
    assert key is not None
    store.objects.delete_staging(key)
    scheduler(store).sweep()
    with store.begin() as tx:
        states = [tx.uploads.get(device.actor, ident).state for ident in (lost, sound)]
        tx.connection.execute(update(uploads).where(uploads.c.id == lost).values(length_bytes=100))

    assert states == [UploadState.OPEN, UploadState.RECEIVED]


def test_an_expired_upload_is_not_completed(store: Store, device: TestDevice) -> None:
    """A completion that meets the expiry is refused: no recording without its place in the manifest."""
    ident = full_upload(store, device, b"late")
    with store.begin() as tx:
        upload = tx.uploads.get(device.actor, ident)
        tx.connection.execute(update(uploads).where(uploads.c.id == ident).values(state=UploadState.EXPIRED))
    with pytest.raises(Gone) as caught, store.begin() as tx:
        tx.uploads.complete(upload, Stored(version_id="1", size_bytes=4), key="recordings/x")

    assert caught.value.slug == "upload-expired"


def test_a_beaten_request_cannot_complete_a_small_file(store: Store, device: TestDevice) -> None:
    """A whole file that is sent in one request counts only while that request holds the upload."""
    with store.begin() as tx:
        opened = tx.uploads.open(device.actor, NewUpload(length_bytes=4, filename="x.bin"))
    slow = FaultyObjects(store.objects)
    slow.fail("put", Fault.STALLED)
    old = Receiving.begin(store, device.actor, opened.id, offset=0, content_length=4)
    store.objects = slow
    try:
        with ThreadPoolExecutor(1) as pool:
            late = pool.submit(old.store, [b"old!"])
            assert slow.is_stalled.wait(PATIENCE_SECONDS)
            new = Receiving.begin(store, device.actor, opened.id, offset=0, content_length=4)
            assert new.keep([b"ne"]) == 2
            slow.release()
            with pytest.raises(Conflict) as caught:
                late.result(PATIENCE_SECONDS)
    finally:
        slow.release()
        store.objects = slow.real
    done = append(store, device.actor, opened.id, b"w!")

    assert caught.value.slug == "upload-preempted"
    assert done.state is UploadState.RECEIVED


def test_every_binding_claim_is_named_whatever_is_wrong(
    store: Store, sandbox: Sandbox, device: TestDevice
) -> None:
    """Good, unsigned, unknown or refused: each of the four claims has an outcome."""
    good = device.capture("good.bin", b"good")
    plain = device.send("plain.bin", b"plain")
    unknown = device.send("unknown.bin", b"unknown", manifest_sha256="0" * 64)
    broken = device.manifest({"refused.bin": b"refused"}) + b" "
    with store.begin() as tx:
        tx.manifests.declare(device.actor, broken, device.sign(broken))
    refused = device.send("refused.bin", b"refused", manifest=broken)
    settings = WorkersSettings()
    Runner(store, sandbox, settings).drain(JobKind.VERIFY)

    for ident in (good, plain, unknown, refused):
        with store.begin() as tx:
            assert {row.check.name for row in tx.recordings.checks(ident)} >= BINDING_CHECKS


def test_a_content_that_nobody_could_read_is_not_verified(
    store: Store, sandbox: Sandbox, device: TestDevice, reviewer: Actor
) -> None:
    """Digest, signature and key hold, but no decoder knows the type: the one word is not `verified`."""
    ident = device.capture("strange.bin", bytes(range(256)))
    settings = WorkersSettings()
    Runner(store, sandbox, settings).drain(JobKind.VERIFY)
    with store.begin() as tx:
        found = tx.recordings.get(reviewer, ident)
        container = {row.check.name: row.check for row in tx.recordings.checks(ident)}["container"]

    assert container.outcome is Outcome.NOT_CHECKED
    assert found.state is RecordingState.SEALED
    assert found.verdict is not Verdict.VERIFIED


def test_an_error_of_the_database_shows_no_personal_data(store: Store) -> None:
    """What a failing statement was given (names, parties, hashes) stays out of the error and so of the log."""
    with pytest.raises(ProgrammingError) as caught, store.begin() as tx:
        tx.connection.execute(text("SELECT nothing FROM nowhere WHERE party = :party"), {"party": "张三丰"})

    assert "张三丰" not in str(caught.value)
