"""The line without HTTP: enrol, declare, send, verify – on PostgreSQL and a folder store."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError

from schemas.actor import Actor, Role
from schemas.case import CaseIn
from schemas.digest import sha256_hex
from schemas.errors import (
    Conflict,
    EvidenceError,
    LeaseLost,
    NotAuthenticated,
    NotFound,
    OffsetMismatch,
    Refused,
)
from schemas.event import Event
from schemas.integrity import Outcome, Verdict
from schemas.leaves_recording import UploadExpire
from schemas.manifest import ManifestState
from schemas.recording import Recording, RecordingFilter, RecordingState
from schemas.upload import MIB, UploadState
from storage.flow.receive import Receiving, complete
from storage.objects.port import Stored
from storage.outbox import Job, JobKind
from storage.recording.upload import NewUpload
from storage.store import Store
from storage.tables.actor import sessions
from storage.tables.outbox import jobs
from storage.tables.recording import uploads
from tests.factories import (
    LOST,
    OFFICERS,
    TestDevice,
    append,
    assertion,
    enrol_device,
    events_of,
    faults,
    folder_url,
    make_account,
    make_agency,
    make_settings,
)
from tests.media import jpeg
from tests.owner import owning
from workers.custody import integrate
from workers.media.sandbox.parent import Sandbox
from workers.recording import Verifier
from workers.runner import Runner
from workers.settings import WorkersSettings


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("line"))))
    yield made
    made.close()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


@pytest.fixture(scope="module")
def agency(store: Store) -> UUID:
    ident = make_agency(store)
    for number in OFFICERS:
        make_account(store, ident, Role.OFFICER, certificate=number)
    return ident


@pytest.fixture(scope="module")
def custodian(store: Store, agency: UUID) -> Actor:
    return make_account(store, agency, Role.CUSTODIAN)[1]


@pytest.fixture(scope="module")
def reviewer(store: Store, agency: UUID) -> Actor:
    return make_account(store, agency, Role.HEAD)[1]


@pytest.fixture
def device(store: Store, custodian: Actor) -> TestDevice:
    return enrol_device(store, custodian)


@pytest.fixture(scope="module")
def sealed(store: Store, sandbox: Sandbox, custodian: Actor) -> UUID:
    """A recording that came with a manifest, was checked and is sealed."""
    ident = enrol_device(store, custodian).capture("kept.jpg", jpeg())
    drain(store, sandbox)
    return ident


def drain(store: Store, sandbox: Sandbox) -> int:
    settings = WorkersSettings()
    return Runner(store, sandbox, settings).drain(JobKind.VERIFY)


def recording_of(store: Store, reviewer: Actor, ident: UUID) -> Recording:
    with store.begin() as tx:
        return tx.recordings.get(reviewer, ident)


def outcomes(store: Store, ident: UUID) -> dict[str, tuple[Outcome, str]]:
    with store.begin() as tx:
        return {row.check.name: (row.check.outcome, row.check.code) for row in tx.recordings.checks(ident)}


def test_a_good_capture_is_sealed(
    store: Store, sandbox: Sandbox, device: TestDevice, reviewer: Actor
) -> None:
    """A signed photo becomes a sealed recording: verified, locked, logged, and provable after integration."""
    ident = device.capture("a.jpg", jpeg())
    assert recording_of(store, reviewer, ident).state is RecordingState.RECEIVED
    drain(store, sandbox)
    found = recording_of(store, reviewer, ident)

    assert (found.state, found.verdict) == (RecordingState.SEALED, Verdict.VERIFIED)
    assert found.media_type == "image/jpeg"
    assert found.has_thumbnail
    assert found.officers == OFFICERS
    assert events_of(store, f"recording/{ident}") == [Event.RECORDING_RECEIVE, Event.RECORDING_SEAL]
    locked = store.objects.stat(found.object_key, found.version_id).retain_until
    assert locked is not None
    assert locked >= found.received_at + timedelta(days=180)
    with store.begin() as tx:
        assert not tx.recordings.may_delete_local(found)
    integrate(store)
    with store.begin() as tx:
        assert tx.recordings.may_delete_local(found)
        for entry in tx.custody.entries_for(f"recording/{ident}"):
            assert tx.custody.proof(entry.entry_id) is not None


def test_other_bytes_than_declared_are_quarantined(
    store: Store, sandbox: Sandbox, device: TestDevice, reviewer: Actor
) -> None:
    """Bytes that are not the manifest's are kept, locked and quarantined, with the reason."""
    manifest = device.manifest({"a.jpg": jpeg()})
    with store.begin() as tx:
        tx.manifests.declare(device.actor, manifest, device.sign(manifest))
    other = bytearray(jpeg())
    other[-10] ^= 1
    ident = device.send("a.jpg", bytes(other), manifest=manifest, declared_sha256=sha256_hex(jpeg()))
    drain(store, sandbox)
    found = recording_of(store, reviewer, ident)

    assert (found.state, found.verdict) == (RecordingState.QUARANTINED, Verdict.MISMATCH)
    assert outcomes(store, ident)["digest"] == (Outcome.MISMATCH, "digest-mismatch")
    assert store.objects.stat(found.object_key, found.version_id).retain_until is not None
    assert events_of(store, f"recording/{ident}")[-1] is Event.RECORDING_QUARANTINE


def test_without_a_manifest_nothing_is_claimed(
    store: Store, sandbox: Sandbox, device: TestDevice, reviewer: Actor
) -> None:
    """A stock client's upload is sealed and says that signature and key were not checked, and that it names nobody."""
    ident = device.send("b.jpg", jpeg())
    drain(store, sandbox)

    found = recording_of(store, reviewer, ident)
    assert (found.verdict, found.remarks) == (Verdict.NOT_CHECKED, 1), "what nobody signed is never passed"
    assert outcomes(store, ident)["officers"] == (Outcome.MISMATCH, "officers-fewer-than-two")
    assert outcomes(store, ident)["manifest_signature"] == (Outcome.NOT_CHECKED, "manifest-absent")
    assert outcomes(store, ident)["device_key"] == (Outcome.NOT_CHECKED, "device-key-no-manifest")


def test_wrong_signature_is_kept_and_quarantines_the_file(
    store: Store, sandbox: Sandbox, device: TestDevice, reviewer: Actor, custodian: Actor
) -> None:
    """A manifest under another device's key is refused but kept, and its file is quarantined."""
    manifest = device.manifest({"c.jpg": jpeg()})
    stranger = enrol_device(store, custodian)
    with store.begin() as tx:
        refused = tx.manifests.declare(device.actor, manifest, stranger.sign(manifest))

    assert (refused.state, refused.problem) == ("refused", "manifest-signature-invalid")
    ident = device.send("c.jpg", jpeg(), manifest=manifest)
    drain(store, sandbox)
    assert recording_of(store, reviewer, ident).state is RecordingState.QUARANTINED
    assert outcomes(store, ident)["manifest_signature"] == (Outcome.MISMATCH, "manifest-signature-invalid")


def test_same_manifest_again_is_the_same_declaration(store: Store, device: TestDevice) -> None:
    """Sending the same signed bytes twice gives one declaration, said to be a replay."""
    manifest = device.manifest({"d.jpg": jpeg()})
    answers = []
    for _ in range(2):
        with store.begin() as tx:
            answers.append(tx.manifests.declare(device.actor, manifest, device.sign(manifest)))

    assert answers[0].manifest_id == answers[1].manifest_id
    assert [answer.is_replay for answer in answers] == [False, True]


def test_another_device_cannot_replay_a_manifest(store: Store, device: TestDevice, custodian: Actor) -> None:
    """A manifest handed in under another device's token is refused as a replay."""
    manifest = device.manifest({"e.jpg": jpeg()})
    thief = enrol_device(store, custodian)
    with store.begin() as tx:
        answer = tx.manifests.declare(thief.actor, manifest, device.sign(manifest))

    assert answer.problem == "manifest-replayed"


def test_gap_and_fork_are_findings(store: Store, sandbox: Sandbox, device: TestDevice) -> None:
    """A missing number and two manifests of one number are findings; both files are kept and sealed."""
    device.seq += 1
    gap = device.capture("f.jpg", jpeg())
    device.seq -= 1
    fork = device.capture("g.jpg", jpeg())
    drain(store, sandbox)

    assert outcomes(store, gap)["manifest_sequence"][1] == "sequence-gap"
    assert outcomes(store, fork)["manifest_sequence"][1] == "sequence-fork"


def test_case_number_of_another_agency_is_a_finding(
    store: Store, sandbox: Sandbox, device: TestDevice
) -> None:
    """A case number that is another agency's is answered like one that does not exist, and nothing is lost."""
    other = make_agency(store)
    _, handler = make_account(store, other, Role.HANDLER)
    with store.begin() as tx:
        tx.cases.open(handler, CaseIn(number="他案-1", party="x", matter="x", place="x"))
    ident = device.capture("h.jpg", jpeg(), context={"case": "他案-1"})
    drain(store, sandbox)

    assert outcomes(store, ident)["case"] == (Outcome.NOT_CHECKED, "case-unknown")


def test_stated_case_is_linked(store: Store, device: TestDevice, agency: UUID) -> None:
    """A recording that names an open case of its own agency is linked with its receipt."""
    _, handler = make_account(store, agency, Role.HANDLER)
    with store.begin() as tx:
        case = tx.cases.open(handler, CaseIn(number="本案-1", party="x", matter="x", place="x"))
    ident = device.capture("i.jpg", jpeg(), context={"case": "本案-1"})
    with store.begin() as tx:
        assert [one.id for one in tx.recordings.of_case(case.id)] == [ident]
        tx.cases.unlink(handler, case.id, ident, "手误", case.version)
        assert tx.recordings.of_case(case.id) == ()
        assert len(tx.cases.links(case.id)) == 1

    assert events_of(store, f"case/{case.id}") == [Event.CASE_OPEN, Event.CASE_LINK, Event.CASE_UNLINK]


def test_pieces_arrive_in_any_cut(
    store: Store, device: TestDevice, reviewer: Actor, sandbox: Sandbox
) -> None:
    """However a file of several parts is cut, what is stored is the file."""
    payload = bytes(range(256)) * (17 * MIB // 256)
    with store.begin() as tx:
        upload = tx.uploads.open(device.actor, NewUpload(length_bytes=len(payload), filename="big.bin"))
    start = 0
    for size in (1, 5 * MIB, 3 * MIB, 7 * MIB + 13, len(payload)):
        done = append(store, device.actor, upload.id, payload[start : start + size])
        start = done.offset_bytes
    assert done.state is UploadState.RECEIVED
    assert done.recording_id is not None
    drain(store, sandbox)

    assert recording_of(store, reviewer, done.recording_id).sha256 == sha256_hex(payload)


def test_beaten_request_changes_nothing(store: Store, device: TestDevice) -> None:
    """When a newer request holds the upload, the older one's bytes never count."""
    with store.begin() as tx:
        upload = tx.uploads.open(device.actor, NewUpload(length_bytes=20 * MIB, filename="x.bin"))
    old = Receiving.begin(store, device.actor, upload.id, offset=0, content_length=None)
    new = Receiving.begin(store, device.actor, upload.id, offset=0, content_length=None)
    with pytest.raises(Conflict) as caught:
        old.store([b"o" * (8 * MIB)])
    with pytest.raises(Conflict):
        old.keep([b"o"])

    assert caught.value.slug == "upload-preempted"
    assert new.store([b"n" * (8 * MIB)]) == 8 * MIB
    with pytest.raises(OffsetMismatch):
        Receiving.begin(store, device.actor, upload.id, offset=0, content_length=None)


def test_what_is_wrong_with_a_completion_is_said_in_order(store: Store, device: TestDevice) -> None:
    """Who lost the upload is told that and may go on; only who holds it hears of another size, which is a fault of ours."""
    with store.begin() as tx:
        upload = tx.uploads.open(device.actor, NewUpload(length_bytes=3, filename="y.bin"))
    stored = Stored(version_id="v", size_bytes=4)
    for token, slug in ((uuid4(), "upload-preempted"), (None, "size-disagrees")):
        with pytest.raises(EvidenceError) as caught, store.begin() as tx:
            tx.uploads.complete(upload, stored, key="evidence/none", token=token)
        assert caught.value.slug == slug
    with store.begin() as tx:
        assert tx.uploads.get(device.actor, upload.id).state is UploadState.OPEN


def test_complete_is_idempotent(store: Store, device: TestDevice) -> None:
    """Completing again gives the same recording, one receive entry and one job."""
    with store.begin() as tx:
        upload = tx.uploads.open(device.actor, NewUpload(length_bytes=3, filename="y.bin"))
    with pytest.raises(Conflict):
        complete(store, device.actor, upload.id)
    first = append(store, device.actor, upload.id, b"abc")
    again = complete(store, device.actor, upload.id)
    with store.begin() as tx:
        receipt = tx.uploads.receipt(device.actor, upload.id)
        made = tx.connection.execute(select(jobs).where(jobs.c.subject_id == first.recording_id)).all()

    assert first.recording_id == again.recording_id == receipt.recording_id
    assert events_of(store, f"recording/{first.recording_id}") == [Event.RECORDING_RECEIVE]
    assert len(made) == 1


def test_same_file_of_a_manifest_opens_once(store: Store, device: TestDevice) -> None:
    """A client that lost the Location opens again and gets the upload that is open already."""
    manifest = device.manifest({"z.bin": b"abc"})
    wish = NewUpload(
        length_bytes=3,
        filename="z.bin",
        manifest_sha256=sha256_hex(manifest),
        declared_sha256=sha256_hex(b"abc"),
    )
    with store.begin() as tx:
        tx.manifests.declare(device.actor, manifest, device.sign(manifest))
        ids = {tx.uploads.open(device.actor, wish).id for _ in range(3)}

    assert len(ids) == 1


def test_zero_bytes_are_evidence_too(
    store: Store, sandbox: Sandbox, device: TestDevice, reviewer: Actor
) -> None:
    """An empty file is received, sealed and flagged, not refused."""
    with store.begin() as tx:
        upload = tx.uploads.open(device.actor, NewUpload(length_bytes=0, filename="empty.jpg"))
    done = complete(store, device.actor, upload.id)
    assert done.recording_id is not None
    drain(store, sandbox)

    assert recording_of(store, reviewer, done.recording_id).state is RecordingState.SEALED
    assert outcomes(store, done.recording_id)["container"][1] == "zero-bytes"


def test_lost_lease_writes_nothing(
    store: Store, sandbox: Sandbox, device: TestDevice, reviewer: Actor
) -> None:
    """A worker whose lease went to another writes nothing, and the other comes to the same answer."""
    ident = device.capture("k.jpg", jpeg())
    verifier = Verifier(store, sandbox, WorkersSettings())
    with store.begin() as tx:
        mine = [
            job
            for job in tx.jobs.claim(JobKind.VERIFY, limit=50, lease_seconds=60)
            if job.subject_id == ident
        ]
    stale = Job(**{**mine[0].model_dump(), "lease_token": uuid4()})
    with pytest.raises(LeaseLost):
        verifier.run(stale)
    assert recording_of(store, reviewer, ident).state is RecordingState.RECEIVED

    verifier.run(mine[0])
    assert recording_of(store, reviewer, ident).state is RecordingState.SEALED


def test_scope_answers_not_found(store: Store, device: TestDevice, custodian: Actor) -> None:
    """Another agency's reviewer finds nothing; a custodian sees the facts but not the media."""
    ident = device.capture("l.jpg", jpeg())
    _, stranger = make_account(store, make_agency(store), Role.HEAD)
    with store.begin() as tx:
        with pytest.raises(NotFound):
            tx.recordings.get(stranger, ident)
        assert tx.recordings.page(stranger, RecordingFilter()).rows == ()
        assert tx.recordings.get(custodian, ident).id == ident
        with pytest.raises(Refused) as caught:
            tx.recordings.watchable(custodian, ident)

    assert caught.value.facts["permission"] == "recording:watch"


def test_pages_are_complete_and_in_order(store: Store, reviewer: Actor) -> None:
    """Walking the list by its cursor shows every recording once, newest first."""
    seen: list[UUID] = []
    after = None
    while True:
        with store.begin() as tx:
            page = tx.recordings.page(reviewer, RecordingFilter(), after=after, limit=3)
        seen += [row.id for row in page.rows]
        after = page.next
        if after is None:
            break

    assert len(seen) == len(set(seen)) > 3
    assert seen == sorted(seen, reverse=True)


def test_assertion_serves_once(store: Store, device: TestDevice) -> None:
    """An assertion that was used, is too old, or is signed by another key gives no token."""
    with store.begin() as tx:
        at = int(tx.now.timestamp())
        once = assertion(device.key, device.kid, at)
        tx.devices.token(once)
    for bad in (
        once,
        assertion(device.key, device.kid, at - 3600),
        assertion(device.key, device.kid, at, aud="other"),
        assertion(device.key, device.kid, at, exp=at + 3600),
    ):
        with store.begin() as tx, pytest.raises(NotAuthenticated):
            tx.devices.token(bad)


def test_revoked_device_has_no_token_and_cannot_declare(
    store: Store, device: TestDevice, custodian: Actor
) -> None:
    """After revocation the token ends at once, nothing is taken from the device, and what a person brings is refused."""
    manifest = device.manifest({"m.jpg": jpeg()})
    _, officer = make_account(store, device.actor.agency_id, Role.OFFICER)
    with store.begin() as tx:
        tx.devices.revoke(custodian, device.id, LOST)
    with store.begin() as tx, pytest.raises(NotAuthenticated):
        tx.accounts.actor_of(device.token)
    with pytest.raises(NotAuthenticated), store.begin() as tx:
        tx.manifests.declare(device.actor, manifest, device.sign(manifest))
    with store.begin() as tx:
        answer = tx.manifests.declare(officer, manifest, device.sign(manifest))

    assert (answer.state, answer.problem) == (ManifestState.REFUSED, "device-key-revoked")


def test_ended_tokens_are_forgotten(store: Store, device: TestDevice) -> None:
    """The sweep deletes sessions that have ended and keeps those that have not."""
    with store.begin() as tx:
        tx.connection.execute(
            update(sessions)
            .where(sessions.c.device_id == device.id)
            .values(expires_at=tx.now - timedelta(seconds=1))
        )
        before = tx.connection.scalar(select(func.count()).where(sessions.c.expires_at > tx.now))
        tx.accounts.forget_ended()
        left = tx.connection.scalars(select(sessions.c.device_id)).all()

    assert device.id not in left
    assert len(left) == before


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM custody_entries",
        "TRUNCATE custody_entries CASCADE",
        "UPDATE custody_entries SET leaf = 'x'",
        "UPDATE checks SET outcome = 'verified'",
        "DELETE FROM recordings",
        "UPDATE recordings SET sha256 = repeat('0', 64) WHERE state = 'sealed'",
        "UPDATE recordings SET state = 'received' WHERE state = 'sealed'",
        "DELETE FROM manifests",
    ],
)
def test_guard_rails_bite(store: Store, sealed: UUID, statement: str) -> None:
    """A mistaken statement on an append-only table is refused by the database."""
    with pytest.raises(IntegrityError), owning(store) as tx:
        tx.connection.execute(text(statement))


def test_expired_upload_ends(store: Store, device: TestDevice) -> None:
    """An upload nobody finishes ends, with an entry; its bytes were never evidence."""
    with store.begin() as tx:
        upload = tx.uploads.open(device.actor, NewUpload(length_bytes=10, filename="n.bin"))
    append(store, device.actor, upload.id, b"begun")
    with store.begin() as tx:
        tx.connection.execute(
            update(uploads).where(uploads.c.id == upload.id).values(expires_at=tx.now - timedelta(seconds=1))
        )
    with store.begin() as tx:
        ended = tx.uploads.expire(limit=10)
        (leaf,) = (one.leaf for one in tx.custody.entries_for(f"upload/{upload.id}"))

    assert [one.id for one in ended] == [upload.id]
    assert isinstance(leaf.act, UploadExpire)
    assert (leaf.actor, leaf.act.offset_bytes, leaf.act.length_bytes) == ("service/worker", 5, 10)
    with pytest.raises(NotFound):
        complete(store, device.actor, upload.id)


def test_fsck_finds_nothing_on_a_sound_store_and_a_flipped_bit_on_another(
    store: Store, sandbox: Sandbox, device: TestDevice, reviewer: Actor
) -> None:
    """What the line made re-derives from bytes; one flipped bit of one object is named."""
    ident = device.capture("o.jpg", jpeg())
    drain(store, sandbox)
    integrate(store)
    assert faults(store) == []

    found = recording_of(store, reviewer, ident)
    root = Path(store.settings.objects_url.get_secret_value().removeprefix("file://"))
    inside = (path for path in root.rglob("*") if path.is_file() and found.object_key in str(path))
    path = next(path for path in inside if path.read_bytes() == jpeg())
    path.chmod(0o600)
    broken = bytearray(path.read_bytes())
    broken[100] ^= 1
    path.write_bytes(broken)

    assert faults(store) == [("object-bytes-differ", f"recording/{ident}")]
