"""Stock upload clients, as their makers publish them, bring files to the server over MinIO that are stored exactly."""

import http.client
import json
import os
import random
import subprocess
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.settings import ApiSettings
from schemas.actor import Role
from schemas.upload import MIB
from storage.store import Store
from tests.factories import TestDevice, enrol_device, make_account, make_agency, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS, ROOT, MissingPartError
from tests.stand.foreign import find_node, java_client, npm_room
from tests.tus import BODY, VERSION, bearer, metadata, stored

CLIENTS = ROOT / "tests" / "clients"
SIZE_BYTES = 20 * MIB + 7
CHUNK_BYTES = 6 * MIB
TUSKIT_BYTES = 500 * 1024
"""What one request of TUSKit carries by default."""


@dataclass
class Place:
    """A server over MinIO and one device."""

    store: Store
    url: str
    device: TestDevice

    @property
    def endpoint(self) -> str:
        return f"{self.url}/v1/uploads"


@pytest.fixture(scope="module")
def place(database_url: str, objects_url: str) -> Iterator[Place]:
    store = Store(make_settings(database_url, objects_url))
    _, custodian = make_account(store, make_agency(store), Role.CUSTODIAN)
    with serving(store, ApiSettings()) as url:
        yield Place(store, url, enrol_device(store, custodian))
    store.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some parts, and a rest that fills none."""
    path = tmp_path_factory.mktemp("file") / "现场.mp4"
    path.write_bytes(random.Random(15).randbytes(SIZE_BYTES))
    return path


def had(get: Callable[[], Path], client: str) -> Path | None:
    """What a client needs, or nothing and a word about it: then the test speaks its wire itself."""
    try:
        return get()
    except MissingPartError as why:
        warnings.warn(f"{client} cannot be had, its wire is spoken instead: {why}", stacklevel=2)
        return None


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"chunkSize": CHUNK_BYTES},
        {"chunkSize": CHUNK_BYTES, "abortAfter": CHUNK_BYTES},
        {"chunkSize": CHUNK_BYTES, "uploadLengthDeferred": True},
        {"parallelUploads": 3},
        {"parallelUploads": 3, "chunkSize": MIB, "abortAfter": MIB},
    ],
    ids=[
        "in one request",
        "in chunks",
        "stopped and resumed",
        "without a length",
        "in three at once",
        "three stopped and resumed",
    ],
)
def test_tus_js_client(place: Place, file: Path, tmp_path: Path, wish: dict[str, int]) -> None:
    """What tus-js-client sends in each of its ways is stored exactly, and every answer is a success."""
    room = had(lambda: npm_room(CLIENTS), "tus-js-client")
    if room is None:
        assert stored(place.store, spoken(place, file, CHUNK_BYTES)) == file.read_bytes()
        return
    asked = {
        "endpoint": place.endpoint,
        "headers": bearer(place.device.token),
        "metadata": {"filename": file.name},
        "path": str(file),
        "remembered": str(tmp_path / "remembered.json"),
        **wish,
    }
    words = [str(find_node()), str(room / "upload.mjs"), json.dumps(asked)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    said = json.loads(done.stdout)

    assert done.returncode == 0, done.stdout + done.stderr
    assert stored(place.store, said["url"]) == file.read_bytes()
    statuses = {status for _, status in said["answers"]}
    if {"parallelUploads", "abortAfter"} <= set(wish):
        # It stops in the middle of a request: what that one still stores behind the HEAD is told by a 409.
        statuses.discard(409)
    assert statuses <= {200, 201, 204}
    if "abortAfter" in wish:
        assert said["before"] >= wish["abortAfter"]
        pieces = wish.get("parallelUploads", 0)
        assert [method for method, _ in said["answers"]].count("POST") == 1 + pieces


@pytest.fixture(scope="module")
def java(tmp_path_factory: pytest.TempPathFactory) -> list[str] | None:
    """The words that run tus-java-client, compiled once."""
    jar = had(java_client, "tus-java-client")
    if jar is None:
        return None
    folder = tmp_path_factory.mktemp("java")
    words = ["javac", "-cp", str(jar), "-d", str(folder), str(CLIENTS / "Upload.java")]
    subprocess.run(words, check=True, capture_output=True, timeout=PATIENCE_SECONDS)
    return ["java", "-XX:TieredStopAtLevel=1", "-cp", os.pathsep.join((str(jar), str(folder))), "Upload"]


@pytest.mark.parametrize(
    "wish",
    [(SIZE_BYTES, 0), (2 * CHUNK_BYTES, 0), (0, 0), (SIZE_BYTES, CHUNK_BYTES)],
    ids=["odd", "whole chunks", "empty", "stopped and resumed"],
)
def test_tus_java_client(
    place: Place, file: Path, tmp_path: Path, java: list[str] | None, wish: tuple[int, int]
) -> None:
    """tus-java-client, and so tus-android-client, brings files of any number of chunks, and of none."""
    size_bytes, stop_bytes = wish
    part = tmp_path / "part.mp4"
    part.write_bytes(file.read_bytes()[:size_bytes])
    if java is None:
        assert stored(place.store, spoken(place, part, CHUNK_BYTES)) == part.read_bytes()
        return
    words = [*java, place.endpoint, place.device.token, str(part), str(CHUNK_BYTES), str(stop_bytes)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert stored(place.store, done.stdout.strip()) == part.read_bytes()


def test_tuskit(place: Place, file: Path) -> None:
    """TUSKit's wire: pieces of 500 KiB, each in a request of its own, with its spelling of the version header."""
    assert stored(place.store, spoken(place, file, TUSKIT_BYTES)) == file.read_bytes()


def spoken(place: Place, file: Path, chunk_bytes: int) -> str:
    """Create, then append chunk by chunk and ask for the offset before each; returns the upload's address."""
    payload = file.read_bytes()
    address, _, port = place.url.removeprefix("http://").partition(":")
    wire = http.client.HTTPConnection(address, int(port), timeout=PATIENCE_SECONDS)
    stated = {**bearer(place.device.token), "TUS-Resumable": VERSION["Tus-Resumable"]}
    opening = {**stated, "Upload-Length": str(len(payload)), "Upload-Metadata": metadata(filename=file.name)}
    made = asked(wire, "POST", "/v1/uploads", opening)
    assert made.status == 201
    url = made.headers["Location"]
    path = "/" + url.split("/", 3)[3] if "://" in url else url
    for offset in range(0, len(payload), chunk_bytes):
        held = asked(wire, "HEAD", path, stated)
        assert (held.headers["Upload-Offset"], held.headers["Upload-Length"]) == (
            str(offset),
            str(len(payload)),
        )
        piece = payload[offset : offset + chunk_bytes]
        answer = asked(wire, "PATCH", path, {**stated, **BODY, "Upload-Offset": str(offset)}, piece)
        assert (answer.status, answer.headers["Upload-Offset"]) == (204, str(offset + len(piece)))
    wire.close()
    return url


def asked(
    wire: http.client.HTTPConnection, method: str, path: str, headers: dict[str, str], body: bytes = b""
) -> http.client.HTTPResponse:
    wire.request(method, path, body=body, headers=headers)
    answer = wire.getresponse()
    answer.read()
    return answer
