"""Batches of fixed equipment: a result for every row, nothing half-written, a chain from the first byte."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import event, func, select, update

from schemas.actor import Role
from schemas.base import rfc3339
from schemas.digest import sha256_hex
from schemas.equipment import MANDATORY_KINDS, CertificateIn
from schemas.errors import EvidenceError, Invalid, Refused, TooLarge
from schemas.event import Event
from schemas.intake import parse_intake, row_path, verify_intake, verify_row
from schemas.leaves_monitoring import CertificateKinds, IntakeReceiveRuled
from schemas.monitoring_row import RowOutcome
from schemas.record_id import record_id, salted_row_hash
from schemas.recording import Recording, RecordingState
from storage.flow.intake import receive_batch
from storage.flow.receive import Receiving
from storage.monitoring.batch import parse_batch, put_pictures
from storage.outbox import JobKind
from storage.recording.upload import NewUpload
from storage.settings import seed
from storage.store import Store, utc_now
from storage.tables.monitoring import intakes, monitoring_media, monitoring_records
from storage.tables.recording import recordings
from tests.factories import events_of, folder_url, make_account, make_settings
from tests.media import jpeg
from tests.monitoring import Highway, jpeg_media, make_highway
from tests.owner import owning

REFUSED = [
    ("row-invalid", b"{broken"),
    ("row-invalid", b"[1, 2]"),
    ("row-invalid", b'{"equipment": "x", "equipment": "y"}'),
    ("row-invalid", {"captured_at": "yesterday"}),
    ("row-invalid", {"record_id": ""}),
    ("row-invalid", {"unknown": 1}),
    ("row-invalid", {"lat_e7": 333_400_000, "lon_e7": None, "crs": None}),
    ("row-invalid", {"values": [{"name": "gross_weight", "value": "NaN", "unit": "kg"}]}),
    ("unit-mixed-up", {"values": [{"name": "gross_weight", "value": "52300", "unit": "lb"}]}),
    ("value-implausible", {"values": [{"name": "gross_weight", "value": "52300", "unit": "t"}]}),
    ("value-implausible", {"values": [{"name": "speed", "value": 120, "unit": "km/h", "limit": "9999"}]}),
    ("row-in-future", {"captured_at": "2990-01-01T00:00:00Z"}),
    ("equipment-unknown", {"equipment": "NOBODY"}),
    ("inline-media-invalid", {"media": [{"jpeg": "%%%"}]}),
    ("inline-media-invalid", {"media": [{"jpeg": "aGVsbG8="}]}),
    ("inline-media-invalid", {"media": [jpeg_media(b"\xff\xd8\xff" + bytes(300_000))]}),
    ("upload-unknown", {"media": [{"upload": "00000000-0000-4000-8000-000000000000"}]}),
]


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("intake"))))
    yield made
    made.close()


@pytest.fixture(scope="module")
def road(store: Store) -> Highway:
    return make_highway(store)


def kept(store: Store, road: Highway) -> int:
    with store.begin() as tx:
        query = select(func.count()).where(monitoring_records.c.equipment_id == road.equipment_id)
        return tx.connection.execute(query).scalar_one()


def test_a_row_is_kept_with_its_chain(store: Store, road: Highway) -> None:
    """Each kept row is proven by its salt and path to the root of a manifest that registry and log hold."""
    receipt = road.send(*(road.row() for _ in range(5)))
    about = f"intake/{receipt.intake_id}"
    with store.begin() as tx:
        intake = tx.connection.execute(select(intakes).where(intakes.c.id == receipt.intake_id)).one()
        rows = tx.connection.execute(
            select(monitoring_records)
            .where(monitoring_records.c.intake_id == receipt.intake_id)
            .order_by(monitoring_records.c.intake_index)
        ).all()
        (entry,) = tx.custody.entries_for(about)
        salts = tx.custody.row_salts(about)
    manifest = verify_intake(
        intake.payload, intake.signature, public_of(seed(store.settings.registry_key, "REGISTRY_KEY"))
    )
    with store.begin() as tx:
        raws = [tx.monitoring.raw(road.handler, row.id) for row in rows]
    hashes = [salted_row_hash(salts[k], raw) for k, raw in enumerate(raws)]
    for row in rows:
        path = row_path(hashes, row.intake_index)
        verify_row(
            manifest, raws[row.intake_index], salt=salts[row.intake_index], index=row.intake_index, path=path
        )

    assert [one.outcome for one in receipt.results] == [RowOutcome.RECEIVED] * 5
    assert isinstance(entry.act, IntakeReceiveRuled)
    assert entry.act == IntakeReceiveRuled(
        agency=f"agency/{road.agency}",
        seq=manifest.seq,
        sha256=intake.sha256,
        signature_sha256=sha256_hex(intake.signature.encode()),
        rows=5,
        root=manifest.root,
        due_at=rows[0].due_at.astimezone(UTC),
        certificates=(CertificateKinds(kinds=MANDATORY_KINDS),),
    )
    assert receipt.sha256 == intake.sha256
    assert {row.version for row in rows} == {0}


def test_ids_of_records_follow_from_their_batch(store: Store, road: Highway) -> None:
    """Whoever has the leaf of a batch knows the id of each of its records, and when all of them came."""
    receipt = road.send(*(road.row() for _ in range(3)))
    with store.begin() as tx:
        (entry,) = tx.custody.entries_for(f"intake/{receipt.intake_id}")
        received = tx.connection.scalars(
            select(monitoring_records.c.received_at).where(
                monitoring_records.c.intake_id == receipt.intake_id
            )
        ).all()
    at = entry.leaf.at

    assert [one.id for one in receipt.results] == [
        record_id(at, receipt.sha256, position) for position in range(3)
    ]
    assert {*received, receipt.received_at} == {at}


def test_no_two_rows_have_one_salt(store: Store, road: Highway) -> None:
    """Equal rows of two batches stand in their trees under different hashes."""
    made = [road.send(road.row()).intake_id for _ in range(2)]
    with store.begin() as tx:
        salts = [tx.custody.row_salts(f"intake/{one}")[0] for one in made]

    assert salts[0] != salts[1]
    assert {len(one) for one in salts} == {16}


def public_of(private: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def test_the_manifests_of_a_source_have_no_gap(store: Store) -> None:
    """Each intake names the one before it, so that a batch that vanished leaves a hole."""
    road = make_highway(store)
    for _ in range(3):
        road.send(road.row())
    with store.begin() as tx:
        rows = tx.connection.execute(
            select(intakes).where(intakes.c.source_id == road.source.id).order_by(intakes.c.seq)
        ).all()
    manifests = [parse_intake(row.payload) for row in rows]

    assert [one.seq for one in manifests] == [1, 2, 3]
    assert [one.prev for one in manifests[1:]] == [row.sha256 for row in rows[:-1]]


@pytest.mark.parametrize(("slug", "bad"), REFUSED)
def test_a_bad_row_refuses_itself_only(store: Store, road: Highway, slug: str, bad: dict | bytes) -> None:
    """A broken row is refused by name and the sound row beside it is received."""
    row = bad if isinstance(bad, bytes) else road.row(**bad)
    if isinstance(bad, dict) and bad.get("lat_e7"):
        row.pop("lon_e7", None)
    before = kept(store, road)
    receipt = road.send(row, road.row())

    assert [one.outcome for one in receipt.results] == [RowOutcome.REFUSED, RowOutcome.RECEIVED]
    assert receipt.results[0].problem == slug
    assert kept(store, road) == before + 1


def test_the_same_row_again_is_a_duplicate(store: Store, road: Highway) -> None:
    """Sending a row again, spelled differently, changes nothing and gives the id that stands."""
    row = road.row()
    first = road.send(row).results[0]
    again = road.send(
        json.dumps(dict(reversed(row.items())), indent=None, separators=(" , ", " : ")).encode()
    )

    assert again.results[0].outcome is RowOutcome.DUPLICATE
    assert again.results[0].id == first.id
    assert again.intake_id is None


def test_the_same_id_with_other_content_is_a_conflict(store: Store, road: Highway) -> None:
    """A record id that was used before with other content is a conflict, and the first content stays."""
    row = road.row()
    first = road.send(row).results[0]
    other = road.send({**row, "plate": "苏J99999"}).results[0]
    with store.begin() as tx:
        stays = tx.monitoring.get(road.first, first.id)

    assert (other.outcome, other.problem, other.id) == (RowOutcome.CONFLICT, "record-conflict", first.id)
    assert stays.plate == row["plate"]


def test_twice_in_one_batch(store: Store, road: Highway) -> None:
    """Within one batch a repeated id is a duplicate when its content is the same, and a conflict otherwise."""
    row = road.row()
    results = road.send(row, row, {**row, "matter": "其他"}).results

    assert [one.outcome for one in results] == [
        RowOutcome.RECEIVED,
        RowOutcome.DUPLICATE,
        RowOutcome.CONFLICT,
    ]
    assert results[1].id == results[0].id


def test_a_batch_over_the_limit_writes_nothing(store: Store, road: Highway) -> None:
    """More than 1,000 rows, or none at all, refuses the whole batch."""
    before = kept(store, road)
    with pytest.raises(TooLarge):
        road.send(*(road.row() for _ in range(1001)))
    with pytest.raises(Invalid, match="no row"):
        road.send(b"", b"  ")

    assert kept(store, road) == before


def test_a_thousand_rows(store: Store, road: Highway) -> None:
    """A full batch is received whole."""
    receipt = road.send(*(road.row() for _ in range(1000)))

    assert {one.outcome for one in receipt.results} == {RowOutcome.RECEIVED}


def test_rows_cost_no_statement_of_their_own(store: Store, road: Highway) -> None:
    """A batch of two hundred rows asks the database as often as a batch of two."""
    asked: list[str] = []

    def count(_: object, __: object, statement: str, *___: object) -> None:
        asked.append(statement)

    counts = []
    event.listen(store.engine, "before_cursor_execute", count)
    try:
        for rows in (2, 200):
            asked.clear()
            road.send(*(road.row() for _ in range(rows)))
            counts.append(len(asked))
    finally:
        event.remove(store.engine, "before_cursor_execute", count)

    assert counts[0] == counts[1]


def test_an_inline_picture_becomes_a_recording(store: Store, road: Highway) -> None:
    """An inline JPEG passes the same receipt, verification and custody as an officer's photo."""
    picture = jpeg(320, 240)
    row = road.row(media=[jpeg_media(picture)])
    ident = road.send(row).results[0].id
    with store.begin() as tx:
        (recording_id,) = tx.monitoring.media(ident)
        recording = tx.recordings.known(recording_id)
        raw = tx.monitoring.raw(road.handler, ident)
    stored = read_object(store, recording)

    assert stored == picture
    assert recording.state is RecordingState.RECEIVED
    assert events_of(store, f"recording/{recording_id}") == [Event.RECORDING_RECEIVE]
    assert recording.declared_sha256.encode() in raw
    assert len(raw) < len(picture)
    assert (
        raw.replace(b"sha256:" + recording.declared_sha256.encode(), jpeg_media(picture)["jpeg"].encode())
        == json.dumps(row).encode()
    )
    with store.begin() as tx:
        assert tx.jobs.waiting()[JobKind.VERIFY] >= 1


def read_object(store: Store, recording: Recording) -> bytes:
    payload = bytearray(recording.size_bytes)
    with store.objects.open(recording.object_key, recording.version_id) as source:
        assert source.readinto(memoryview(payload)) == len(payload)
    return bytes(payload)


def test_a_retry_after_a_crash_meets_its_own_picture(store: Store, road: Highway) -> None:
    """A batch whose pictures were stored and whose commit was lost is received whole when it is sent again."""
    lines = {1: json.dumps(road.row(media=[jpeg_media(jpeg(64, 64))])).encode()}
    batch = parse_batch(road.source, lines, store.clock(), timedelta(0))
    with store.begin() as tx:
        tx.intakes.compare(batch)
        put_pictures(store.objects, batch)
    results = receive_batch(store, road.source, lines).results

    assert [one.outcome for one in results] == [RowOutcome.RECEIVED]


def test_two_copies_of_a_batch_at_once(store: Store, road: Highway) -> None:
    """The same batch sent twice in parallel is received once; the other finds duplicates."""
    rows = [road.row(media=[jpeg_media(jpeg(48, 48))]), *(road.row() for _ in range(20))]
    with ThreadPoolExecutor(2) as pool:
        receipts = list(pool.map(lambda _: road.send(*rows), range(2)))
    outcomes = sorted({one.outcome for one in receipt.results} for receipt in receipts)

    assert [*map(list, sorted(outcomes, key=str))] == [[RowOutcome.DUPLICATE], [RowOutcome.RECEIVED]]


def test_only_a_bound_source_hands_in(store: Store, road: Highway) -> None:
    """A person may hand in no batch, and a source none for equipment of another."""
    stranger = make_highway(store)
    person = make_account(store, road.agency, Role.HANDLER)[1]
    with pytest.raises(Refused):
        receive_batch(store, person, {1: json.dumps(road.row()).encode()})
    result = stranger.send(road.row()).results[0]

    assert result.problem == "equipment-unknown"


def test_a_closed_gate_is_stored_with_the_record(store: Store) -> None:
    """A record of equipment that was not admitted is kept, and says what was missing when it was captured."""
    road = make_highway(store, is_admitted=False)
    result = road.send(road.row()).results[0]

    assert result.outcome is RowOutcome.RECEIVED
    assert set(result.gate_faults) == {
        "certificate-missing", "technical-review-missing", "legal-review-missing", "publication-missing",
    }  # fmt: skip


def test_what_a_row_said_never_changes(store: Store, road: Highway) -> None:
    """The database refuses to change or delete what equipment recorded."""
    ident = road.one()
    for change in (
        update(monitoring_records).where(monitoring_records.c.id == ident).values(raw=b"other"),
        monitoring_records.delete().where(monitoring_records.c.id == ident),
    ):
        with pytest.raises(Exception, match=r"never changes|append-only"), owning(store) as tx:
            tx.connection.execute(change)


def test_an_upload_of_the_source_is_taken_by_reference(store: Store, road: Highway) -> None:
    """A row may name a completed upload of its own source; one of somebody else is refused."""
    with store.begin() as tx:
        upload = tx.uploads.open(road.source, NewUpload(length_bytes=3, filename="clip.mp4"))
    unfinished = road.send(road.row(media=[{"upload": str(upload.id)}])).results[0]
    receiving = Receiving.begin(store, road.source, upload.id, offset=0, content_length=3)
    receiving.store([b"abc"])
    ident = road.send(road.row(media=[{"upload": str(upload.id)}])).results[0].id
    with store.begin() as tx:
        media = tx.connection.execute(
            select(recordings.c.upload_id)
            .join(monitoring_media, monitoring_media.c.recording_id == recordings.c.id)
            .where(monitoring_media.c.monitoring_id == ident)
        ).scalars()
        assert list(media) == [upload.id]
    assert unfinished.problem == "upload-incomplete"


def test_a_certificate_of_tomorrow_closes_the_gate_today(store: Store) -> None:
    """A certificate that starts tomorrow does not cover what is captured today."""
    road = make_highway(store, is_admitted=False)
    with store.begin() as tx:
        version = tx.equipment.get(road.custodian, road.equipment_id).version
        wish = CertificateIn(
            number="T",
            issuer="x",
            valid_from=tx.now + timedelta(days=1),
            valid_until=tx.now + timedelta(days=9),
        )
        tx.equipment.certify(road.custodian, road.equipment_id, wish, version)
    result = road.send(road.row(captured_at=rfc3339(utc_now()))).results[0]

    assert "certificate-missing" in result.gate_faults


def test_errors_are_of_the_tree(road: Highway) -> None:
    """No row, however broken, raises anything but the tree's errors."""
    for line in (b"\xff", b"null", b'"x"', b"{}", b'{"a":' + b"[" * 2000, b"1e999", b'{"a": NaN}'):
        try:
            receipt = road.send(line, road.row())
        except EvidenceError:
            continue
        assert receipt.results[0].outcome is RowOutcome.REFUSED
