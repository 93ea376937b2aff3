"""A folder store without room: in the middle of an upload, at its end, and in the middle of a verification."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from sqlalchemy import func, select, update

from schemas.actor import Role
from schemas.digest import sha256_hex
from schemas.recording import RecordingState
from schemas.upload import MIB
from storage.outbox import JobKind
from storage.store import Store
from storage.tables.outbox import jobs
from tests.cuts import Sender, begun, client_of, recording_of, stored_sha256
from tests.factories import (
    OFFICERS,
    TestDevice,
    enrol_device,
    faults,
    make_account,
    make_agency,
    make_settings,
)
from tests.media import jpeg
from tests.room import Room, small_room
from tests.server import serving
from tests.stand import MissingPartError
from tests.tus import patched
from workers.media import Sandbox
from workers.runner import Runner
from workers.settings import WorkersSettings


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    try:
        with small_room(tmp_path_factory.mktemp("room") / "disk", megabytes=128) as made:
            yield made
    except MissingPartError as why:
        pytest.skip(str(why))


class House(NamedTuple):
    """A store whose objects have the small disk to themselves, to its last byte; a sender, and its client."""

    store: Store
    disk: Room
    device: TestDevice
    client: httpx.Client


@pytest.fixture(scope="module")
def house(database_url: str, disk: Room) -> Iterator[House]:
    objects_url = f"file://{disk.folder}/objects?min_free_bytes=0"
    with closing(Store(make_settings(database_url, objects_url))) as store:
        agency = make_agency(store)
        for number in OFFICERS:
            make_account(store, agency, Role.OFFICER, certificate=number)
        device = enrol_device(store, make_account(store, agency, Role.CUSTODIAN)[1])
        with serving(store) as address, client_of(address, device) as client:
            yield House(store, disk, device, client)


@pytest.fixture
def runner(house: House, tmp_path: Path) -> Iterator[Runner]:
    """A worker with a scratch disk of its own, that comes back to nothing by itself."""
    settings = WorkersSettings(scratch_dir=tmp_path, scratch_free_bytes=0, pause_seconds=3600)
    with Sandbox() as sandbox:
        yield Runner(house.store, sandbox, settings)


def verified(store: Store, runner: Runner, sender: Sender) -> int:
    """What was sent is what is there, and it is concluded; returns how many attempts that took."""
    ident = recording_of(store, sender)
    with store.begin() as tx:
        tx.connection.execute(update(jobs).values(not_before=func.now()))
    runner.drain(JobKind.VERIFY)
    with store.begin() as tx:
        assert tx.recordings.known(ident).state is RecordingState.SEALED
        took = tx.connection.scalar(
            select(jobs.c.attempts).where(jobs.c.subject_id == ident, jobs.c.kind == JobKind.VERIFY)
        )
    assert stored_sha256(store, ident) == sha256_hex(sender.payload)
    assert faults(store, ident) == []
    return int(took or 0)


@pytest.mark.parametrize("sent", [0.4, 0.999])
@pytest.mark.parametrize("size_bytes", [300_000, 24 * MIB])
def test_a_store_that_runs_full_in_mid_upload_keeps_what_it_acknowledged(
    house: House, runner: Runner, size_bytes: int, sent: float
) -> None:
    """In its middle, or when only the file is still to be made of its parts: 507 by name, and the rest when there is
    room.
    """
    sender = begun(house.client, house.device, os.urandom(size_bytes))
    before = int(sent * size_bytes)
    assert patched(house.client, sender.url, sender.payload[:before]).status_code == httpx.codes.NO_CONTENT
    assert sender.ask() == before
    house.disk.fill()
    sender.told(sender.send(before))
    assert sender.refusals[-1] == (507, "storage-full")
    assert before <= sender.ask() <= size_bytes
    house.disk.empty()
    sender.finish()

    assert verified(house.store, runner, sender) == 1


@pytest.mark.parametrize("payload", [jpeg(), os.urandom(6_000)], ids=["picture", "lock"])
def test_a_store_that_runs_full_in_mid_verification_costs_no_attempt(
    house: House, runner: Runner, payload: bytes
) -> None:
    """Where a picture, or the lock, is not to be written, the job goes back as it came; with room again it concludes."""
    sender = begun(house.client, house.device, payload, "现场.jpg")
    sender.finish()
    ident = recording_of(house.store, sender)
    house.disk.fill()
    runner.drain(JobKind.VERIFY)
    with house.store.begin() as tx:
        row = tx.connection.execute(select(jobs).where(jobs.c.subject_id == ident)).mappings().one()
        assert tx.recordings.known(ident).state is RecordingState.RECEIVED
    assert (row["state"], row["attempts"], row["last_error"]) == ("ready", 0, "storage-full")
    house.disk.empty()

    assert verified(house.store, runner, sender) == 1
