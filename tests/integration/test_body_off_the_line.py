"""A body that its reader takes off the line itself: whatever comes before, with and behind it."""

import hashlib
import os
import socket
from collections.abc import Iterator

import httpx
import pytest

from schemas.upload import MIB
from storage.store import Store
from tests.cuts import client_of
from tests.factories import TestDevice, folder_store, lone_device
from tests.server import serving
from tests.stand import until
from tests.tus import offset_of, opened, patched
from tests.wire import line


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with folder_store(database_url, tmp_path_factory.mktemp("line")) as made:
        yield made


@pytest.fixture(scope="module")
def url(store: Store) -> Iterator[str]:
    with serving(store) as made:
        yield made


@pytest.fixture(scope="module")
def device(store: Store) -> TestDevice:
    return lone_device(store)


@pytest.fixture
def client(url: str, device: TestDevice) -> Iterator[httpx.Client]:
    with client_of(url, device) as made:
        yield made


def head_of(device: TestDevice, method: str, path: str, *more: str) -> bytes:
    lines = (f"{method} {path} HTTP/1.1", "Host: localhost", "Tus-Resumable: 1.0.0", *more)
    return "\r\n".join([*lines, f"Authorization: Bearer {device.token}", "", ""]).encode()


def patch(device: TestDevice, path: str, length: int, offset: int = 0) -> bytes:
    kind = "Content-Type: application/offset+octet-stream"
    return head_of(device, "PATCH", path, kind, f"Upload-Offset: {offset}", f"Content-Length: {length}")


def kept(store: Store, path: str) -> bytes:
    """The bytes of the recording that an upload became."""
    with store.begin() as tx:
        upload = tx.uploads.known(path.rpartition("/")[2])  # type: ignore[arg-type] # the driver reads it
        assert upload.recording_id is not None
        found = tx.recordings.known(upload.recording_id)
    with store.objects.open(found.object_key, found.version_id) as file:
        buffer = bytearray(upload.length_bytes + 1)
        view, size = memoryview(buffer), 0
        while got := file.readinto(view[size:]):
            size += got
    return bytes(buffer[:size])


def statuses(wire: socket.socket, count: int) -> list[int]:
    """The statuses of the next answers, none of which has a body."""
    found: list[int] = []
    with wire.makefile("rb") as answers:
        while len(found) < count:
            first = answers.readline()
            found.append(int(first.split()[1]))
            while answers.readline() not in (b"\r\n", b""):
                pass
    return found


def test_what_is_sent_behind_a_body_is_the_next_request(
    store: Store, url: str, client: httpx.Client, device: TestDevice
) -> None:
    """Two files and a question on one line, sent without waiting: each request ends where its length says."""
    payloads = [os.urandom(MIB + 7), os.urandom(3 * MIB + 1)]
    paths = [opened(client, len(payload)) for payload in payloads]
    with line(url) as wire:
        for path, payload in zip(paths, payloads, strict=True):
            wire.sendall(patch(device, path, len(payload)) + payload)
        wire.sendall(head_of(device, "HEAD", paths[1], "Content-Length: 0"))

        assert statuses(wire, 3) == [204, 204, 200]
    assert [kept(store, path) for path in paths] == payloads


@pytest.mark.parametrize("step", [1000, 65_537, MIB])
def test_a_body_in_pieces_is_the_same_body(
    store: Store, url: str, client: httpx.Client, device: TestDevice, step: int
) -> None:
    """However the bytes are cut, with the head or behind it, the file is what was sent."""
    payload = os.urandom(MIB + 3)
    path = opened(client, len(payload))
    sent = patch(device, path, len(payload)) + payload
    with line(url) as wire:
        for begin in range(0, len(sent), step):
            wire.sendall(sent[begin : begin + step])
        assert statuses(wire, 1) == [204]

    assert hashlib.sha256(kept(store, path)).digest() == hashlib.sha256(payload).digest()


def test_a_line_that_breaks_keeps_what_came(
    store: Store, url: str, client: httpx.Client, device: TestDevice
) -> None:
    """A body that ends in the middle is kept so far, and goes on from there."""
    payload = os.urandom(2 * MIB)
    path = opened(client, len(payload))
    with line(url) as wire:
        wire.sendall(patch(device, path, len(payload)) + payload[:MIB])
    until(lambda: offset_of(client, path) == MIB, "every byte that was sent is kept")

    assert patched(client, path, payload[MIB:], MIB).status_code == 204
    assert kept(store, path) == payload


def test_many_files_at_once_keep_their_bytes_apart(
    store: Store, client: httpx.Client, device: TestDevice
) -> None:
    """Memory that goes round never carries bytes of one file into another."""
    for size in (1, 255, 256 * 1024, 256 * 1024 + 1, 5 * MIB):
        payload = os.urandom(size)
        path = opened(client, size)
        assert patched(client, path, payload).status_code == 204
        assert kept(store, path) == payload
