"""The extensions of tus 1.0 from outside: creation-defer-length, checksum, termination.

Each docstring is a requirement of the protocol text, section Protocol Extensions.
"""

import base64
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy import func, select
from tusclient.client import TusClient

from api.checksum import LIMIT_BYTES
from api.settings import ApiSettings
from schemas.actor import Role
from schemas.upload import MIB
from storage.store import Store
from storage.tables.recording import recordings
from tests.factories import TestDevice, enrol_device, folder_url, make_account, make_agency, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.tus import (
    BODY,
    VERSION,
    bearer,
    captured,
    declared,
    metadata,
    offset_of,
    opened,
    patched,
    stored_sha256,
)
from tests.web import TRUST

LARGEST = 96 * MIB


@dataclass
class Place:
    """A server and one device."""

    store: Store
    url: str
    device: TestDevice

    def count(self) -> int:
        """How many recordings there are."""
        with self.store.begin() as tx:
            return int(tx.connection.scalar(select(func.count()).select_from(recordings)) or 0)


@pytest.fixture(scope="module")
def place(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    url = folder_url(tmp_path_factory.mktemp("tus"))
    store = Store(make_settings(database_url, url, max_upload_bytes=LARGEST))
    _, custodian = make_account(store, make_agency(store), Role.CUSTODIAN)
    with serving(store, ApiSettings()) as address:
        yield Place(store, address, enrol_device(store, custodian))
    store.close()


@pytest.fixture
def client(place: Place) -> Iterator[httpx.Client]:
    headers = bearer(place.device.token)
    with httpx.Client(base_url=place.url, headers=headers, verify=TRUST, timeout=PATIENCE_SECONDS) as made:
        yield made


def deferred(client: httpx.Client, **headers: str) -> httpx.Response:
    stated = {**VERSION, "Upload-Defer-Length": "1", "Upload-Metadata": metadata(filename="a.mp4"), **headers}
    return client.post("/v1/uploads", headers=stated)


def checksum(payload: bytes, algorithm: str = "sha1") -> dict[str, str]:
    digest = hashlib.new(algorithm, payload, usedforsecurity=False).digest()
    return {"Upload-Checksum": f"{algorithm} {base64.b64encode(digest).decode()}"}


def test_what_is_spoken_is_said(client: httpx.Client) -> None:
    """OPTIONS lists the extensions, and the algorithms of checksums: SHA-1 is among them."""
    said = client.options("/v1/uploads").headers

    assert set(said["Tus-Extension"].split(",")) >= {"creation-defer-length", "checksum", "termination"}
    assert said["Tus-Checksum-Algorithm"].split(",") == ["sha1", "sha256"]


def test_a_length_comes_later(place: Place, client: httpx.Client) -> None:
    """HEAD says Upload-Defer-Length: 1 until a PATCH states the length, and the length from then on."""
    url = deferred(client).headers["Location"]
    before = client.head(url, headers=VERSION).headers
    assert patched(client, url, b"abc").status_code == 204
    assert "Upload-Length" not in client.head(url, headers=VERSION).headers
    assert patched(client, url, b"de", 3, **{"Upload-Length": "6"}).status_code == 204
    after = client.head(url, headers=VERSION).headers
    assert patched(client, url, b"f", 5).status_code == 204

    assert (before["Upload-Defer-Length"], before.get("Upload-Length")) == ("1", None)
    assert (after["Upload-Length"], after.get("Upload-Defer-Length")) == ("6", None)
    assert stored_sha256(place.store, url) == hashlib.sha256(b"abcdef").hexdigest()


def test_a_length_that_comes_last_ends_the_upload(place: Place, client: httpx.Client) -> None:
    """A PATCH of nothing that states the length that is here already completes the upload."""
    url = deferred(client).headers["Location"]
    patched(client, url, b"abc")
    last = patched(client, url, b"", 3, **{"Upload-Length": "3"})

    assert (last.status_code, last.headers["Upload-Offset"]) == (204, "3")
    assert stored_sha256(place.store, url) == hashlib.sha256(b"abc").hexdigest()


@pytest.mark.parametrize(
    ("stated", "slug"),
    [("7", "upload-length-differs"), ("2", "upload-length-differs"), (f"{LARGEST + 1}", "upload-too-large")],
)
def test_a_length_never_changes(client: httpx.Client, stated: str, slug: str) -> None:
    """A length that was stated stands; one below what is here, or above the largest, is refused."""
    url = deferred(client).headers["Location"]
    known = {"Upload-Length": "6"} if stated == "7" else {}
    patched(client, url, b"abc", **known)
    refused = patched(client, url, b"", 3, **{"Upload-Length": stated})

    assert refused.json()["slug"] == slug
    assert offset_of(client, url) == 3


@pytest.mark.parametrize("headers", [{"Upload-Defer-Length": "2"}, {"Upload-Length": "5"}, {}])
def test_creation_needs_one_of_both(client: httpx.Client, headers: dict[str, str]) -> None:
    """Upload-Defer-Length is 1 and stands alone; without it and without a length nothing is created."""
    stated = {**VERSION, **({"Upload-Defer-Length": "1"} if headers.get("Upload-Length") else {}), **headers}
    assert client.post("/v1/uploads", headers=stated).status_code == 400


def test_a_stock_client_checks_every_chunk(place: Place, client: httpx.Client) -> None:
    """tuspy sends SHA-1 of every chunk, and what it brings is stored exactly."""
    del client
    payload = bytes(range(256)) * 8192
    stock = TusClient(f"{place.url}/v1/uploads", headers=bearer(place.device.token))
    uploader = stock.uploader(
        file_stream=io.BytesIO(payload),
        chunk_size=700_000,
        upload_checksum=True,
        metadata={"filename": "a.mp4"},
    )
    uploader.upload()

    assert stored_sha256(place.store, uploader.url) == hashlib.sha256(payload).hexdigest()


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_checksum_that_holds_moves_the_offset(place: Place, client: httpx.Client, algorithm: str) -> None:
    """The offset moves by the bytes whose digest is the named one."""
    url = opened(client, 6)
    assert patched(client, url, b"abc", **checksum(b"abc", algorithm)).headers["Upload-Offset"] == "3"
    assert patched(client, url, b"def", 3, **checksum(b"def", algorithm)).status_code == 204
    assert stored_sha256(place.store, url) == hashlib.sha256(b"abcdef").hexdigest()


def test_a_checksum_that_fails_drops_the_chunk(place: Place, client: httpx.Client) -> None:
    """460, and the offset stands where it stood; the same bytes under their own digest are taken."""
    url = opened(client, 3)
    refused = patched(client, url, b"abd", **checksum(b"abc"))

    assert (refused.status_code, refused.json()["slug"]) == (460, "checksum-differs")
    assert "Upload-Offset" not in refused.headers
    assert offset_of(client, url) == 0
    assert patched(client, url, b"abc", **checksum(b"abc")).status_code == 204
    assert stored_sha256(place.store, url) == hashlib.sha256(b"abc").hexdigest()


@pytest.mark.parametrize(
    ("stated", "slug"),
    [
        ("md5 kAFQmDzST7DWlj99KOF/cg==", "checksum-algorithm"),
        ("sha1", "checksum-invalid"),
        ("sha1 !!!", "checksum-invalid"),
        ("sha1 YWJj", "checksum-invalid"),
    ],
)
def test_a_checksum_of_another_kind_is_refused(client: httpx.Client, stated: str, slug: str) -> None:
    """An algorithm that is not offered is 400, and so is what is no digest; nothing of the chunk is kept."""
    url = opened(client, 3)
    refused = patched(client, url, b"abc", **{"Upload-Checksum": stated})

    assert (refused.status_code, refused.json()["slug"]) == (400, slug)
    assert offset_of(client, url) == 0


@pytest.mark.parametrize("is_announced", [True, False])
def test_a_checksum_over_too_much_is_refused(client: httpx.Client, *, is_announced: bool) -> None:
    """What waits for its digest has a bound: 413 beyond it, before the body where its length is known."""
    url, block = opened(client, LIMIT_BYTES + MIB), bytes(MIB)
    count = LIMIT_BYTES // MIB + 1
    length = {"Content-Length": str(count * MIB)} if is_announced else {}
    refused = patched(client, url, (block for _ in range(count)), **checksum(b""), **length)

    assert (refused.status_code, refused.json()["slug"]) == (413, "checksum-too-large")
    assert offset_of(client, url) == 0


def test_an_unfinished_upload_is_given_up(place: Place, client: httpx.Client) -> None:
    """DELETE of an unfinished upload is 204; from then on it is gone for every method, and nothing was recorded."""
    before, url = place.count(), opened(client, 6)
    patched(client, url, b"abc")
    ended = client.delete(url, headers=VERSION)
    gone = [
        client.head(url, headers=VERSION),
        client.patch(url, content=b"def", headers={**VERSION, **BODY, "Upload-Offset": "3"}),
        client.delete(url, headers=VERSION),
        client.post(f"{url}/complete"),
    ]

    assert (ended.status_code, ended.headers["Tus-Resumable"]) == (204, "1.0.0")
    assert [one.status_code for one in gone] == [410] * 4
    assert all("Upload-Offset" not in one.headers for one in gone)
    assert place.count() == before


def test_what_was_given_up_may_be_sent_anew(place: Place, client: httpx.Client) -> None:
    """The same file of the same manifest gets a fresh upload after the first was given up."""
    payload = b"abc"
    manifest = place.device.manifest({"a.jpg": payload})
    assert declared(client, place.device, manifest).status_code == 201
    pairs = {
        "filename": "a.jpg",
        "manifest": hashlib.sha256(manifest).hexdigest(),
        "sha256": hashlib.sha256(payload).hexdigest(),
    }
    first = opened(client, 3, **pairs)
    assert client.delete(first, headers=VERSION).status_code == 204
    second = opened(client, 3, **pairs)

    assert second != first
    assert patched(client, second, payload).status_code == 204
    assert stored_sha256(place.store, second) == hashlib.sha256(payload).hexdigest()


def test_nobody_gives_up_for_others(place: Place, client: httpx.Client) -> None:
    """An upload of another sender is unknown, and goes on."""
    _, custodian = make_account(place.store, make_agency(place.store), Role.CUSTODIAN)
    stranger = enrol_device(place.store, custodian)
    url = opened(client, 3)
    refused = client.delete(url, headers={**VERSION, **bearer(stranger.token)})

    assert refused.status_code == 404
    assert patched(client, url, b"abc").status_code == 204


def test_a_finished_upload_is_not_given_up(place: Place, client: httpx.Client) -> None:
    """Evidence is never deleted by its sender: 403, and the recording stands."""
    ident = captured(client, place.device, "a.jpg", b"whole")
    with place.store.begin() as tx:
        upload = tx.connection.scalar(select(recordings.c.upload_id).where(recordings.c.id == ident))
    refused = client.delete(f"/v1/uploads/{upload}", headers=VERSION)

    assert (refused.status_code, refused.json()["slug"]) == (403, "upload-complete")
