"""Uploads always get forward: on MinIO, whatever the number of requests, the size of pieces and the state of the line."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select, update

from schemas.actor import Role
from schemas.digest import sha256_hex
from schemas.errors import Gone
from schemas.next_steps import LATER
from schemas.upload import MIB, PART_NUMBERS, Upload, UploadState
from storage.flow.receive import Receiving
from storage.objects.hashing import hash_object
from storage.recording.upload import NewUpload
from storage.store import Store
from storage.tables.recording import uploads
from tests.factories import TestDevice, append, enrol_device, make_account, make_agency, make_settings


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


def stored_sha256(store: Store, upload: Upload) -> str:
    """The digest of what the upload became, read back from the store."""
    with store.begin() as tx:
        ident = tx.uploads.known(upload.id).recording_id
        assert ident is not None
        found = tx.recordings.known(ident)
    return hash_object(store.objects, found.object_key, found.version_id).sha256.value


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
    assert stored_sha256(store, upload) == sha256_hex(payload)


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
