"""What we hold and find altered or lost is a fault of ours: never the sender's, never tried again for ever."""

import base64
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Table, func, select, update
from structlog.testing import capture_logs

from schemas.actor import Actor, Role
from schemas.digest import sha256_hex
from schemas.duty import Duty
from schemas.errors import Gone, IntegrityBroken
from schemas.event import Event
from schemas.jws import public_jwk
from schemas.recording import RecordingFilter, RecordingState
from schemas.upload import SMALL_PART_BYTES, UploadState
from storage.flow.receive import Receiving, complete_left
from storage.outbox import JobKind
from storage.recording.upload import NewUpload
from storage.store import Store
from storage.tables.custody import checkpoints
from storage.tables.device import devices
from storage.tables.outbox import jobs
from storage.tables.recording import manifests, uploads
from tests.factories import (
    OFFICERS,
    TestDevice,
    enrol_device,
    events_of,
    faults,
    folder_url,
    make_account,
    make_agency,
    make_settings,
)
from tests.looks import looked
from tests.make_contract import OTHER_KEY
from tests.media import jpeg
from tests.owner import unguarded
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.tus import bearer
from tests.web import TRUST
from workers.custody import integrate
from workers.examination import take_up_stopped
from workers.media.sandbox.parent import Sandbox
from workers.runner import Runner
from workers.scheduler import Scheduler
from workers.settings import WorkersSettings


@dataclass
class House:
    """A server over a folder store, a custodian, and a way behind every guard rail."""

    store: Store
    folder: Path
    url: str
    sandbox: Sandbox
    custodian: Actor
    token: str

    def device(self) -> TestDevice:
        return enrol_device(self.store, self.custodian)

    def alter(self, table: Table, ident: UUID, **values: Any) -> None:
        """Change a row as somebody with all rights could."""
        with unguarded(self.store) as tx:
            tx.connection.execute(update(table).where(table.c.id == ident).values(**values))

    def damage_side(self, key: str, version_id: str) -> None:
        side = self.folder / "evidence" / key / f"@{version_id}.json"
        side.unlink()
        side.write_bytes(b"{")

    def full_upload(self, device: TestDevice, payload: bytes) -> UUID:
        """An upload whose bytes are all committed and whose completion never came."""
        wish = NewUpload(length_bytes=len(payload), filename="left.bin")
        with self.store.begin() as tx:
            opened = tx.uploads.open(device.actor, wish)
        receiving = Receiving.begin(
            self.store, device.actor, opened.id, offset=0, content_length=len(payload)
        )
        receiving.keep([payload])
        return opened.id

    def tail_key(self, upload_id: UUID) -> str:
        """Where the one piece of an upload's tail stands."""
        with self.store.begin() as tx:
            (tail,) = tx.uploads.tails(upload_id)
        return str(tail.key)

    def verify(self) -> list[dict[str, Any]]:
        """Run what waits until nothing is left; returns what was logged."""
        settings = WorkersSettings()
        with capture_logs() as lines:
            Runner(self.store, self.sandbox, settings).drain(JobKind.VERIFY)
        return lines

    def job(self, ident: UUID) -> tuple[str, int]:
        with self.store.begin() as tx:
            found = select(jobs.c.state, jobs.c.attempts).where(jobs.c.subject_id == ident)
            row = tx.connection.execute(found).one()
        return row.state, row.attempts

    def stands_still(self, ident: UUID, slug: str, lines: list[dict[str, Any]]) -> bool:
        """A person was called once, nothing was concluded, and no attempt follows."""
        with self.store.begin() as tx:
            state = tx.recordings.known(ident).state
            error = tx.connection.scalar(select(jobs.c.last_error).where(jobs.c.subject_id == ident))
        called = [line for line in lines if line["log_level"] == "critical"]
        assert [line["event"] for line in called] == ["integrity_broken"]
        assert (self.job(ident), error) == (("failed", 1), slug)
        assert (state, events_of(self.store, f"recording/{ident}")[-1]) == (
            RecordingState.RECEIVED,
            Event.RECORDING_RECEIVE,
        )
        assert self.verify() == []
        return True


@pytest.fixture(scope="module")
def house(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("held")
    store = Store(make_settings(database_url, folder_url(folder)))
    agency = make_agency(store)
    for number in OFFICERS:
        make_account(store, agency, Role.OFFICER, certificate=number)
    token, custodian = make_account(store, agency, Role.CUSTODIAN, Role.HEAD)
    with Sandbox() as sandbox, serving(store) as url:
        yield House(store, folder / "objects", url, sandbox, custodian, token)
    store.close()


def answered(house: House, token: str, method: str, path: str, **sent: Any) -> tuple[int, str]:
    answer = httpx.request(
        method,
        f"{house.url}{path}",
        headers={"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0", **sent.pop("headers", {})},
        **sent,
    )
    return answer.status_code, answer.json()["slug"]


def test_a_damaged_side_file_is_a_fault_of_ours_to_the_sender(house: House) -> None:
    """The store took the object, a crash came, somebody altered its side file: the completion answers 500."""
    device = house.device()
    ident = house.full_upload(device, b"side file")
    with house.store.begin() as tx:
        key = tx.uploads.get(device.actor, ident).object_key
    stored = house.store.objects.put(key, [b"side file"], sha256=bytes.fromhex(sha256_hex(b"side file")))
    house.damage_side(key, stored.version_id)

    found = answered(house, device.token, "POST", f"/v1/uploads/{ident}/complete")

    assert found == (500, "objects-damaged")


def test_a_damaged_side_file_ends_the_job_at_once(house: House) -> None:
    """The worker that would lock the recording finds the side file damaged: a person is called, nothing retried."""
    ident = house.device().capture("side.bin", b"side of a recording")
    with house.store.begin() as tx:
        held = tx.recordings.known(ident)
    house.damage_side(held.object_key, held.version_id)

    assert house.stands_still(ident, "objects-damaged", house.verify())


@pytest.mark.parametrize("harm", ["lost", "cut"])
def test_what_the_store_lost_before_the_first_verification_is_kept_apart(house: House, harm: str) -> None:
    """It waits for nobody for ever: quarantined, what is left of it locked, in the log and on the home page, once."""
    house.device().capture("beside.bin", f"what tells that the store is ours, {harm}".encode())
    ident = house.device().capture(f"{harm}.bin", b"bytes that go")
    with house.store.begin() as tx:
        held = tx.recordings.known(ident)
    path = house.folder / "evidence" / held.object_key / f"@{held.version_id}"
    left = None if harm == "lost" else sha256_hex(b"bytes")
    path.chmod(0o600)
    path.unlink() if left is None else path.write_bytes(b"bytes")

    lines = house.verify()

    assert [line["event"] for line in lines if line["log_level"] == "critical"] == ["received_bytes_differ"]
    with house.store.begin() as tx:
        kept = tx.recordings.known(ident)
        said = tx.examinations.store_find(kept)
        told = {line.duty for line in tx.duties.waiting(house.custodian)}
        failing = [one.id for one in tx.recordings.page(house.custodian, RecordingFilter(at_fault=True)).rows]
        codes = {row.check.code for row in tx.recordings.checks(ident)}
    assert (kept.state, kept.sha256, kept.retain_until is None) == (
        RecordingState.QUARANTINED,
        left,
        left is None,
    )
    assert said is not None
    assert (said.code, said.sha256) == ("object-missing" if left is None else "object-broken", left)
    assert "stored-bytes-differ" in codes
    assert Duty.STORE_FAULT in told
    assert ident in failing
    with house.store.begin() as tx:
        written = [one.event for one in tx.custody.chain(f"recording/{ident}")]
    assert written[-2:] == [Event.RECORDING_QUARANTINE, Event.SCRUB_FIND]
    assert (house.job(ident)[0], house.verify()) == ("finished", [])
    integrate(house.store)
    wanted = "object-missing" if left is None else "object-size-differs"
    assert faults(house.store, ident) == [(wanted, f"recording/{ident}")]


def test_another_store_judges_nothing(house: House, database_url: str, tmp_path: Path) -> None:
    """A worker whose address names an empty bucket calls no recording lost: it waits, says so, and goes on by itself."""
    for number in range(2):
        house.device().capture("before.bin", f"kept in the right store {number}".encode())
    house.verify()
    ident = house.device().capture("elsewhere.bin", b"kept in the right store, too")
    with closing(Store(make_settings(database_url, folder_url(tmp_path)))) as astray, capture_logs() as lines:
        Runner(astray, house.sandbox, WorkersSettings()).drain(JobKind.VERIFY)

    assert [line["problem"] for line in lines if line["event"] == "dependency_unavailable"] == [
        "objects-another"
    ]
    with house.store.begin() as tx:
        assert tx.recordings.known(ident).state is RecordingState.RECEIVED
    assert house.job(ident) == ("ready", 0)
    with house.store.begin() as tx:  # its pause is over
        tx.connection.execute(update(jobs).where(jobs.c.subject_id == ident).values(not_before=func.now()))
    assert [line["event"] for line in house.verify()] == ["recording_concluded"]
    with house.store.begin() as tx:
        assert tx.recordings.known(ident).state is RecordingState.SEALED


def test_a_lost_object_is_a_fault_of_ours_to_the_reader(house: House) -> None:
    """Who may watch a recording that the store has lost is answered 502, not that there is no such thing."""
    ident = house.device().capture("seen.jpg", jpeg())
    house.verify()
    with house.store.begin() as tx:
        held = tx.recordings.known(ident)
    (house.folder / "evidence" / held.object_key / f"@{held.version_id}").unlink()

    with httpx.Client(
        base_url=house.url, headers=bearer(house.token), verify=TRUST, timeout=PATIENCE_SECONDS
    ) as client:
        address = looked(client, f"/v1/recordings/{ident}")

    found = answered(house, house.token, "GET", address)

    assert found == (502, "content-missing")


@pytest.mark.parametrize("harm", ["payload", "signature", "key"])
def test_an_altered_manifest_never_blames_its_device(house: House, harm: str) -> None:
    """It verified when it was declared: that it no longer does quarantines nothing, and calls a person."""
    device = house.device()
    ident = device.capture(f"{harm}.bin", harm.encode())
    with house.store.begin() as tx:
        held = tx.recordings.known(ident).manifest_id
        kept = tx.connection.execute(select(manifests).where(manifests.c.id == held)).one()
    if harm == "payload":
        house.alter(manifests, kept.id, payload=kept.payload + b" ")
    elif harm == "signature":
        house.alter(manifests, kept.id, signature=device.sign(b"other bytes"))
    else:
        house.alter(devices, device.id, jwk=public_jwk(OTHER_KEY.public_key()))

    slug = "key-broken" if harm == "key" else "manifest-broken"
    assert house.stands_still(ident, slug, house.verify())
    with house.store.begin() as tx:
        assert tx.recordings.has_stopped(ident)
        assert Duty.STORE_FAULT in {line.duty for line in tx.duties.waiting(house.custodian)}

    if harm == "payload":
        house.alter(manifests, kept.id, payload=kept.payload)
        assert take_up_stopped(house.store) >= 1
        house.verify()
        with house.store.begin() as tx:
            assert tx.recordings.known(ident).state is RecordingState.SEALED
            assert not tx.recordings.has_stopped(ident)


def test_an_altered_manifest_does_not_refuse_the_next_one(house: House) -> None:
    """A device that goes on after one of its kept manifests was altered is not told that its own is invalid."""
    device = house.device()
    ident = device.capture("first.bin", b"first")
    with house.store.begin() as tx:
        held = tx.recordings.known(ident).manifest_id
    house.alter(manifests, held, payload=b"{}")
    following = device.manifest({"second.bin": b"second"})

    found = answered(
        house,
        device.token,
        "POST",
        "/v1/manifests",
        content=following,
        headers={"Content-Type": "application/json", "Quancheng-Signature": device.sign(following)},
    )

    assert found == (500, "manifest-broken")


def test_an_exchanged_key_lets_nobody_in(house: House) -> None:
    """Whoever puts their own key into a device's row obtains no manifest under it: the thumbprint tells."""
    device = house.device()
    house.alter(devices, device.id, jwk=public_jwk(OTHER_KEY.public_key()))
    manifest = device.manifest({"forged.bin": b"forged"})

    with (
        pytest.raises(IntegrityBroken, check=lambda err: err.slug == "key-broken"),
        house.store.begin() as tx,
    ):
        tx.manifests.declare(device.actor, manifest, device.sign(manifest))


@pytest.mark.parametrize("harm", ["lost", "shortened", "exchanged"])
def test_a_damaged_tail_is_not_built_upon(house: House, harm: str) -> None:
    """The offset counts a tail that is gone, cut or another: no further byte is taken, or the file would have a hole."""
    device = house.device()
    with house.store.begin() as tx:
        opened = tx.uploads.open(device.actor, NewUpload(length_bytes=8, filename="tail.bin"))
    receiving = Receiving.begin(house.store, device.actor, opened.id, offset=0, content_length=4)
    receiving.keep([b"half"])
    tail = house.folder / "staging" / house.tail_key(opened.id)
    if harm == "lost":
        tail.unlink()
    else:
        tail.write_bytes(b"ha" if harm == "shortened" else b"calf")

    found = answered(
        house,
        device.token,
        "PATCH",
        f"/v1/uploads/{opened.id}",
        content=b"full",
        headers={"Upload-Offset": "4", "Content-Type": "application/offset+octet-stream"},
    )

    assert found == (500, "object-missing" if harm == "lost" else "object-broken")


def test_lost_parts_are_our_loss(house: House) -> None:
    """Parts that vanish under a standing upload were counted by its offset: the sender did nothing wrong."""
    device = house.device()
    size = 2 * SMALL_PART_BYTES
    with house.store.begin() as tx:
        opened = tx.uploads.open(device.actor, NewUpload(length_bytes=size, filename="parts.bin"))
    receiving = Receiving.begin(house.store, device.actor, opened.id, offset=0, content_length=size)
    receiving.store([bytes(SMALL_PART_BYTES)])
    held = receiving.upload
    assert held.parts_ref is not None
    house.store.objects.abort_parts(held.object_key, held.parts_ref)

    with pytest.raises(IntegrityBroken, check=lambda err: err.slug == "object-missing"):
        receiving.store([bytes(SMALL_PART_BYTES)])


def test_what_an_expiry_swept_is_no_loss(house: House) -> None:
    """A completion that meets the expiry finds the tail gone, and is told that the upload has ended."""
    device = house.device()
    ident = house.full_upload(device, b"ended")
    with house.store.begin() as tx:
        seen = tx.uploads.get(device.actor, ident)
        tx.connection.execute(update(uploads).where(uploads.c.id == ident).values(state=UploadState.EXPIRED))
    house.store.objects.delete_staging(house.tail_key(ident))

    with pytest.raises(Gone, check=lambda err: err.slug == "upload-expired"):
        complete_left(house.store, seen)


def test_what_cannot_be_completed_stops_neither_log_nor_others(house: House) -> None:
    """The housekeeper calls a person for one upload of altered bytes, completes the next, and lives on."""
    device = house.device()
    broken, sound = house.full_upload(device, b"broken"), house.full_upload(device, b"sound")
    with house.store.begin() as tx:
        key = tx.uploads.get(device.actor, broken).object_key
    stored = house.store.objects.put(key, [b"broken"], sha256=bytes.fromhex(sha256_hex(b"broken")))
    house.damage_side(key, stored.version_id)
    with capture_logs() as lines:
        Scheduler(house.store, WorkersSettings(), lambda _: None).sweep()
    with house.store.begin() as tx:
        states = [tx.uploads.get(device.actor, ident).state for ident in (broken, sound)]
        tx.connection.execute(update(uploads).where(uploads.c.id == broken).values(length_bytes=100))

    assert states == [UploadState.OPEN, UploadState.RECEIVED]
    (called,) = [line for line in lines if line.get("upload_id") == str(broken)]
    assert (called["log_level"], called["problem"]) == ("critical", "objects-damaged")


def test_a_checkpoint_of_another_key_is_no_mistake_of_the_reader(house: House) -> None:
    """The page of the log answers 500 when what is kept as its checkpoint was not signed by it."""
    integrate(house.store)
    with unguarded(house.store) as tx:
        last = tx.connection.scalar(select(func.max(checkpoints.c.size)))
        note = tx.connection.scalar(select(checkpoints.c.note).where(checkpoints.c.size == last))
        text_part, _, line = str(note).rpartition(" ")
        raw = bytearray(base64.b64decode(line))
        raw[-1] ^= 1
        forged = f"{text_part} {base64.b64encode(raw).decode()}\n"
        tx.connection.execute(update(checkpoints).where(checkpoints.c.size == last).values(note=forged))
    page = httpx.get(
        f"{house.url}/console/custody",
        cookies={"qc_session": house.token},
        verify=TRUST,
        timeout=PATIENCE_SECONDS,
    )
    with unguarded(house.store) as tx:
        tx.connection.execute(update(checkpoints).where(checkpoints.c.size == last).values(note=note))

    assert page.status_code == 500
    assert "log-key-differs" in page.text
