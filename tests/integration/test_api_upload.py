"""The upload protocol from outside, over real sockets: tus 1.0 Core, Creation, Creation-With-Upload, Expiration.

`C…`, `K…` and `E…` in the docstrings number the requirements of the protocol text, in its order.
"""

import base64
import contextlib
import hashlib
import io
import os
import socket
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from http.client import HTTPResponse
from pathlib import Path
from typing import Self
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select, text, update
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from tusclient.client import TusClient

from api.filling import TAKE, Filling
from api.settings import ApiSettings
from schemas.actor import Role
from schemas.event import Event
from schemas.upload import MIB, Tail
from storage.flow.receive import Receiving
from storage.store import Store
from storage.tables.recording import recordings, upload_parts, uploads
from tests.factories import (
    TestDevice,
    enrol_device,
    events_of,
    folder_url,
    make_account,
    make_agency,
    make_settings,
)
from tests.owner import owning
from tests.server import serving, serving_apart
from tests.stand import PATIENCE_SECONDS, until
from tests.tus import BODY, VERSION, bearer, metadata, offset_of, opened, patched, stored
from tests.web import TRUST

ROOT = Path(__file__).resolve().parents[2]
LARGEST = 64 * MIB
LINGER_NONE = struct.pack("ii", 1, 0)
"""Closing with this option sends a reset, as a lost network does in the end."""


@dataclass
class Place:
    """A server, one device, and how many bytes of a body have reached the application, by path."""

    store: Store
    url: str
    device: TestDevice
    heard: Counter[str]

    def lease(self, upload_url: str) -> UUID | None:
        """Which request holds the upload."""
        ident = UUID(upload_url.rsplit("/", 1)[1])
        with self.store.begin() as tx:
            return tx.connection.scalar(select(uploads.c.lease_token).where(uploads.c.id == ident))


class Wire:
    """One connection on which every byte of the request is written by the test."""

    def __init__(self, place: Place, method: str, path: str, body: bytes = b"", **headers: str) -> None:
        address = httpx.URL(place.url)
        self.socket = socket.create_connection((address.host, address.port), timeout=PATIENCE_SECONDS)
        stated = {"Host": address.host, **bearer(place.device.token), **headers}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in stated.items())]
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode() + body)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, payload: bytes) -> None:
        self.socket.sendall(payload)

    def answer(self) -> HTTPResponse:
        made = HTTPResponse(self.socket)
        made.begin()
        return made

    def reset(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = folder_url(tmp_path_factory.mktemp("tus"))
    made = Store(make_settings(database_url, folder, max_upload_bytes=LARGEST))
    yield made
    made.close()


@pytest.fixture(scope="module")
def place(store: Store) -> Iterator[Place]:
    _, custodian = make_account(store, make_agency(store), Role.CUSTODIAN)
    heard: Counter[str] = Counter()
    settings = ApiSettings(receive_timeout_seconds=PATIENCE_SECONDS)
    with serving(store, settings, around=partial(listening, heard)) as url:
        yield Place(store, url, enrol_device(store, custodian), heard)


def listening(heard: Counter[str], app: ASGIApp) -> ASGIApp:
    """Count the bytes of bodies that the application has asked for and got."""

    async def listened(scope: Scope, receive: Receive, send: Send) -> None:
        async def counted() -> Message:
            message = await receive()
            heard[scope.get("path", "")] += len(message.get("body", b""))  # the lifespan has neither
            return message

        if TAKE in scope:
            scope = {**scope, TAKE: partial(_heard, heard, scope["path"], scope[TAKE])}
        await app(scope, counted, send)

    return listened


def _heard(heard: Counter[str], path: str, take: Callable[[], Filling | None]) -> "Heard | None":
    filling = take()
    return None if filling is None else Heard(filling, heard, path)


class Heard:
    """A body that is taken off the line, and how much of it."""

    def __init__(self, filling: Filling, heard: Counter[str], path: str) -> None:
        self._filling, self._heard, self._path = filling, heard, path

    async def fill(self, view: memoryview) -> int:
        size = await self._filling.fill(view)
        self._heard[self._path] += size
        return size


@pytest.fixture
def client(place: Place) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=place.url, headers=bearer(place.device.token), verify=TRUST, timeout=PATIENCE_SECONDS
    ) as made:
        yield made


def appending(
    place: Place, url: str, length: int, offset: int = 0, *, body: bytes = b"", **headers: str
) -> Wire:
    """A PATCH whose head is sent, with the beginning of its body; the rest is the test's to send."""
    stated = {**VERSION, **BODY, "Upload-Offset": str(offset), "Content-Length": str(length), **headers}
    return Wire(place, "PATCH", url, body, **stated)


def taken(place: Place, url: str, before: UUID | None, heard: int = 0) -> None:
    """Wait until a new request holds the upload and the application has `heard` so many bytes for it.

    A server drops what it has received and its application has not yet asked for when the line breaks (at
    most one read, 256 KiB, and its buffer of 64 KiB): the tests of exact offsets wait until it has asked.
    """
    until(lambda: place.lease(url) != before, "somebody takes the upload")
    until(lambda: place.heard[url] >= heard, "the application reads what was sent")


def reached(client: httpx.Client, url: str, wanted: int) -> int:
    """Ask for the offset until it is `wanted`; on the way it may only grow."""
    seen = [0]

    def is_there() -> bool:
        seen.append(offset_of(client, url))
        assert seen[-1] >= seen[-2], seen
        return seen[-1] == wanted

    until(is_there, lambda: str(seen))
    return seen[-1]


def total(store: Store) -> tuple[int, int]:
    """Numbers of uploads and of recordings."""
    with store.begin() as tx:
        return tuple(
            tx.connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (uploads, recordings)
        )


def random_bytes(size: int) -> bytes:
    return os.urandom(size)


@pytest.mark.parametrize("version", [None, "0.2.2", "1.0", "2.0.0", "1.0.0, 0.2.2"])
def test_another_version_is_refused_and_nothing_is_done(
    place: Place, client: httpx.Client, version: str | None
) -> None:
    """C1: a missing or other version answers 412 with Tus-Version, and changes nothing."""
    url = opened(client, 3)
    before = total(place.store)
    said = {"Tus-Resumable": version} if version else {}
    requests = [
        ("POST", "/v1/uploads", {"Upload-Length": "3"}),
        ("HEAD", url, {}),
        ("PATCH", url, {**BODY, "Upload-Offset": "0"}),
        ("DELETE", url, {}),
    ]
    for method, path, headers in requests:
        body = b"abc" if method == "PATCH" else None
        answer = client.request(method, path, headers={**said, **headers}, content=body)
        assert answer.status_code == 412, method
        assert answer.headers["Tus-Version"] == "1.0.0"
        assert answer.headers["Tus-Resumable"] == "1.0.0"
        assert "Upload-Offset" not in answer.headers

    assert offset_of(client, url) == 0
    assert total(place.store) == before


@pytest.mark.parametrize("said", [{}, {"Tus-Resumable": "0.0.1"}, {"Authorization": "Bearer nonsense"}])
@pytest.mark.parametrize("path", ["/v1/uploads", "/v1/uploads/d082cfcb-a1e1-496b-b693-d4ffc4bd58bc"])
def test_options_say_what_is_spoken(place: Place, path: str, said: dict[str, str]) -> None:
    """C2: OPTIONS answers with version, extensions and the largest size, whatever the request states."""
    answer = httpx.options(f"{place.url}{path}", headers=said, verify=TRUST, timeout=PATIENCE_SECONDS)

    assert answer.status_code in (200, 204)
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert set(answer.headers["Tus-Extension"].split(",")) == {
        "creation",
        "creation-with-upload",
        "creation-defer-length",
        "checksum",
        "termination",
        "expiration",
        "concatenation",
    }
    assert answer.headers["Tus-Max-Size"] == str(LARGEST)


def test_head_always_says_the_offset(client: httpx.Client) -> None:
    """C3: HEAD says offset and length at the start, in the middle and at the end, and is never cached."""
    url = opened(client, 3)
    for at, piece in enumerate((b"a", b"b", b"c")):
        answer = client.head(url, headers=VERSION)
        assert (answer.headers["Upload-Offset"], answer.headers["Upload-Length"]) == (str(at), "3")
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Tus-Resumable"] == "1.0.0"
        patched(client, url, piece, at)

    assert offset_of(client, url) == 3


def test_append_says_the_new_offset(place: Place, client: httpx.Client) -> None:
    """C4: success is exactly 204 with the old offset plus the bytes stored."""
    url = opened(client, 6)
    first, second = patched(client, url, b"abc"), patched(client, url, b"def", 3)

    assert [first.status_code, second.status_code] == [204, 204]
    assert [first.headers["Upload-Offset"], second.headers["Upload-Offset"]] == ["3", "6"]
    assert stored(place.store, url) == b"abcdef"


def test_another_content_type_is_refused(client: httpx.Client) -> None:
    """C4: a PATCH of another content type answers 415 and changes nothing."""
    url = opened(client, 3)
    for kind in ("application/octet-stream", "application/json", ""):
        assert patched(client, url, b"abc", **{"Content-Type": kind}).status_code == 415

    assert offset_of(client, url) == 0


def test_a_wrong_offset_is_told_the_right_one(client: httpx.Client) -> None:
    """C4: a wrong offset answers 409, names the right one in the body only, and changes nothing."""
    url = opened(client, 10)
    patched(client, url, b"abc")
    for offset in (0, 2, 4, 10, 11, 10**18):
        answer = patched(client, url, b"xyz", offset)
        assert answer.status_code == 409
        assert answer.json()["offset"] == 3
        assert "Upload-Offset" not in answer.headers

    assert offset_of(client, url) == 3


@pytest.mark.parametrize(
    "number", ["-1", "x", "1.5", "", "0x0", "1e3", "٣".encode().decode("latin-1"), "9" * 30]
)
def test_numbers_are_natural(client: httpx.Client, number: str) -> None:
    """C7: offset and length are non-negative integers, or the request is refused."""
    url = opened(client, 3)
    with_offset = {**VERSION, **BODY, "Upload-Offset": number}
    encoded = {name.encode(): value.encode("latin-1") for name, value in with_offset.items()}
    with_length = {b"Tus-Resumable": b"1.0.0", b"Upload-Length": number.encode("latin-1")}

    assert client.patch(url, content=b"abc", headers=encoded).status_code == 400
    assert client.post("/v1/uploads", headers=with_length).status_code == 400
    assert offset_of(client, url) == 0


def test_post_may_stand_for_patch(place: Place, client: httpx.Client) -> None:
    """C6: X-HTTP-Method-Override makes a POST a PATCH; without it a POST is none."""
    url = opened(client, 3)
    headers = {**VERSION, **BODY, "Upload-Offset": "0"}
    refused = client.post(url, content=b"abc", headers=headers)
    taken = client.post(url, content=b"abc", headers={**headers, "X-HTTP-Method-Override": "PATCH"})

    assert refused.status_code == 405
    assert taken.status_code == 204
    assert stored(place.store, url) == b"abc"


def test_a_length_is_needed(place: Place, client: httpx.Client) -> None:
    """K1: without a length nothing is opened, unless it is deferred in the one way there is."""
    before = total(place.store)
    for headers in ({}, {"Upload-Defer-Length": "0"}, {"Upload-Defer-Length": "2"}):
        assert client.post("/v1/uploads", headers={**VERSION, **headers}).status_code == 400

    assert total(place.store) == before


def test_a_length_over_the_limit_is_refused(client: httpx.Client) -> None:
    """K2: the largest size opens, one byte more answers 413."""
    opened(client, LARGEST)
    answer = client.post("/v1/uploads", headers={**VERSION, "Upload-Length": str(LARGEST + 1)})

    assert (answer.status_code, answer.json()["slug"]) == (413, "upload-too-large")


def test_nothing_is_complete_at_once(place: Place, client: httpx.Client) -> None:
    """K2: an upload of no bytes is a recording after its creation, with a receipt."""
    url = opened(client, 0, filename="empty.jpg")

    assert client.get(f"{url}/receipt").json()["size_bytes"] == 0
    assert offset_of(client, url) == 0
    assert stored(place.store, url) == b""


@pytest.mark.parametrize(
    "header", [metadata(filename="现场照片.jpg"), "is_confidential,filename YS5qcGc=", "", None]
)  # fmt: skip
def test_metadata_comes_back_as_sent(client: httpx.Client, header: str | None) -> None:
    """K3: HEAD returns Upload-Metadata byte for byte; an empty header is allowed."""
    said = {} if header is None else {"Upload-Metadata": header}
    answer = client.post("/v1/uploads", headers={**VERSION, "Upload-Length": "3", **said})
    got = client.head(answer.headers["Location"], headers=VERSION)

    assert answer.status_code == 201
    assert got.headers.get("Upload-Metadata", "") == (header or "")


@pytest.mark.parametrize("sent", [b"abcdef", b"abc"])
def test_creation_takes_the_first_bytes(place: Place, client: httpx.Client, sent: bytes) -> None:
    """K5: a creation may carry bytes; its answer says how many are kept, and the rest follows."""
    answer = client.post("/v1/uploads", content=sent, headers={**VERSION, **BODY, "Upload-Length": "6"})
    assert answer.status_code == 201
    assert answer.headers["Upload-Offset"] == str(len(sent))
    url = answer.headers["Location"]
    if sent != b"abcdef":
        patched(client, url, b"def", 3)

    assert stored(place.store, url) == b"abcdef"


def test_expiry_is_announced_until_the_end(client: httpx.Client) -> None:
    """E1: creation and every unfinished PATCH say when the upload expires; a finished one never does."""
    created = client.post("/v1/uploads", headers={**VERSION, "Upload-Length": "6"})
    url = created.headers["Location"]
    middle, last = patched(client, url, b"abc"), patched(client, url, b"def", 3)

    assert parsedate_to_datetime(created.headers["Upload-Expires"]).tzinfo is not None
    assert "Upload-Expires" in middle.headers
    assert "Upload-Expires" not in last.headers


def test_an_expired_upload_is_gone(place: Place, client: httpx.Client) -> None:
    """E1: after its end an upload answers 410 to everything, without an offset."""
    url = opened(client, 6)
    patched(client, url, b"abc")
    ident = UUID(url.rsplit("/", 1)[1])
    with place.store.begin() as tx:
        past = tx.now - timedelta(seconds=1)
        tx.connection.execute(update(uploads).where(uploads.c.id == ident).values(expires_at=past))
        tx.uploads.expire(limit=100)
    answers = [
        client.head(url, headers=VERSION),
        patched(client, url, b"def", 3),
        client.post(f"{url}/complete"),
    ]

    assert [answer.status_code for answer in answers] == [410, 410, 410]
    assert not any("Upload-Offset" in answer.headers for answer in answers)


def test_a_body_needs_no_length(place: Place, client: httpx.Client) -> None:
    """The official Android client sends chunks without Content-Length; every byte of them counts."""
    payload = random_bytes(9 * MIB)
    url = opened(client, len(payload))
    pieces = (payload[at : at + 700_000] for at in range(0, len(payload), 700_000))

    assert patched(client, url, pieces).status_code == 204
    assert stored(place.store, url) == payload


def test_the_server_says_continue(place: Place, client: httpx.Client) -> None:
    """A sender that waits for 100 Continue gets it before it has sent a byte of the body."""
    url = opened(client, 3)
    with appending(place, url, 3, Expect="100-continue") as wire:
        assert wire.socket.recv(64).startswith(b"HTTP/1.1 100")
        wire.send(b"abc")
        assert wire.answer().status == 204

    assert stored(place.store, url) == b"abc"


def test_a_wrong_offset_is_told_before_the_body(place: Place, client: httpx.Client) -> None:
    """A sender that waits for 100 Continue with a wrong offset is refused without sending its body."""
    url = opened(client, 3)
    with appending(place, url, 3, 2, Expect="100-continue") as wire:
        assert wire.answer().status == 409


def test_header_names_have_no_case(place: Place, client: httpx.Client) -> None:
    """The iOS client sends TUS-RESUMABLE in upper case."""
    url = opened(client, 3)
    names = {"TUS-RESUMABLE": "1.0.0", "UPLOAD-OFFSET": "0", "CONTENT-TYPE": BODY["Content-Type"]}
    with Wire(place, "PATCH", url, **names, **{"CONTENT-LENGTH": "3"}) as wire:
        wire.send(b"abc")
        assert wire.answer().status == 204

    assert offset_of(client, url) == 3


@pytest.mark.parametrize("is_reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("arrived", [1, 300_000, 8 * MIB, 9 * MIB])
def test_a_cut_line_keeps_what_arrived(
    place: Place, client: httpx.Client, arrived: int, is_reset: bool
) -> None:
    """C5: after a cut the offset is what had arrived, it never falls, and resuming gives the file exactly."""
    payload = random_bytes(10 * MIB)
    url = opened(client, len(payload))
    with appending(place, url, len(payload)) as wire:
        wire.send(payload[:arrived])
        taken(place, url, None, heard=arrived)
        if is_reset:
            wire.reset()

    assert reached(client, url, arrived) == arrived
    assert patched(client, url, payload[arrived:], arrived).status_code == 204
    assert stored(place.store, url) == payload


def test_parts_under_wrong_numbers_never_become_a_recording(place: Place, client: httpx.Client) -> None:
    """A store joins parts by number: rows that do not tell the file in order are refused, and nothing is lost."""
    payload = random_bytes(18 * MIB)
    url = opened(client, len(payload))
    assert patched(client, url, payload[: 16 * MIB]).status_code == 204
    first = (upload_parts.c.upload_id == UUID(url.rsplit("/", 1)[-1]), upload_parts.c.start_bytes == 0)

    def renumber(number: int) -> None:
        with owning(place.store) as tx:
            tx.connection.execute(upload_parts.update().where(*first).values(number=number))

    with place.store.begin() as tx:
        was = tx.connection.scalar(select(upload_parts.c.number).where(*first))
    assert was is not None
    renumber(99)
    answer = patched(client, url, payload[16 * MIB :], 16 * MIB)
    assert (answer.status_code, answer.json()["slug"]) == (500, "parts-disordered")

    renumber(was)
    assert client.post(f"{url}/complete").status_code == 202
    assert stored(place.store, url) == payload


def test_a_line_cut_at_once_invents_nothing(place: Place, client: httpx.Client) -> None:
    """C5: however early the cut, the offset is never more than was sent, and the file comes out right."""
    payload = random_bytes(MIB)
    for arrived in (0, 1, 500_000):
        url = opened(client, len(payload))
        with appending(place, url, len(payload)) as wire:
            wire.send(payload[:arrived])
        taken(place, url, None)
        offset = offset_of(client, url)
        assert offset <= arrived
        answer = patched(client, url, payload[offset:], offset)
        if answer.status_code == 409:  # the request that was cut kept its bytes between question and answer
            offset = offset_of(client, url)
            assert 0 < offset <= arrived
            answer = patched(client, url, payload[offset:], offset)
        assert answer.status_code == 204
        assert stored(place.store, url) == payload


def test_many_cuts_lose_nothing(place: Place, client: httpx.Client) -> None:
    """C5: a line that breaks at every piece brings the whole file in the end."""
    payload = random_bytes(9 * MIB)
    url = opened(client, len(payload))
    at = 0
    while at < len(payload):
        piece, before = payload[at : at + 1_300_001], place.lease(url)
        heard = place.heard[url] + len(piece)
        with appending(place, url, len(payload) - at, at) as wire:
            wire.send(piece)
            if at + len(piece) == len(payload):
                assert wire.answer().status == 204
            else:
                taken(place, url, before, heard=heard)
        at += len(piece)
        assert reached(client, url, at) == at

    assert stored(place.store, url) == payload


def test_a_silent_sender_is_ended(place: Place, client: httpx.Client) -> None:
    """C5: a body that stalls is answered after the time limit, and what arrived is kept."""
    url = opened(client, 1000)
    with (
        serving(place.store, ApiSettings(receive_timeout_seconds=0.5)) as impatient,
        appending(replace(place, url=impatient), url, 1000, body=b"a" * 600) as wire,
    ):
        answer = wire.answer()
        assert answer.status == 503
        assert b"receive-timeout" in answer.read()
        assert answer.getheader("Upload-Offset") is None

    assert offset_of(client, url) == 600
    patched(client, url, b"b" * 400, 600)
    assert stored(place.store, url) == b"a" * 600 + b"b" * 400


def test_the_newest_request_wins(place: Place, client: httpx.Client) -> None:
    """A newer request makes the older one store what it holds and end, and goes on behind it."""
    size = 10 * MIB
    url = opened(client, size)
    with appending(place, url, size) as old:
        old.send(b"o" * MIB)
        taken(place, url, None, heard=MIB)
        refused = patched(client, url, b"n" * (size // 2))
        assert (refused.status_code, refused.json()["offset"]) == (409, MIB)
        assert patched(client, url, b"n" * (size // 2), MIB).status_code == 204
        # The server may answer and close while the old request is still sending.
        with contextlib.suppress(OSError):
            old.send(b"o" * (size - MIB))
            answer = old.answer()
            assert (answer.status, b"upload-preempted" in answer.read()) == (409, True)
    assert offset_of(client, url) == MIB + size // 2
    patched(client, url, b"n" * (size // 2 - MIB), MIB + size // 2)

    assert stored(place.store, url) == b"o" * MIB + b"n" * (size - MIB)


def test_parallel_appends_leave_one_truth(place: Place, client: httpx.Client) -> None:
    """Eight senders of the same bytes at the same offset: at least one succeeds and the file is right."""
    payload = random_bytes(9 * MIB)
    url = opened(client, len(payload))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: patched(client, url, payload), range(8)))
    if offset_of(client, url) < len(payload):
        patched(client, url, payload[offset_of(client, url) :], offset_of(client, url))

    assert {answer.status_code for answer in answers} <= {204, 409}
    assert stored(place.store, url) == payload


def test_an_append_sees_the_commit_it_waited_for(place: Place, client: httpx.Client) -> None:
    """A request at an old offset that waits for another's commit is told the new one, and writes nothing."""
    url = opened(client, 6)
    ident = UUID(url.rsplit("/", 1)[1])
    with ThreadPoolExecutor(1) as pool:
        with place.store.begin() as tx:
            upload, token = tx.uploads.lease(place.device.actor, ident)
            tx.uploads.add_tail(
                upload, token, Tail(start_bytes=0, size_bytes=3, sha256=None, key=None, body=b"abc")
            )
            answer = pool.submit(patched, client, url, b"abcdef")
            waiting_for_a_lock(place.store)
        assert answer.result().status_code == 409

    assert answer.result().json()["offset"] == 3
    assert offset_of(client, url) == 3


def waiting_for_a_lock(store: Store) -> None:
    """Wait until a connection of this database waits for a lock."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )

    def waits() -> object:
        with store.begin() as tx:  # of each look its own: within one the answer stays
            return tx.connection.scalar(waiting)

    until(waits, "somebody waits")


def test_fifty_completions_make_one_recording(place: Place, client: httpx.Client) -> None:
    """However often and however parallel a completion is asked for, there is one recording."""
    url = opened(client, 6)
    ident = UUID(url.rsplit("/", 1)[1])
    # A crash between the last byte and the completion leaves this: everything is here, nothing is concluded.
    Receiving.begin(place.store, place.device.actor, ident, offset=0, content_length=6).keep([b"abcdef"])
    before = total(place.store)[1]
    with ThreadPoolExecutor(25) as pool:
        answers = list(pool.map(lambda _: client.post(f"{url}/complete"), range(50)))

    assert {(answer.status_code, answer.json().get("slug")) for answer in answers} == {(202, None)}
    made = {answer.json()["recording_id"] for answer in answers}
    assert len(made) == 1
    assert total(place.store)[1] == before + 1
    assert events_of(place.store, f"recording/{made.pop()}") == [Event.RECORDING_RECEIVE]
    assert stored(place.store, url) == b"abcdef"


def test_the_receipt_is_of_the_log(client: httpx.Client) -> None:
    """Before the end there is no receipt; afterwards it holds the leaf that the custody log will hold."""
    url = opened(client, 6)
    patched(client, url, b"abc")
    early = client.get(f"{url}/receipt")
    assert (early.status_code, early.json()["slug"], early.json()["offset"]) == (409, "upload-incomplete", 3)
    assert client.post(f"{url}/complete").json()["offset"] == 3
    patched(client, url, b"def", 3)
    receipt = client.get(f"{url}/receipt").json()
    leaf = base64.b64decode(receipt["leaf"])

    assert hashlib.sha256(leaf).hexdigest() == receipt["digest"]
    assert hashlib.sha256(b"\x00" + bytes.fromhex(receipt["digest"])).hexdigest() == receipt["leaf_hash"]
    assert receipt["recording_id"].encode() in leaf
    assert client.get(f"{url}/receipt").json() == receipt


def test_evidence_is_not_deleted_by_its_sender(place: Place, client: httpx.Client) -> None:
    """DELETE of a finished upload is refused, and what was sent stands."""
    url = opened(client, 3)
    patched(client, url, b"abc")
    answer = client.delete(url, headers=VERSION)

    assert (answer.status_code, answer.json()["slug"]) == (403, "upload-complete")
    assert stored(place.store, url) == b"abc"


@pytest.mark.parametrize("length", [0, 4])
def test_an_empty_patch_at_the_end_is_asked_for_its_body(
    place: Place, client: httpx.Client, length: int
) -> None:
    """tus-java-client ends every file of a whole number of chunks, and an empty one, by a PATCH of nothing."""
    url = opened(client, length)
    if length:
        patched(client, url, b"x" * length)
    stated = {
        **VERSION,
        **BODY,
        "Upload-Offset": str(length),
        "Content-Length": "0",
        "Expect": "100-continue",
    }
    with Wire(place, "PATCH", httpx.URL(url).path, **stated) as wire:
        said = wire.socket.recv(25)
        assert said == b"HTTP/1.1 100 Continue\r\n\r\n"
        answer = wire.answer()

    assert (answer.status, answer.headers["Upload-Offset"]) == (204, str(length))


def test_blanks_behind_a_value_are_no_part_of_it(place: Place, client: httpx.Client) -> None:
    """RFC 9110 section 5.5: what stands around the value of a header is not of the value."""
    url = opened(client, 3)
    stated = {"Tus-Resumable": " 1.0.0 \t", "Upload-Offset": "0 ", "Content-Length": "3",
              "Content-Type": "application/offset+octet-stream  "}  # fmt: skip
    with Wire(place, "PATCH", httpx.URL(url).path, b"abc", **stated) as wire:
        assert wire.answer().status == 204
    assert stored(place.store, url) == b"abc"


def test_a_finished_upload_takes_nothing_more(place: Place, client: httpx.Client) -> None:
    """After the end an empty PATCH is a repeat and succeeds; one with bytes is refused."""
    url = opened(client, 3)
    patched(client, url, b"abc")

    assert patched(client, url, b"", 3).status_code == 204
    assert patched(client, url, b"d", 3).status_code == 413
    assert patched(client, url, b"abc", 0).status_code == 409
    assert stored(place.store, url) == b"abc"


@pytest.mark.parametrize("chunk_bytes", [400_000, 64 * MIB])
def test_a_stock_client_uploads(place: Place, chunk_bytes: int) -> None:
    """tuspy, which knows nothing of us, brings a file that is stored exactly."""
    payload = random_bytes(9 * MIB)
    stock = TusClient(f"{place.url}/v1/uploads", headers=bearer(place.device.token))
    uploader = stock.uploader(
        file_stream=io.BytesIO(payload), chunk_size=chunk_bytes, metadata={"filename": "现场.mp4"}
    )
    uploader.upload()

    assert stored(place.store, uploader.url) == payload


def test_a_full_house_is_busy_and_still_answers(store: Store) -> None:
    """When no place becomes free an append answers 503 with Retry-After, and offsets can still be asked for."""
    _, custodian = make_account(store, make_agency(store), Role.CUSTODIAN)
    device = enrol_device(store, custodian)
    settings = ApiSettings(active_uploads=1, place_wait_seconds=0.5, receive_timeout_seconds=PATIENCE_SECONDS)
    with (
        serving(store, settings) as url,
        httpx.Client(
            base_url=url, headers=bearer(device.token), verify=TRUST, timeout=PATIENCE_SECONDS
        ) as client,
    ):
        first, second = opened(client, 6), opened(client, 3)
        place = Place(store, url, device, Counter())
        with appending(place, first, 6) as wire:
            wire.send(b"abc")
            taken(place, first, None)
            refused = patched(client, second, b"abc")
            assert (refused.status_code, refused.json()["slug"]) == (503, "busy")
            assert int(refused.headers["Retry-After"]) > 0
            assert offset_of(client, first) == 3
            wire.send(b"def")
            assert wire.answer().status == 204
        assert patched(client, second, b"abc").status_code == 204


def test_memory_does_not_grow_with_the_file(database_url: str, tmp_path: Path) -> None:
    """A server process that takes 300 MB in one request never holds 300 MB."""
    store = Store(make_settings(database_url, folder_url(tmp_path)))
    device = enrol_device(store, make_account(store, make_agency(store), Role.CUSTODIAN)[1])
    size, block = 300 * 1000 * 1000, b"m" * 1_000_000
    with (
        serving_apart(store) as (server, address),
        httpx.Client(
            base_url=address, headers=bearer(device.token), verify=TRUST, timeout=PATIENCE_SECONDS
        ) as client,
    ):
        url = opened(client, size, filename="long.mp4")
        assert patched(client, url, (block for _ in range(300))).status_code == 204
        status = Path(f"/proc/{server.pid}/status").read_text()
        receipt = client.get(f"{url}/receipt").json()
    store.close()
    peak_kib = int(status.split("VmHWM:")[1].split()[0])

    assert receipt["size_bytes"] == size
    assert peak_kib < 300 * 1000
