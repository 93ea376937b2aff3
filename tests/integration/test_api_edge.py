"""What a stranger can do to a connection: heads without end, bodies without end, and refusals that must arrive."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPResponse
from select import select

import httpx
import pytest

from api.settings import ApiSettings
from schemas.actor import Role
from storage.setup.home import TICKET_KEYS
from storage.store import Store
from tests.factories import TestDevice, enrol_device, folder_url, make_account, make_agency, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS, Stand, answers, free_port, until
from tests.tus import VERSION, bearer, metadata, opened, sent
from tests.web import TRUST
from tests.wire import line

KIB = 1024
LIMITS = ApiSettings()
HASTY = 0.5
"""Seconds after which a server of these tests gives up on whoever sends nothing more."""


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("edge"))))
    yield made
    made.close()


@pytest.fixture(scope="module")
def device(store: Store) -> TestDevice:
    return enrol_device(store, make_account(store, make_agency(store), Role.CUSTODIAN)[1])


@pytest.fixture(scope="module")
def url(store: Store) -> Iterator[str]:
    """A server of the default settings."""
    with serving(store) as made:
        yield made


@pytest.fixture(scope="module")
def hasty(store: Store) -> Iterator[str]:
    """A server that waits for nobody."""
    with serving(store, ApiSettings(head_seconds=HASTY, body_seconds=HASTY, linger_seconds=HASTY)) as made:
        yield made


def said(wire: socket.socket) -> tuple[int, str]:
    """Status and slug of the answer; the connection must have ended behind it, in order."""
    answer = HTTPResponse(wire)
    answer.begin()
    slug = answer.read().decode().partition('"slug":"')[2].partition('"')[0]
    assert answer.headers["Content-Type"] == "application/problem+json"
    return answer.status, slug


def is_over(wire: socket.socket) -> bool:
    """The server has ended its side, without a reset."""
    return wire.recv(1) == b""


def readable(wires: list[socket.socket]) -> list[socket.socket]:
    """Those on which something has come."""
    return select(wires, [], [], 0)[0]


def poured(wire: socket.socket, head: bytes, filler: bytes, size: int) -> int:
    """Send until the server takes no more, at most `size`; returns how much it took."""
    wire.sendall(head)
    taken = len(head)
    try:
        while taken < size:
            wire.sendall(filler)
            taken += len(filler)
    except OSError:
        pass
    return taken


@pytest.mark.parametrize(
    "rest",
    [
        b"X: " + b"a" * 40 * KIB,
        b"".join(b"X-%d: %s\r\n" % (n, b"a" * KIB) for n in range(40)),
        b"X: " + b"a" * 40 * KIB + b"\r\n\r\n",
    ],
    ids=["one header without an end", "many headers", "a whole head"],
)
def test_a_head_over_its_limit_is_refused_in_words(url: str, rest: bytes) -> None:
    """Whatever the head is made of, beyond 32 KiB it is answered 431 and the line ends in order."""
    with line(url) as wire:
        wire.sendall(b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\n" + rest)

        assert said(wire) == (431, "head-too-large")
        assert is_over(wire)


@pytest.mark.parametrize(
    "start", [b"GET /", b"GET / HTTP/1.1\r\nX: ", b"\r\n"], ids=["address", "header", "nothing"]
)
def test_a_head_is_not_read_without_end(url: str, start: bytes) -> None:
    """A stranger's endless head is dropped unread after what an answer may be followed by."""
    most = LIMITS.head_limit_bytes + LIMITS.linger_bytes + 16 * 1024 * KIB  # and what the kernel holds
    filler = b"\r\n" * 32 * KIB if start == b"\r\n" else b"a" * 64 * KIB
    with line(url) as wire:
        assert poured(wire, start, filler, 4 * most) < most


def test_a_head_within_the_limit_is_read(url: str) -> None:
    """30 KiB of headers are nobody's fault."""
    answer = httpx.get(
        f"{url}/v1/health", headers={"X": "a" * 30 * KIB}, verify=TRUST, timeout=PATIENCE_SECONDS
    )

    assert answer.status_code == 200


def test_a_trailer_is_no_way_around(url: str, device: TestDevice) -> None:
    """Headers behind a chunked body count like those before it."""
    head = "POST /v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    with line(url) as wire:
        wire.sendall(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: ")
        taken = poured(wire, b"", b"a" * 64 * KIB, 64 * 1024 * KIB)

    assert taken < 48 * 1024 * KIB


@pytest.mark.parametrize(
    "begun",
    [b"GET / HTTP/1.1\r\nHost: localhost\r\n", b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\nGET"],
)
def test_a_half_head_is_not_waited_for(hasty: str, begun: bytes) -> None:
    """A head that does not come to its end is answered 408, also the second one of a connection."""
    with line(hasty) as wire:
        wire.sendall(begun)
        if begun.endswith(b"GET"):
            first = HTTPResponse(wire)
            first.begin()
            first.read()

        assert said(wire) == (408, "head-timeout")
        assert is_over(wire)


def test_a_silent_connection_ends(hasty: str) -> None:
    """Who connects and says nothing is told nothing, and holds nothing."""
    with line(hasty) as wire:
        assert is_over(wire)


def test_the_oldest_of_many_half_heads_is_given_up(store: Store) -> None:
    """Of three unfinished heads where two may be, the oldest ends, however long it might still wait."""
    settings = ApiSettings(head_seconds=PATIENCE_SECONDS, open_heads=2)
    with serving(store, settings) as made, ExitStack() as stack:
        wires = [stack.enter_context(line(made)) for _ in range(3)]
        for wire in wires:
            wire.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        until(lambda: readable(wires), "one of them is told")

        assert readable(wires) == [wires[0]]
        assert wires[0].recv(12) in {b"HTTP/1.1 408", b""}  # its first bytes may not have been read yet


def test_four_hundred_half_heads_do_not_stop_a_device(url: str, device: TestDevice) -> None:
    """A device finishes while 400 connections stand in the middle of their head."""
    with ExitStack() as stack:
        for _ in range(400):
            stack.enter_context(line(url)).sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        with httpx.Client(
            base_url=url, headers=bearer(device.token), verify=TRUST, timeout=PATIENCE_SECONDS
        ) as client:
            assert sent(client, b"meanwhile")


def test_only_a_batch_may_be_longer_than_a_body(url: str, device: TestDevice) -> None:
    """What is asked of one record has the limit of every request, not that of a batch."""
    path = f"/v1/monitoring/records/{device.id}/notifications"
    answer = httpx.post(f"{url}{path}", content=b"a" * 2_000_000, verify=TRUST, timeout=PATIENCE_SECONDS)

    assert (answer.status_code, answer.json()["slug"]) == (413, "body-too-large")


@pytest.mark.parametrize("path", ["/v1/sessions", "/v1/monitoring/records"])
def test_a_body_that_does_not_come_is_not_waited_for(store: Store, hasty: str, path: str) -> None:
    """A log-in without a token and a batch of a source have their time, and then the answer 408."""
    token, _ = make_account(store, make_agency(store), Role.SOURCE)
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
    with line(hasty) as wire:
        wire.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{".encode())

        assert said(wire) == (408, "body-timeout")


@pytest.mark.parametrize("connection", ["keep-alive", "close"])
def test_a_refused_sender_reads_the_answer(url: str, connection: str) -> None:
    """Who sends 8 MiB before it looks gets the refusal, whether or not the line was to be kept; never a reset."""
    body = os.urandom(8 * 1024 * KIB)
    named = f"Host: localhost\r\nConnection: {connection}\r\nContent-Length: {len(body)}"
    head = f"POST /v1/sessions HTTP/1.1\r\n{named}\r\n\r\n"
    with line(url) as wire:
        wire.sendall(head.encode() + body)

        assert said(wire) == (413, "body-too-large")


def test_what_follows_a_refusal_is_not_read_without_end(url: str) -> None:
    """The rest of a refused body is dropped within a bound, and the line ends."""
    size = 64 * 1024 * 1024 * KIB
    head = f"POST /v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n".encode()
    with line(url) as wire:
        assert poured(wire, head, b"a" * 256 * KIB, 256 * 1024 * KIB) < 64 * 1024 * KIB


def test_a_refused_sender_that_stops_is_left(hasty: str) -> None:
    """Who was answered and sends nothing more does not keep the line."""
    with line(hasty) as wire:
        wire.sendall(b"POST /v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\n\r\na")

        assert said(wire) == (413, "body-too-large")
        assert is_over(wire)


def test_a_line_goes_on_behind_a_refused_body(url: str) -> None:
    """A client that sends its refused body to the end asks on over the same connection."""
    with line(url) as wire:
        wire.sendall(
            b"POST /v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\n\r\n"
            + b"a" * 2_000_000
        )
        assert said(wire) == (413, "body-too-large")
        wire.sendall(b"GET /v1/sessions/current HTTP/1.1\r\nHost: localhost\r\n\r\n")

        assert said(wire) == (401, "not-authenticated")


def test_what_is_no_http_is_told_so(url: str) -> None:
    """Bytes that are no request are answered by a problem document."""
    with line(url) as wire:
        wire.sendall(b"\x16\x03\x01\x02\x00\x01\r\n\r\n")

        assert said(wire) == (400, "request-unreadable")
        assert is_over(wire)


def test_metadata_over_its_limit_is_refused_and_nothing_is_opened(url: str, device: TestDevice) -> None:
    """Upload-Metadata has 8 KiB; below that it comes back as sent."""
    with httpx.Client(
        base_url=url, headers=bearer(device.token), verify=TRUST, timeout=PATIENCE_SECONDS
    ) as client:
        long = {**VERSION, "Upload-Length": "1", "Upload-Metadata": metadata(filename="a" * 7 * KIB)}
        refused = client.post("/v1/uploads", headers=long)
        kept = opened(client, 1, filename="a" * 5 * KIB)

        assert (refused.status_code, refused.json()["slug"]) == (431, "metadata-too-large")
        assert client.head(kept, headers=VERSION).headers["Upload-Metadata"] == metadata(
            filename="a" * 5 * KIB
        )


def test_the_services_command_has_the_same_limits(stand: Stand, store: Store) -> None:
    """The words of the compose file start a server that refuses what `serve` refuses."""
    names = (
        "database_url",
        "objects_url",
        "log_key",
        "registry_key",
        "export_key",
        "personal_key",
        *TICKET_KEYS,
    )
    secrets = {name.upper(): getattr(store.settings, name).get_secret_value() for name in names}
    port = free_port()
    environment = {**secrets, "API_HEAD_SECONDS": str(HASTY)}
    process = stand.start("edge-api", stand.command("api", port=port), environment)
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: answers(f"{address}/v1/health"), "the server answers")
        with line(address) as wire:
            wire.sendall(b"GET / HTTP/1.1\r\nX: " + b"a" * 40 * KIB)
            assert said(wire) == (431, "head-too-large")
        with line(address) as wire:
            wire.sendall(b"GET / HTTP/1.1\r\n")
            assert said(wire) == (408, "head-timeout")
    finally:
        stand.stop(process)
