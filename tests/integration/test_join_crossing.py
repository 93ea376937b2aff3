"""Two processes that join one final upload at once: each crossing leaves one recording, one receipt and nothing else.

One of them is held at a point of the join while the other goes all its way, or as far as that point.
"""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import httpx
import pytest
from minio import Minio
from sqlalchemy import select, text

from schemas.actor import Actor, Role
from schemas.digest import sha256_hex
from schemas.event import Event
from schemas.ids import UploadId
from schemas.upload import MIB, Upload, UploadState
from storage.flow.receive import complete_left
from storage.objects.port import Stored
from storage.objects.sign import Address, Link
from storage.recording.upload import NewUpload
from storage.store import Store
from storage.tables.recording import recordings, uploads
from tests.factories import (
    TestDevice,
    enrol_device,
    faults,
    folder_url,
    make_account,
    make_agency,
    make_settings,
)
from tests.server import serving, serving_apart
from tests.stand import PATIENCE_SECONDS, until
from tests.tus import BODY, VERSION, bearer, stored_sha256
from tests.web import TRUST

PIECES = [7 * MIB + 1, 100_000, 6 * MIB]
"""Two parts of the file, and pieces that are staging objects."""


class Held:
    """A point that a thread is held at, until it is let go."""

    def __init__(self) -> None:
        self.is_reached = threading.Event()
        self.goes_on = threading.Event()

    def wait(self) -> None:
        self.is_reached.set()
        assert self.goes_on.wait(PATIENCE_SECONDS)


class AtTheEnd:
    """An object store that has read a stream to its end, and is held before it completes the object."""

    def __init__(self, objects: Any, held: Held) -> None:
        self._objects, self._held = objects, held

    def __getattr__(self, name: str) -> Any:
        return getattr(self._objects, name)

    def put_stream(self, key: str, chunks: Iterator[bytes], **sizes: int) -> Stored:
        def to_the_end() -> Iterator[bytes]:
            yield from chunks
            self._held.wait()

        return cast("Stored", self._objects.put_stream(key, to_the_end(), **sizes))


class House:
    """Two processes' stores over the same rows and objects, and one sender."""

    def __init__(self, database_url: str, objects_url: str) -> None:
        self.objects_url = objects_url
        self.one, self.two = (Store(make_settings(database_url, objects_url)) for _ in range(2))
        agency = make_agency(self.one)
        self.device: TestDevice = enrol_device(self.one, make_account(self.one, agency, Role.CUSTODIAN)[1])
        self.payload = b""

    @property
    def actor(self) -> Actor:
        with self.one.begin() as tx:
            return tx.accounts.actor_of(self.device.token)

    def close(self) -> None:
        self.one.close()
        self.two.close()

    def pieces(self, client: httpx.Client) -> list[str]:
        """Send the pieces; returns their addresses."""
        bodies = [os.urandom(size) for size in PIECES]
        self.payload = b"".join(bodies)
        addresses = []
        for body in bodies:
            stated = {**VERSION, **BODY, "Upload-Concat": "partial", "Upload-Length": str(len(body))}
            made = client.post("/v1/uploads", content=body, headers=stated)
            assert made.headers["Upload-Offset"] == str(len(body)), made.text
            addresses.append(str(made.headers["Location"]))
        return addresses

    def held_alone(self, upload: Upload, before: set[str]) -> None:
        """One recording with one leaf and one object, and nothing that waits or is left."""
        with self.one.begin() as tx:
            known = tx.uploads.known(upload.id)
            receipt = tx.uploads.receipt(self.actor, upload.id)
            same = tx.connection.execute(
                select(recordings).where(recordings.c.object_key == known.object_key)
            )
            (row,) = same.mappings().all()
            leaves = tx.custody.entries_for(f"recording/{row['id']}")
            ends = tx.connection.scalars(
                select(uploads.c.recording_id).where(uploads.c.final_id == upload.id)
            ).all()
        assert known.state is UploadState.RECEIVED
        assert (receipt.recording_id, receipt.size_bytes) == (row["id"], len(self.payload))
        assert [entry.event for entry in leaves].count(Event.RECORDING_RECEIVE) == 1
        assert set(ends) == {row["id"]}
        assert stored_sha256(self.one, upload.id) == sha256_hex(self.payload)
        assert self.left_in_staging() - before == set()
        assert versions(self.objects_url, known.object_key) == [row["version_id"]]
        assert open_multiparts(self.objects_url, known.object_key) == 0
        assert faults(self.one, row["id"]) == []

    def left_in_staging(self) -> set[str]:
        return set(self.one.objects.old_staging(self.one.clock() + timedelta(days=1)))


def versions(objects_url: str, key: str) -> list[str]:
    """What the store holds under a key, whether a row names it or not."""
    if objects_url.startswith("file:"):
        folder = Path(objects_url.removeprefix("file://").partition("?")[0]) / "evidence" / key
        return [path.name[1:] for path in folder.glob("@*") if path.suffix != ".json"]
    address = Address.parse(objects_url)
    client: Minio = Link(address).client
    found = client.list_objects(address.evidence, prefix=key, include_version=True)
    return [str(one.version_id) for one in found]


def open_multiparts(objects_url: str, key: str) -> int:
    """How many multipart uploads of a key are left, whose parts take room until the store's own clean-up."""
    if objects_url.startswith("file:"):
        folder = Path(objects_url.removeprefix("file://").partition("?")[0])
        return len([*(folder / "desk").iterdir(), *(folder / "parts").iterdir()])
    address = Address.parse(objects_url)
    answer = Link(address).send("GET", address.evidence, "", query={"uploads": "", "prefix": key})
    assert answer.status == 200
    return bytes(answer.data).count(b"<Upload>")


@pytest.fixture(params=["folder", "minio"])
def house(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[House]:
    is_minio = request.param == "minio"
    made = House(database_url, request.getfixturevalue("objects_url") if is_minio else folder_url(tmp_path))
    yield made
    made.close()


def ident_of(address: str) -> UploadId:
    return UploadId(UUID(address.rpartition("/")[2]))


@contextmanager
def served(house: House) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """Two processes of the API, and the sender's client of each."""
    with (
        serving_apart(house.one) as (_, one),
        serving_apart(house.two) as (_, two),
        httpx.Client(
            base_url=one, headers=bearer(house.device.token), verify=TRUST, timeout=PATIENCE_SECONDS
        ) as first,
        httpx.Client(
            base_url=two, headers=bearer(house.device.token), verify=TRUST, timeout=PATIENCE_SECONDS
        ) as second,
    ):
        yield first, second


def opened_final(house: House) -> Upload:
    """A final upload that nobody joins yet."""
    with serving(house.one) as address:
        headers = bearer(house.device.token)
        with httpx.Client(
            base_url=address, headers=headers, verify=TRUST, timeout=PATIENCE_SECONDS
        ) as client:
            idents = tuple(map(ident_of, house.pieces(client)))
    value = f"final;{' '.join(map(str, idents))}"
    wish = NewUpload(length_bytes=0, filename="a", concat=value, partial_ids=idents)
    with house.one.begin() as tx:
        return tx.finals.open(tx.accounts.actor_of(house.device.token), wish)


def at_piece(number: int, held: Held) -> Callable[[], bool]:
    """What holds a join before a piece."""
    asked = iter(range(len(PIECES)))

    def goes_on() -> bool:
        if next(asked) == number:
            held.wait()
        return True

    return goes_on


def began(pool: ThreadPoolExecutor, held: Held, join: Callable[[], Upload]) -> Future[Upload]:
    begun = pool.submit(join)
    until(lambda: held.is_reached.is_set() or begun.done(), "it is held")
    return begun


@pytest.mark.parametrize("number", range(len(PIECES)))
def test_one_is_joined_while_the_other_reads(house: House, number: int) -> None:
    """Whoever still reads pieces when the other has committed finds that it is done, and answers the same."""
    before, upload, held = house.left_in_staging(), opened_final(house), Held()
    with ThreadPoolExecutor(1) as pool:
        slow = began(pool, held, lambda: complete_left(house.one, upload, at_piece(number, held)))
        fast = complete_left(house.two, upload)
        held.goes_on.set()

        assert slow.result(PATIENCE_SECONDS) == fast
    house.held_alone(upload, before)


def test_one_is_joined_while_the_other_has_all_parts(house: House) -> None:
    """Whoever completes the object second is told that it is there, by these very bytes, and its parts go."""
    before, upload, held = house.left_in_staging(), opened_final(house), Held()
    house.one.objects = cast("Any", AtTheEnd(house.one.objects, held))
    with ThreadPoolExecutor(1) as pool:
        slow = began(pool, held, lambda: complete_left(house.one, upload))
        fast = complete_left(house.two, upload)
        held.goes_on.set()

        assert slow.result(PATIENCE_SECONDS) == fast
    house.held_alone(upload, before)


def test_both_have_the_object_before_either_commits(house: House) -> None:
    """Two that come to the commit together: the row lets one through, and the other finds it received."""
    before, upload = house.left_in_staging(), opened_final(house)
    with ThreadPoolExecutor(2) as pool:
        with house.one.begin() as tx:
            tx.connection.execute(select(uploads.c.id).where(uploads.c.id == upload.id).with_for_update())
            both = [pool.submit(complete_left, store, upload) for store in (house.one, house.two)]
            until(lambda: waiting(house) == 2 or any(one.done() for one in both), "both to wait for the row")
            assert [one.done() for one in both] == [False, False], [one.exception() for one in both]

        assert both[0].result(PATIENCE_SECONDS) == both[1].result(PATIENCE_SECONDS)
    house.held_alone(upload, before)


def waiting(house: House) -> int:
    """How many sessions wait for a lock on the row of an upload."""
    with house.two.begin() as tx:
        query = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock' AND query LIKE 'UPDATE uploads SET state%'"
        )
        return int(tx.connection.scalar(query) or 0)


def test_two_servers_asked_at_once_say_the_same(house: House) -> None:
    """The same final upload asked of two processes at the same moment, again and again: one upload, one receipt."""
    with served(house) as clients, ThreadPoolExecutor(2) as pool:
        for _ in range(4):
            before = house.left_in_staging()
            stated = {**VERSION, "Upload-Concat": f"final;{' '.join(house.pieces(clients[0]))}"}
            begin = threading.Barrier(2)

            def asked(
                client: httpx.Client, stated: dict[str, str] = stated, begin: threading.Barrier = begin
            ) -> httpx.Response:
                begin.wait(PATIENCE_SECONDS)
                return client.post("/v1/uploads", headers=stated)

            answers = list(pool.map(asked, clients))
            assert [one.status_code for one in answers] == [201, 201], [one.text for one in answers]
            (address,) = {one.headers["Location"] for one in answers}
            assert {one.headers["Upload-Offset"] for one in answers} == {str(sum(PIECES))}
            receipts = [client.get(f"{address}/receipt").json() for client in clients]
            assert receipts[0] == receipts[1]
            with house.one.begin() as tx:
                upload = tx.uploads.known(ident_of(address))
            house.held_alone(upload, before)
