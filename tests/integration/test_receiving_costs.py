"""What it costs to receive a file, in what no clock decides: commits, statements, and requests to the store."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import httpx
import pytest
from sqlalchemy import event

from schemas.event import Event
from schemas.upload import MIB
from storage.objects.values import Stored
from storage.recording.upload import NewUpload
from storage.store import Store
from tests.casework import make_bureau
from tests.cuts import client_of
from tests.factories import TestDevice, folder_store, lone_device
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.tus import BODY, VERSION, bearer, opened, patched
from tests.web import TRUST

PHOTO = b"p" * 4 * MIB
WRITES = ("put", "begin_parts", "put_part", "finish_parts", "put_staging", "delete_staging")
"""What one call of is one request to an S3 store."""


class Counting:
    """The object store, and how often it was asked to write."""

    def __init__(self, objects: Any, seen: Counter[str]) -> None:
        self._objects, self._seen = objects, seen

    def __getattr__(self, name: str) -> Any:
        if name in WRITES:
            self._seen[name] += 1
        return getattr(self._objects, name)


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with folder_store(database_url, tmp_path_factory.mktemp("costs")) as made:
        yield made


@pytest.fixture
def device(store: Store) -> TestDevice:
    return lone_device(store)


@contextmanager
def counted(store: Store) -> Iterator[tuple[Counter[str], str]]:
    """A server, and what it asks of database and store; who listens for newer requests is left out."""
    seen: Counter[str] = Counter()

    def note(what: str) -> None:
        if not threading.current_thread().name.startswith("handover"):
            seen[what] += 1

    def committed(_: object) -> None:
        note("commit")

    def executed(*_: object) -> None:
        note("statement")

    event.listen(store.engine, "commit", committed)
    event.listen(store.engine, "before_cursor_execute", executed)
    plain = store.objects
    store.objects = cast("Any", Counting(plain, seen))
    with serving(store) as url:
        yield seen, url
    store.objects = plain
    event.remove(store.engine, "commit", committed)
    event.remove(store.engine, "before_cursor_execute", executed)


def spent(seen: Counter[str]) -> dict[str, int]:
    """What was spent since the last look."""
    found = dict(seen)
    seen.clear()
    return found


def test_a_photo_is_three_commits_and_one_object(store: Store, device: TestDevice) -> None:
    """Opened in one transaction, begun in one, stored as one object and received in one."""
    with counted(store) as (seen, url), client_of(url, device) as client:
        path = opened(client, len(PHOTO), filename="p.jpg")
        assert spent(seen) == {"commit": 1, "statement": 3}

        assert patched(client, path, PHOTO).status_code == 204
        assert spent(seen) == {"commit": 2, "statement": 8, "put": 1}


def test_a_photo_in_one_request_costs_no_more(store: Store, device: TestDevice) -> None:
    """A creation that brings its bytes is the same work, and one answer less."""
    headers = {**VERSION, **BODY, **bearer(device.token), "Upload-Length": str(len(PHOTO))}
    with counted(store) as (seen, url):
        answer = httpx.post(
            f"{url}/v1/uploads", headers=headers, content=PHOTO, verify=TRUST, timeout=PATIENCE_SECONDS
        )

        assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, str(len(PHOTO)))
        assert spent(seen) == {"commit": 3, "statement": 11, "put": 1}


def test_who_states_the_same_case_waits_for_four_statements(store: Store) -> None:
    """Behind the lock of the case's chain stand the recording, the look at the case, the tie, and one for both leaves."""
    bureau = make_bureau(store)
    wish = NewUpload(length_bytes=1, filename="a.bin", case_number=bureau.open().number)
    with store.begin() as tx:
        upload = tx.uploads.open(bureau.officers[0], wish)
    asked: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    with store.begin() as tx:
        done = tx.uploads.complete(
            upload, Stored(version_id="v", size_bytes=1), key=f"recordings/{upload.id}/1"
        )
        (locked,) = [place for place, one in enumerate(asked) if "hold_chains" in one]
        behind = [" ".join(one.split()[:2]) for one in asked[locked + 1 :]]
        chain = [one.leaf.event for one in tx.custody.chain(f"recording/{done.recording_id}")]
    assert behind == [
        "INSERT INTO",
        "SELECT cases.state",
        "INSERT INTO",
        "SELECT append_leaves(%(actor)s,",
    ]
    assert chain == [Event.RECORDING_RECEIVE, Event.CASE_LINK]


def test_an_offset_is_told_in_one_transaction(store: Store, device: TestDevice) -> None:
    """Who asks, whether somebody sends, and how far it has come: one look."""
    with counted(store) as (seen, url), client_of(url, device) as client:
        path = opened(client, 5)
        spent(seen)
        assert client.head(path, headers=VERSION).status_code == 200

    assert seen["commit"] == 1
