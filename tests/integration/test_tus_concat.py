"""Concatenation (tus 1.0) from outside: files that are sent in pieces beside each other, over both kinds of store."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select, update

from api.settings import ApiSettings
from schemas.actor import Role
from schemas.digest import sha256_hex
from schemas.errors import Busy, IntegrityBroken
from schemas.ids import UploadId
from schemas.upload import MIB, Upload, UploadState
from storage.flow.receive import complete_left
from storage.objects.values import sha256_of
from storage.recording.concat import JOIN_GRACE
from storage.recording.upload import NewUpload
from storage.store import Store
from storage.tables.recording import recordings, upload_tails, uploads
from tests.factories import TestDevice, enrol_device, folder_url, make_account, make_agency, make_settings
from tests.server import serving, serving_apart
from tests.stand import PATIENCE_SECONDS, until
from tests.stores import Wire
from tests.tus import (
    BODY,
    VERSION,
    bearer,
    declared,
    metadata,
    offset_of,
    opened,
    patched,
    recorded,
    stored,
    stored_sha256,
)
from tests.web import TRUST
from workers.scheduler import Scheduler
from workers.settings import WorkersSettings

FEW = 4
"""How many uploads a sender of these tests may have open."""


@dataclass
class Place:
    """A server over one store, and one device."""

    store: Store
    url: str
    device: TestDevice

    def client(self, device: TestDevice | None = None) -> httpx.Client:
        """A client of the device's, or of another."""
        headers = bearer((device or self.device).token)
        return httpx.Client(base_url=self.url, headers=headers, verify=TRUST, timeout=PATIENCE_SECONDS)

    def another(self) -> TestDevice:
        """A device of another agency."""
        return enrol_device(self.store, make_account(self.store, make_agency(self.store), Role.CUSTODIAN)[1])

    def counts(self) -> tuple[int, int]:
        """How many recordings there are, and pieces that wait."""
        with self.store.begin() as tx:
            return tuple(
                tx.connection.scalar(select(func.count()).select_from(table)) or 0
                for table in (recordings, upload_tails)
            )

    def known(self, address: str) -> Upload:
        """An upload's row."""
        with self.store.begin() as tx:
            return tx.uploads.known(ident_of(address))

    def set(self, address: str, **values: object) -> None:
        """Change an upload's row, as time would."""
        with self.store.begin() as tx:
            tx.connection.execute(update(uploads).where(uploads.c.id == ident_of(address)).values(**values))


def ident_of(address: str) -> UploadId:
    return UploadId(UUID(address.rsplit("/", 1)[1]))


def placed(store: Store, url: str) -> Place:
    return Place(store, url, enrol_device(store, make_account(store, make_agency(store), Role.CUSTODIAN)[1]))


@pytest.fixture(scope="module", params=["folder", "minio"])
def place(
    request: pytest.FixtureRequest, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    is_minio = request.param == "minio"
    objects = request.getfixturevalue("objects_url") if is_minio else folder_url(tmp_path_factory.mktemp("o"))
    store = Store(make_settings(database_url, objects))
    with serving(store, ApiSettings()) as url:
        yield placed(store, url)
    store.close()


@pytest.fixture(scope="module")
def house(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A folder store, for what no kind of store makes a difference to."""
    store = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("o")), open_uploads=FEW))
    with serving(store, ApiSettings()) as url:
        yield placed(store, url)
    store.close()


@pytest.fixture
def client(house: Place) -> Iterator[httpx.Client]:
    """A device of its own, whose share is free."""
    with house.client(house.another()) as made:
        yield made


def piece(client: httpx.Client, payload: bytes, **headers: str) -> str:
    """Send a partial upload in one request with its creation; returns its address."""
    stated = {**VERSION, **BODY, "Upload-Concat": "partial", "Upload-Length": str(len(payload)), **headers}
    answer = client.post("/v1/uploads", content=payload, headers=stated)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Upload-Concat"] == "partial"
    return str(answer.headers["Location"])


def final(client: httpx.Client, *addresses: str, **headers: str) -> httpx.Response:
    """Ask for the file of these pieces."""
    stated = {**VERSION, "Upload-Concat": f"final;{' '.join(addresses)}", **headers}
    return client.post("/v1/uploads", headers=stated)


def test_a_file_is_made_of_its_pieces(place: Place) -> None:
    """Pieces of any size, opened and sent in any order, are one file in the order that is named, and nothing waits."""
    payloads = [os.urandom(size) for size in (17 * MIB + 1, 5, 9 * MIB, 0, 200_000)]
    with place.client() as client, ThreadPoolExecutor(3) as pool:
        recorded_before, waiting_before = place.counts()
        named = dict(
            zip((4, 2, 0, 3), pool.map(lambda at: piece(client, payloads[at]), (4, 2, 0, 3)), strict=True)
        )
        chopped = client.post(
            "/v1/uploads", headers={**VERSION, "Upload-Concat": "partial", "Upload-Length": "5"}
        ).headers["Location"]
        assert [patched(client, chopped, payloads[1][at : at + 1], at).status_code for at in range(5)] == [
            204
        ] * 5
        assert place.counts()[0] == recorded_before
        named[1] = chopped
        made = final(
            client, *(named[at] for at in range(5)), **{"Upload-Metadata": metadata(filename="a.mp4")}
        )
        length = str(sum(map(len, payloads)))
        receipt = client.get(f"{made.headers['Location']}/receipt").json()

        assert (made.status_code, made.headers["Upload-Offset"]) == (201, length)
        assert stored_sha256(place.store, made.headers["Location"]) == sha256_hex(b"".join(payloads))
        assert place.counts() == (recorded_before + 1, waiting_before)
        assert str(receipt["size_bytes"]) == length
        said = client.head(made.headers["Location"], headers=VERSION).headers
        assert (said["Upload-Length"], said["Upload-Offset"]) == (length, length)
    left = set(place.store.objects.old_staging(place.store.clock() + timedelta(days=1)))
    assert not [key for key in left for address in named.values() if str(ident_of(address)) in key]


def test_what_was_said_is_said_again(client: httpx.Client) -> None:
    """HEAD repeats Upload-Concat as it came, of a piece and of the file, absolute addresses or not."""
    first = piece(client, b"ab")
    second = str(client.base_url.join(piece(client, b"cd")))
    made = final(client, first, second)
    heads = [client.head(one, headers=VERSION) for one in (first, second, made.headers["Location"])]

    assert made.headers["Upload-Concat"] == f"final;{first} {second}"
    assert [one.headers["Upload-Concat"] for one in heads] == [
        "partial",
        "partial",
        f"final;{first} {second}",
    ]
    assert [one.headers["Upload-Offset"] for one in heads] == ["2", "2", "4"]


def test_a_file_takes_no_bytes_of_its_own(house: Place, client: httpx.Client) -> None:
    """PATCH of a final upload is 403 and changes nothing; of a piece that was joined nothing changes either."""
    pieces = [piece(client, b"ab"), piece(client, b"cd")]
    made = final(client, *pieces).headers["Location"]
    for offset in (0, 4):
        refused = patched(client, made, b"x", offset)
        assert (refused.status_code, refused.json()["slug"]) == (403, "concat-final")
    assert patched(client, made, b"", 4).status_code == 403
    assert patched(client, pieces[0], b"x", 2).status_code == 413
    assert patched(client, pieces[0], b"", 2).status_code == 204

    assert stored(house.store, made) == b"abcd"


def test_what_is_asked_again_is_the_same_file(house: Place, client: httpx.Client) -> None:
    """A repeated request for the same pieces finds the file that it made, however many ask at once."""
    pieces = [piece(client, b"ab"), piece(client, b"cd")]
    before = house.counts()[0]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: final(client, *pieces), range(8)))

    assert {(one.status_code, one.headers["Upload-Offset"]) for one in answers} == {(201, "4")}
    assert len({one.headers["Location"] for one in answers}) == 1
    assert house.counts()[0] == before + 1


def test_a_piece_is_used_once(client: httpx.Client) -> None:
    """A piece that stands twice, or belongs to another file, is refused; the others stay free."""
    first, second, third = (piece(client, bytes([at])) for at in range(3))
    twice = final(client, first, first)
    assert final(client, first, second).status_code == 201
    others = [final(client, second, first), final(client, first, third), final(client, first)]

    assert {(one.status_code, one.json()["slug"]) for one in [twice, *others]} == {(409, "concat-used")}
    assert final(client, third).status_code == 201


def test_pieces_are_joined_when_they_are_whole(house: Place, client: httpx.Client) -> None:
    """concatenation-unfinished is not offered: a piece that lacks bytes, or its length, is 409, and goes on."""
    whole = piece(client, b"ab")
    opening = {**VERSION, "Upload-Concat": "partial"}
    short = client.post("/v1/uploads", headers={**opening, "Upload-Length": "2"}).headers["Location"]
    endless = client.post("/v1/uploads", headers={**opening, "Upload-Defer-Length": "1"}).headers["Location"]
    patched(client, endless, b"ef")
    for other in (short, endless):
        refused = final(client, whole, other)
        assert (refused.status_code, refused.json()["slug"]) == (409, "concat-unfinished")
        assert refused.json()["partial"] == str(ident_of(other))
    assert patched(client, short, b"cd").status_code == 204
    assert patched(client, endless, b"", 2, **{"Upload-Length": "2"}).status_code == 204

    assert stored(house.store, final(client, whole, short, endless).headers["Location"]) == b"abcdef"


@pytest.mark.parametrize(
    "named", ["/v1/uploads/none", f"/v1/uploads/{UUID(int=7)}", "/elsewhere", "http://[", "//"]
)
def test_an_address_of_nothing_is_unknown(client: httpx.Client, named: str) -> None:
    """What names no upload of the sender's is 404, and the pieces beside it stay free."""
    whole = piece(client, b"ab")
    refused = final(client, whole, named)

    assert (refused.status_code, refused.json()["slug"]) == (404, "upload-unknown")
    assert final(client, whole).status_code == 201


def test_an_address_is_read_as_a_reference(house: Place, client: httpx.Client) -> None:
    """Addresses are references of RFC 3986: absolute, under whichever name of ours, by path, or relative."""
    pieces = [piece(client, bytes([at])) for at in b"abcd"]
    forms = ["{0}", "http://proxy.example.cn{0}", "//proxy.example.cn{0}", "{1}"]
    named = [form.format(one, one.rsplit("/", 1)[1]) for form, one in zip(forms, pieces, strict=True)]

    assert stored(house.store, final(client, *named).headers["Location"]) == b"abcd"


def test_nobody_joins_for_others(house: Place, client: httpx.Client) -> None:
    """A piece of another sender is unknown, as one that is not there."""
    with house.client(house.another()) as stranger:
        refused = final(stranger, piece(client, b"ab"))

    assert (refused.status_code, refused.json()["slug"]) == (404, "upload-unknown")


def test_a_file_is_no_piece(client: httpx.Client) -> None:
    """An upload that was not opened as a partial one, or is final itself, is no piece of another."""
    whole = final(client, piece(client, b"ab")).headers["Location"]
    plain = opened(client, 2)
    patched(client, plain, b"ab")

    assert {final(client, one).json()["slug"] for one in (whole, plain)} == {"concat-invalid"}


@pytest.mark.parametrize(
    "stated",
    [
        {"Upload-Concat": ""},
        {"Upload-Concat": "final;"},
        {"Upload-Concat": "final"},
        {"Upload-Concat": "Partial"},
        {"Upload-Concat": "partial;", "Upload-Length": "2"},
        {"Upload-Concat": "final;{0}  {0}"},
        {"Upload-Concat": "final;{0}", "Upload-Length": "2"},
        {"Upload-Concat": "final;{0}", "Upload-Defer-Length": "1"},
        {"Upload-Concat": "final;{0}", **BODY, "Content-Length": "1"},
    ],
)
def test_another_form_is_refused(client: httpx.Client, stated: dict[str, str]) -> None:
    """Upload-Concat is `partial` or `final;` and addresses; a final upload states no length and brings no bytes."""
    whole = piece(client, b"ab")
    headers = {name: value.format(whole) for name, value in stated.items()}
    body = b"x" if "Content-Length" in stated else b""
    refused = client.post("/v1/uploads", headers={**VERSION, **headers}, content=body)

    assert (refused.status_code, refused.json()["slug"]) == (400, "concat-invalid")
    assert final(client, whole).status_code == 201


@pytest.mark.parametrize("is_final", [False, True])
def test_a_manifests_file_is_one_upload(house: Place, *, is_final: bool) -> None:
    """A file that a signed manifest names is sent in one upload: neither a piece of it nor a file of pieces is taken."""
    device = house.another()
    manifest = device.manifest({"a.jpg": b"ab"})
    named = {"Upload-Metadata": metadata(filename="a.jpg", manifest=sha256_hex(manifest))}
    with house.client(device) as client:
        assert declared(client, device, manifest).status_code == 201
        whole = piece(client, b"ab")
        opening = {**VERSION, "Upload-Concat": "partial", "Upload-Length": "2", **named}
        refused = final(client, whole, **named) if is_final else client.post("/v1/uploads", headers=opening)
        assert (refused.status_code, refused.json()["slug"]) == (422, "concat-manifest")
        assert final(client, whole).status_code == 201


def test_what_is_said_of_a_piece_is_not_said_of_the_file(house: Place, client: httpx.Client) -> None:
    """Name, digest and case of the recording are those of the final upload's metadata."""
    digest = sha256_hex(b"abcd")
    of_piece = {"Upload-Metadata": metadata(filename="piece.bin", sha256=sha256_hex(b"ab"), case="其他")}
    pieces = [piece(client, one, **of_piece) for one in (b"ab", b"cd")]
    named = {"Upload-Metadata": metadata(filename="整体.mp4", sha256=digest)}
    whole = recorded(house.store, final(client, *pieces, **named).headers["Location"])

    assert (whole.filename, whole.declared_sha256, whole.stated_case) == ("整体.mp4", digest, None)


def test_a_file_and_its_pieces_are_one_upload(house: Place, client: httpx.Client) -> None:
    """With a share that is spent on pieces their file is opened all the same, and then the share is free again."""
    pieces = [piece(client, b"ab") for _ in range(FEW)]
    opening = {**VERSION, "Upload-Length": "1"}
    assert client.post("/v1/uploads", headers=opening).status_code == 429
    made = final(client, *pieces)

    assert made.status_code == 201
    assert [client.post("/v1/uploads", headers=opening).status_code for _ in range(FEW + 1)] == [
        201
    ] * FEW + [429]
    assert stored(house.store, made.headers["Location"]) == b"ab" * FEW


def test_a_piece_is_no_recording(house: Place, client: httpx.Client) -> None:
    """Nothing makes a recording of a piece alone: neither its end, nor asking for it, nor the sweep."""
    before = house.counts()[0]
    whole = piece(client, b"ab")
    refused = client.post(f"{whole}/complete")
    Scheduler(house.store, WorkersSettings(), lambda _: None).sweep()
    early = client.get(f"{whole}/receipt")

    assert (refused.status_code, refused.json()["slug"]) == (409, "concat-partial")
    assert early.status_code == 409
    assert house.counts()[0] == before
    assert house.known(whole).state is UploadState.OPEN


def test_pieces_end_as_open_uploads_do(house: Place, client: httpx.Client) -> None:
    """A piece that was never joined ends in its time, whole or not, and is dropped; one that was joined never does."""
    forgotten, used = piece(client, b"ab"), piece(client, b"cd")
    assert "Upload-Expires" in client.head(forgotten, headers=VERSION).headers
    made = final(client, used).headers["Location"]
    waiting = house.counts()[1]
    for one in (forgotten, used, made):
        house.set(one, expires_at=house.store.clock() - timedelta(seconds=1))
    Scheduler(house.store, WorkersSettings(), lambda _: None).sweep()

    assert final(client, forgotten).status_code == 410
    assert client.head(forgotten, headers=VERSION).status_code == 410
    assert house.counts()[1] == waiting - 1
    assert [client.head(one, headers=VERSION).status_code for one in (used, made)] == [200, 200]
    assert "Upload-Expires" not in client.head(used, headers=VERSION).headers


def test_a_piece_may_be_given_up_until_it_is_used(house: Place, client: httpx.Client) -> None:
    """DELETE ends a piece, whole or not, that no file was made of; what was joined is evidence."""
    given_up, used = piece(client, b"ab"), piece(client, b"cd")
    ended = client.delete(given_up, headers=VERSION)
    made = final(client, used).headers["Location"]

    assert ended.status_code == 204
    assert client.head(given_up, headers=VERSION).status_code == 410
    assert final(client, given_up).status_code == 410
    refused = [client.delete(one, headers=VERSION) for one in (used, made)]
    assert {(one.status_code, one.json()["slug"]) for one in refused} == {(403, "upload-complete")}
    assert stored(house.store, made) == b"cd"


def opened_final(house: Place, client: httpx.Client, payloads: list[bytes]) -> Upload:
    """A final upload as a crash leaves it that comes before its join."""
    pieces = [ident_of(piece(client, one)) for one in payloads]
    with house.store.begin() as tx:
        actor = tx.accounts.actor_of(client.headers["Authorization"].removeprefix("Bearer "))
        value = f"final;{' '.join(map(str, pieces))}"
        wish = NewUpload(length_bytes=0, filename="a", concat=value, partial_ids=tuple(pieces))
        return tx.finals.open(actor, wish)


def test_what_nobody_joined_is_joined_by_the_sweep(house: Place, client: httpx.Client) -> None:
    """A crash between the answer to the pieces and their join loses nothing: until then there is no offset, 403 and 503."""
    upload = opened_final(house, client, [b"ab", b"cd"])
    address = f"/v1/uploads/{upload.id}"
    said = client.head(address, headers=VERSION)
    asked = client.post(f"{address}/complete")
    scheduler = Scheduler(house.store, WorkersSettings(), lambda _: None)
    scheduler.sweep()  # it may be being joined
    assert house.known(address).state is UploadState.OPEN
    house.set(address, opened_at=house.store.clock() - 2 * JOIN_GRACE)
    scheduler.sweep()

    assert (said.status_code, said.headers["Upload-Length"]) == (200, "4")
    assert not {"upload-offset", "upload-expires"} & set(said.headers)
    assert (asked.status_code, asked.json()["slug"]) == (503, "concat-joining")
    assert client.delete(address, headers=VERSION).status_code == 403
    assert client.post(f"{address}/complete").status_code == 202
    assert stored(house.store, address) == b"abcd"


def test_a_join_that_is_stopped_loses_nothing(house: Place, client: httpx.Client) -> None:
    """A server that is stopped ends a join at the next piece; another one makes the file."""
    upload = opened_final(house, client, [b"ab", b"cd"])
    with pytest.raises(Busy, check=lambda err: err.slug == "concat-joining"):
        complete_left(house.store, upload, iter([True, False]).__next__)

    assert complete_left(house.store, upload).state is UploadState.RECEIVED
    assert stored(house.store, upload.id) == b"abcd"


def test_a_piece_that_was_altered_makes_no_file(house: Place, client: httpx.Client) -> None:
    """What is not what its sender was told was kept is found when it is read back; nothing is recorded of it."""
    before = house.counts()[0]
    upload = opened_final(house, client, [b"ab", b"cd"])
    with house.store.begin() as tx:
        key = tx.uploads.tails(upload.id)[1].key
    assert key is not None
    house.store.objects.put_staging(key, [b"xx"], sha256=sha256_of([b"xx"]))
    with pytest.raises(IntegrityBroken):
        complete_left(house.store, upload)

    assert house.counts()[0] == before
    house.store.objects.put_staging(key, [b"cd"], sha256=sha256_of([b"cd"]))
    assert complete_left(house.store, upload).state is UploadState.RECEIVED


def test_a_long_join_is_answered_before_its_end(database_url: str, objects_url: str) -> None:
    """A join that takes longer than clients wait goes on behind the answer, which names no offset."""
    wire = Wire(objects_url)
    payloads = [os.urandom(9 * MIB), os.urandom(3 * MIB)]
    store = Store(make_settings(database_url, wire.url))
    with serving(store, ApiSettings(join_wait_seconds=0.2)) as url:
        place = placed(store, url)
        with place.client() as client:
            pieces = [piece(client, one) for one in payloads]
            wire.hold(6 * MIB)
            made = final(client, *pieces)
            address = made.headers["Location"]
            again = final(client, *pieces)
            wire.let_go()
            until(lambda: place.known(address).state is UploadState.RECEIVED, "the join ends")

            assert [one.status_code for one in (made, again)] == [201, 201]
            assert "Upload-Offset" not in {**made.headers, **again.headers}
            assert again.headers["Location"] == address
            assert offset_of(client, address) == 12 * MIB
        assert stored(store, address) == b"".join(payloads)
    store.close()
    wire.close()


def test_a_kill_in_the_middle_of_a_join_loses_nothing(database_url: str, objects_url: str) -> None:
    """The process that joins is killed while it writes; the repeated request makes the same file, and one recording."""
    wire = Wire(objects_url)
    payloads = [os.urandom(9 * MIB), os.urandom(9 * MIB)]
    behind, store = (
        Store(make_settings(database_url, wire.url)),
        Store(make_settings(database_url, objects_url)),
    )
    with serving(store) as url:
        place = placed(store, url)
        before = place.counts()
        with (
            place.client() as client,
            ThreadPoolExecutor(1) as pool,
            serving_apart(behind) as (server, address),
        ):
            pieces = [piece(client, one) for one in payloads]
            with httpx.Client(
                base_url=address, headers=client.headers, verify=TRUST, timeout=PATIENCE_SECONDS
            ) as there:
                wire.hold(10 * MIB)
                cut = pool.submit(final, there, *pieces)
                assert wire.is_held.wait(PATIENCE_SECONDS)
                server.kill()
                server.wait(PATIENCE_SECONDS)
                wire.let_go()
                with pytest.raises(httpx.TransportError):
                    cut.result()
            assert place.counts()[0] == before[0]
            made = final(client, *pieces)

            assert made.status_code == 201
            assert stored(store, made.headers["Location"]) == b"".join(payloads)
            assert place.counts() == (before[0] + 1, before[1])
    for one in (store, behind):
        one.close()
    wire.close()


def test_memory_does_not_grow_with_the_file(house: Place) -> None:
    """A server process that joins 96 MiB never holds them."""
    block = bytes(MIB)
    with (
        serving_apart(house.store) as (server, address),
        httpx.Client(
            base_url=address, headers=bearer(house.another().token), verify=TRUST, timeout=PATIENCE_SECONDS
        ) as client,
    ):
        opening = {**VERSION, **BODY, "Upload-Concat": "partial", "Upload-Length": str(48 * MIB)}
        pieces = [
            client.post("/v1/uploads", headers=opening, content=(block for _ in range(48))).headers[
                "Location"
            ]
            for _ in range(2)
        ]
        before = peak_mib(server.pid)
        made = final(client, *pieces)

        assert made.headers["Upload-Offset"] == str(96 * MIB)
        assert peak_mib(server.pid) - before < 48


def peak_mib(pid: int) -> int:
    """What a process has held at most."""
    return int(Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1].split()[0]) // 1024
