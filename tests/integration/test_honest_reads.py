"""What the store gives otherwise than was recorded is refused, said in the log once, and never sent as if it were whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from uuid import UUID

import httpx
import pytest
from sqlalchemy import delete, func, select

from api.proof import FIRST_READ_BYTES
from schemas.actor import Role
from schemas.digest import PROOF_BYTES, sha256_hex
from schemas.examination import ExaminationState
from schemas.ids import RecordingId
from schemas.leaves_recording import ScrubFind
from schemas.scrub import StoreFault
from storage.objects.folder import FolderObjects
from storage.outbox import JobKind
from storage.store import Store
from storage.tables.chunk import object_chunks
from tests.factories import (
    OFFICERS,
    TestDevice,
    enrol_device,
    folder_url,
    make_account,
    make_agency,
    make_settings,
)
from tests.looks import looked, taken
from tests.media import jpeg
from tests.owner import owning
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.tus import bearer
from tests.web import TRUST
from workers.media.sandbox.parent import Sandbox
from workers.runner import Runner
from workers.settings import WorkersSettings


@dataclass
class House:
    """A server with a store in a folder that somebody writes to from outside."""

    store: Store
    url: str
    token: str
    device: TestDevice
    runner: Runner

    def sealed(self, payload: bytes, name: str = "film.bin") -> UUID:
        ident = self.device.capture(name, payload)
        self.runner.drain(JobKind.VERIFY)
        return ident

    def path(self, ident: UUID) -> Path:
        with self.store.begin() as tx:
            found = tx.recordings.known(RecordingId(ident))
        assert isinstance(self.store.objects, FolderObjects)
        path = self.store.objects.path(found.object_key, found.version_id)
        path.chmod(0o600)
        return path

    def flip(self, ident: UUID, at: int) -> None:
        path = self.path(ident)
        body = bytearray(path.read_bytes())
        body[at] ^= 1
        path.write_bytes(body)

    def forget_lists(self) -> None:
        with owning(self.store) as tx:
            tx.connection.execute(delete(object_chunks))

    def lists(self) -> int:
        with self.store.begin() as tx:
            return int(tx.connection.scalar(select(func.count()).select_from(object_chunks)) or 0)

    def finds(self, ident: UUID) -> list[ScrubFind]:
        self.runner.drain(JobKind.SCRUB)
        with self.store.begin() as tx:
            acts = [one.act for one in tx.custody.chain(f"recording/{ident}")]
        return [act for act in acts if isinstance(act, ScrubFind)]


@pytest.fixture(scope="module")
def house(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    store = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("reads"))))
    agency = make_agency(store)
    for number in OFFICERS:
        make_account(store, agency, Role.OFFICER, certificate=number)
    device = enrol_device(store, make_account(store, agency, Role.CUSTODIAN)[1])
    token, _ = make_account(store, agency, Role.HEAD)
    with Sandbox() as sandbox, serving(store) as url:
        yield House(store, url, token, device, Runner(store, sandbox, WorkersSettings()))
    store.close()


@pytest.fixture
def client(house: House) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=house.url, headers=bearer(house.token), verify=TRUST, timeout=PATIENCE_SECONDS
    ) as made:
        yield made


def some(seed: int, size: int = 3 * PROOF_BYTES + 5) -> bytes:
    return Random(seed).randbytes(size)


def given(client: httpx.Client, address: str) -> tuple[bytes, bool]:
    """Return what came of a body, and whether it came to its end."""
    out = bytearray()
    with client.stream("GET", address) as answer:
        try:
            for block in answer.iter_raw():
                out += block
        except httpx.RemoteProtocolError:
            return bytes(out), False
    return bytes(out), True


def test_an_altered_chunk_is_refused_and_said_once(house: House, client: httpx.Client) -> None:
    """A range that touches it is a 502 in both languages, others are given; three requests make one leaf."""
    payload = some(1)
    ident = house.sealed(payload)
    address = looked(client, f"/v1/recordings/{ident}", kind="download")
    at = PROOF_BYTES + 7
    house.flip(ident, at)

    for _ in range(3):
        answer = client.get(address, headers={"Range": f"bytes={at - 3}-{at - 2}"})
        assert (answer.status_code, answer.headers["Content-Type"]) == (502, "application/problem+json")
        said = answer.json()
        assert said["slug"] == "content-altered"
        assert said["zh"]["title"]
        assert said["en"]["title"]
        assert "ETag" not in answer.headers
    beside = client.get(address, headers={"Range": "bytes=0-99"})
    assert (beside.status_code, beside.content) == (206, payload[:100])

    altered = sha256_hex(house.path(ident).read_bytes())
    assert [(one.code, one.sha256) for one in house.finds(ident)] == [(StoreFault.BROKEN, altered)]
    assert client.get(address, headers={"Range": f"bytes={at}-"}).status_code == 502
    assert len(house.finds(ident)) == 1
    assert client.get(f"/v1/recordings/{ident}").json()["store_find"]["code"] == StoreFault.BROKEN


def test_in_the_middle_of_an_answer_it_breaks_off(house: House, client: httpx.Client) -> None:
    """What was sent before is the original's; the answer has no end that looks like one."""
    payload = some(2)
    ident = house.sealed(payload)
    address = looked(client, f"/v1/recordings/{ident}", kind="download")
    assert given(client, address) == (payload, True)
    house.flip(ident, 2 * PROOF_BYTES)

    got, is_whole = given(client, address)

    assert not is_whole
    assert payload.startswith(got)
    assert len(got) <= 2 * PROOF_BYTES
    assert len(house.finds(ident)) == 1


@pytest.mark.parametrize("size", [900, 3 * PROOF_BYTES])
def test_a_lost_object_is_said_to_be_missing(house: House, client: httpx.Client, size: int) -> None:
    """502 with a slug of its own; the leaf has no digest, for there was nothing to hash."""
    ident = house.sealed(some(size, size))
    address = looked(client, f"/v1/recordings/{ident}", kind="download")
    house.path(ident).unlink()

    answer = client.get(address)

    assert (answer.status_code, answer.json()["slug"]) == (502, "content-missing")
    assert [(one.code, one.sha256) for one in house.finds(ident)] == [(StoreFault.MISSING, None)]


def test_a_small_one_is_proven_by_its_digest(house: House, client: httpx.Client) -> None:
    """Photo and thumbnail have no list, and are refused when they were altered."""
    ident = house.sealed(jpeg(640, 480), "photo.jpg")
    address = looked(client, f"/v1/recordings/{ident}")
    small = f"/v1/recordings/{ident}/thumbnail"
    assert (client.get(address).status_code, client.get(small).status_code) == (200, 200)
    with house.store.begin() as tx:
        made = tx.recordings.derivatives(RecordingId(ident))[0]
    assert isinstance(house.store.objects, FolderObjects)
    path = house.store.objects.path(made.object_key, made.version_id)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    house.flip(ident, 99)

    assert [client.get(one).json()["slug"] for one in (address, small)] == ["content-altered"] * 2
    assert len(house.finds(ident)) == 1


def test_restored_bytes_are_examined_and_told_no_more(house: House, client: httpx.Client) -> None:
    """Read as they were sealed, they are examined: its leaf ends what was found."""
    payload = some(3)
    ident = house.sealed(payload)
    address = looked(client, f"/v1/recordings/{ident}", kind="download")
    house.flip(ident, 5)
    assert client.get(address).status_code == 502
    assert len(house.finds(ident)) == 1

    house.path(ident).write_bytes(payload)
    with house.store.begin() as tx:
        assert tx.readings.ask(RecordingId(ident))
        assert not tx.readings.ask(RecordingId(ident))
    house.runner.drain(JobKind.SCRUB)
    house.runner.drain(JobKind.EXAMINE)

    with house.store.begin() as tx:
        assert [one.state for one in tx.examinations.of_recording(RecordingId(ident))] == [
            ExaminationState.DONE
        ]
    assert client.get(f"/v1/recordings/{ident}").json()["store_find"] is None
    assert client.get(address).content == payload


def test_what_has_no_list_is_read_whole_first(house: House, client: httpx.Client) -> None:
    """Of a recording from before the first read makes the list; where it was altered there is no first read."""
    good, bad = house.sealed(some(4)), house.sealed(some(5))
    addresses = [looked(client, f"/v1/recordings/{one}", kind="download") for one in (good, bad)]
    house.forget_lists()
    house.flip(bad, PROOF_BYTES)

    part = client.get(addresses[0], headers={"Range": "bytes=5-9"})
    assert (part.status_code, part.content) == (206, some(4)[5:10])
    assert part.headers["ETag"] == f'"{sha256_hex(some(4))}"'
    assert house.lists() == 1
    assert client.get(addresses[1], headers={"Range": "bytes=0-0"}).status_code == 502
    assert house.lists() == 1
    assert len(house.finds(bad)) == 1


def test_a_large_one_without_a_list_has_no_tag_until_it_was_read(house: House, client: httpx.Client) -> None:
    """Nobody waits for it to be hashed: it is sent without a tag, and a worker makes the list. Altered it breaks off."""
    payload = some(6, FIRST_READ_BYTES + 3)
    good, bad = house.sealed(payload), house.sealed(some(7, FIRST_READ_BYTES + 3))
    house.runner.drain(JobKind.VERIFY_SLOW)
    addresses = [looked(client, f"/v1/recordings/{one}", kind="download") for one in (good, bad)]
    house.forget_lists()
    house.flip(bad, FIRST_READ_BYTES)

    assert "ETag" not in client.head(addresses[0]).headers
    assert given(client, addresses[0]) == (payload, True)
    got, is_whole = given(client, addresses[1])
    assert not is_whole
    assert len(got) < len(payload)
    house.runner.drain(JobKind.SCRUB)

    assert client.head(addresses[0]).headers["ETag"] == f'"{sha256_hex(payload)}"'
    assert house.lists() == 1
    assert len(house.finds(bad)) == 1


def test_a_kept_list_that_was_altered_is_mended_by_reading(house: House, client: httpx.Client) -> None:
    """Good bytes under a wrong list are not given; the worker that reads them writes the list anew."""
    payload = some(8)
    ident = house.sealed(payload)
    address = looked(client, f"/v1/recordings/{ident}", kind="download")
    with house.store.begin() as tx:
        found = tx.recordings.known(RecordingId(ident))
        tx.chunks.keep(found.object_key, found.version_id, bytes(32 * 4))

    assert client.get(address).status_code == 502
    assert house.finds(ident) == []
    assert client.get(address).content == payload


def test_before_its_verification_there_is_no_tag(house: House, client: httpx.Client) -> None:
    """Nothing is recorded of it yet that could be compared."""
    answer = taken(client, f"/v1/recordings/{house.device.capture('new.bin', b'new')}")
    assert (answer.status_code, answer.content) == (200, b"new")
    assert "ETag" not in answer.headers
