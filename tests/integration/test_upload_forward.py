"""Uploads always get forward: on MinIO, whatever the number of requests, the size of pieces and the state of the line."""

import os
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from sqlalchemy import select, update

from schemas.actor import Role
from schemas.digest import sha256_hex
from schemas.errors import Gone
from schemas.next_steps import LATER
from schemas.upload import MIB, PART_NUMBERS, Upload, UploadState
from storage.flow.receive import Receiving
from storage.objects.port import Objects
from storage.objects.values import size_of
from storage.recording.upload import NewUpload
from storage.store import Store
from storage.tables.recording import uploads
from tests.factories import TestDevice, append, enrol_device, make_account, make_agency, make_settings
from tests.tus import stored_sha256


@pytest.fixture(scope="module")
def store(database_url: str, objects_url: str) -> Iterator[Store]:
    made = Store(make_settings(database_url, objects_url))
    yield made
    made.close()


@pytest.fixture(scope="module")
def device(store: Store) -> TestDevice:
    return enrol_device(store, make_account(store, make_agency(store), Role.CUSTODIAN)[1])


def opened(store: Store, device: TestDevice, length: int) -> Upload:
    with store.begin() as tx:
        return tx.uploads.open(device.actor, NewUpload(length_bytes=length, filename="long.mp4"))


def numbers_taken(store: Store, upload: Upload) -> int:
    with store.begin() as tx:
        return int(
            tx.connection.execute(select(uploads.c.next_part).where(uploads.c.id == upload.id)).scalar_one()
        )


def test_only_a_stored_part_takes_a_number(store: Store, device: TestDevice) -> None:
    """Requests and kept tails have numbers of their own: the store's few are for parts alone."""
    upload = opened(store, device, 9 * MIB)
    before = numbers_taken(store, upload)
    payload = bytes(range(256)) * (9 * MIB // 256)
    for at in range(20):
        append(store, device.actor, upload.id, payload[at : at + 1])
    assert numbers_taken(store, upload) == before

    done = append(store, device.actor, upload.id, payload[20:])
    assert done.state is UploadState.RECEIVED
    assert numbers_taken(store, upload) == before + 2
    assert stored_sha256(store, upload.id) == sha256_hex(payload)


def test_numbers_that_are_used_up_are_a_final_refusal(store: Store, device: TestDevice) -> None:
    """When no number is left the sender is told to open the upload again, and not to come back later."""
    upload = opened(store, device, 20 * MIB)
    with store.begin() as tx:
        tx.connection.execute(
            update(uploads).where(uploads.c.id == upload.id).values(next_part=PART_NUMBERS - 1)
        )
    receiving = Receiving.begin(store, device.actor, upload.id, offset=0, content_length=None)

    with pytest.raises(Gone, check=lambda err: err.slug == "upload-numbers-used-up") as caught:
        receiving.store([bytes(8 * MIB)])
    assert (caught.value.refusal.next_zh, caught.value.refusal.next_en) != LATER


class Counting:
    """The store's own objects, and how many bytes were written to and read from it."""

    def __init__(self, real: Objects) -> None:
        self._real = real
        self.written = self.read = 0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = getattr(self._real, name)

        def counted(*args: Any, **named: Any) -> Any:
            answer = call(*args, **named)
            body = {"put": 1, "put_staging": 1, "put_part": 3}.get(name)
            self.written += size_of(args[body]) if body else 0
            self.read += len(answer) if name == "read_staging" else 0
            return answer

        return counted


@pytest.mark.parametrize("size", [700, 40_000, 500 * 1024, 3 * MIB, 6 * MIB])
def test_no_byte_is_written_more_than_twice(store: Store, device: TestDevice, size: int) -> None:
    """In pieces of any size a file is written at most 2.1 times to the store, and its tails are read once."""
    pieces = min(64, 20 * MIB // size)
    payload = os.urandom(size * pieces)
    upload = opened(store, device, len(payload))
    real, store.objects = store.objects, (counting := cast("Any", Counting(store.objects)))
    try:
        for at in range(0, len(payload), size):
            done = append(store, device.actor, upload.id, payload[at : at + size])
    finally:
        store.objects = real

    assert done.state is UploadState.RECEIVED
    assert counting.written <= 2.1 * len(payload)
    assert counting.read <= len(payload)
    assert stored_sha256(store, upload.id) == sha256_hex(payload)


def test_ten_thousand_requests_and_more(store: Store, device: TestDevice) -> None:
    """An upload of more requests than the store numbers parts is finished, and is the file."""
    payload = os.urandom(100)
    rest = os.urandom(9 * MIB)
    upload = opened(store, device, len(payload) + len(rest))
    with store.begin() as tx:  # as many requests as brought nothing
        tx.connection.execute(
            update(uploads).where(uploads.c.id == upload.id).values(leases=PART_NUMBERS - 50)
        )
    for at in range(len(payload)):
        append(store, device.actor, upload.id, payload[at : at + 1])
    done = append(store, device.actor, upload.id, rest)

    assert done.leases > PART_NUMBERS
    assert done.state is UploadState.RECEIVED
    assert numbers_taken(store, upload) < 10
    assert stored_sha256(store, upload.id) == sha256_hex(payload + rest)
