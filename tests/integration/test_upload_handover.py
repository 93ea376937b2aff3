"""A line that goes silent, and the sender who comes back on another: to the same process, another, or after a crash."""

import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from api.settings import ApiSettings
from schemas.actor import Role
from schemas.digest import sha256_hex
from schemas.upload import MIB
from storage.store import Store
from tests.factories import TestDevice, enrol_device, make_account, make_agency, make_settings
from tests.server import serving, serving_apart
from tests.stand import PATIENCE_SECONDS, free_port, until
from tests.tus import BODY, VERSION, bearer, offset_of, opened, patched, stored_sha256
from tests.web import TRUST

PIECE = 3 * MIB


@pytest.fixture(scope="module")
def store(database_url: str, objects_url: str) -> Iterator[Store]:
    made = Store(make_settings(database_url, objects_url))
    yield made
    made.close()


@pytest.fixture(scope="module")
def device(store: Store) -> TestDevice:
    return enrol_device(store, make_account(store, make_agency(store), Role.CUSTODIAN)[1])


class Line(NamedTuple):
    """One device's way to one process of the API."""

    client: httpx.Client
    token: str

    def silent(self, url: str, body: bytes, offset: int, length: int, **headers: str) -> socket.socket:
        """Begin a PATCH of everything that is left, send `body`, and fall silent."""
        address = self.client.base_url
        made = socket.create_connection((address.host, address.port or 80), timeout=PATIENCE_SECONDS)
        stated = {
            "Host": address.host,
            **bearer(self.token),
            **VERSION,
            **BODY,
            "Upload-Offset": str(offset),
            "Content-Length": str(length - offset),
            **headers,
        }
        lines = [f"PATCH {url} HTTP/1.1", *(f"{name}: {value}" for name, value in stated.items())]
        made.sendall(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
        return made

    def reaches(self, url: str, wanted: int) -> None:
        """Ask for the offset until it is `wanted`: what the network still carries has no offset yet."""
        seen = [0]

        def is_there() -> bool:
            seen.append(offset_of(self.client, url))
            assert seen[-1] >= seen[-2]
            return seen[-1] == wanted

        until(is_there, lambda: f"offset {wanted}, seen {seen[-3:]}")


@pytest.fixture(scope="module")
def lines(store: Store, device: TestDevice) -> Iterator[tuple[Line, Line]]:
    """Two ways to two processes of the API, over one store."""
    with ExitStack() as open_things:
        addresses = [
            open_things.enter_context(serving(store)),
            open_things.enter_context(serving_apart(store))[1],
        ]
        yield Line(*made(open_things, addresses[0], device)), Line(*made(open_things, addresses[1], device))


def made(open_things: ExitStack, address: str, device: TestDevice) -> tuple[httpx.Client, str]:
    client = httpx.Client(
        base_url=address, headers=bearer(device.token), verify=TRUST, timeout=PATIENCE_SECONDS
    )
    return open_things.enter_context(client), device.token


def test_a_line_that_ends_at_once_costs_nothing_that_arrived(
    device: TestDevice, lines: tuple[Line, Line]
) -> None:
    """Bytes that arrived count in the next HEAD, also when their line ended before anybody had read one of them."""
    url = opened(lines[0].client, PIECE)
    for reached in (10_000, 20_000, 30_000):
        lines[0].silent(url, os.urandom(10_000), reached - 10_000, PIECE).close()
        # Over a line of its own, as whoever comes back has: a server takes lines up in their order, not requests.
        with httpx.Client(
            base_url=lines[0].client.base_url,
            headers=bearer(device.token),
            verify=TRUST,
            timeout=PATIENCE_SECONDS,
        ) as client:
            assert offset_of(client, url) == reached


@pytest.mark.parametrize("ways", [(0, 0), (0, 1)], ids=["one-process", "two-processes"])
def test_a_silent_line_costs_nothing_that_arrived(
    store: Store, lines: tuple[Line, Line], ways: tuple[int, int]
) -> None:
    """Each time a line falls silent, HEAD tells every byte that arrived, and the next PATCH goes on behind them."""
    payload = os.urandom(4 * PIECE)
    url = opened(lines[0].client, len(payload))
    silent: list[socket.socket] = []
    for turn in range(3):
        sends, asks = lines[ways[turn % 2]], lines[ways[(turn + 1) % 2]]
        at = turn * PIECE
        silent.append(sends.silent(url, payload[at : at + PIECE], at, len(payload)))
        asks.reaches(url, at + PIECE)
    assert patched(lines[ways[0]].client, url, payload[3 * PIECE :], 3 * PIECE).status_code == 204

    assert stored_sha256(store, url) == sha256_hex(payload)
    for line in silent:
        answer = line.recv(4096)
        assert answer.startswith(b"HTTP/1.1 409"), answer
        line.close()


def test_an_asked_request_goes_on(store: Store, lines: tuple[Line, Line]) -> None:
    """A request that was asked for the offset by HEAD has stored what it held, and takes the rest as before."""
    payload = os.urandom(2 * PIECE)
    url = opened(lines[0].client, len(payload))
    with lines[1].silent(url, payload[:PIECE], 0, len(payload)) as line:
        lines[0].reaches(url, PIECE)
        line.sendall(payload[PIECE:])
        assert line.recv(4096).startswith(b"HTTP/1.1 204")

    assert stored_sha256(store, url) == sha256_hex(payload)


def test_a_process_that_is_gone_holds_nobody_up(store: Store, device: TestDevice) -> None:
    """After a kill the newer request goes on from what was told to the sender, though nobody answers its ask."""
    payload = os.urandom(2 * PIECE)
    with ExitStack() as open_things:
        here = Line(*made(open_things, open_things.enter_context(serving(store)), device))
        url = opened(here.client, len(payload))
        with serving_apart(store) as (server, address):
            there = Line(*made(open_things, address, device))
            line = there.silent(url, payload[:PIECE], 0, len(payload))
            here.reaches(url, PIECE)
            server.kill()
            server.wait(PATIENCE_SECONDS)
        line.close()

        assert patched(here.client, url, payload[PIECE:], PIECE).status_code == 204
    assert stored_sha256(store, url) == sha256_hex(payload)


def test_many_bodies_have_one_budget(store: Store, device: TestDevice) -> None:
    """Eight bodies of 24 MiB at once, each less than a part: the process grows by its budget, and nothing fails."""
    sent, block = 24, bytes(MIB)
    with (
        ThreadPoolExecutor(8) as pool,
        serving_apart(store, API_HELD_BYTES=str(32 * MIB)) as (server, address),
        httpx.Client(
            base_url=address, headers=bearer(device.token), verify=TRUST, timeout=PATIENCE_SECONDS
        ) as client,
    ):
        before = memory_mib(server.pid, "VmRSS")
        urls = [opened(client, 300 * MIB) for _ in range(8)]
        answers = list(pool.map(lambda url: patched(client, url, (block for _ in range(sent))), urls))
        grown = memory_mib(server.pid, "VmHWM") - before

    assert {(answer.status_code, answer.headers.get("Upload-Offset")) for answer in answers} == {
        (204, str(sent * MIB))
    }
    assert grown < 8 * sent / 2


def memory_mib(pid: int, what: str) -> int:
    """A line of the kernel's account of a process: `VmRSS` now, `VmHWM` at most."""
    return int(Path(f"/proc/{pid}/status").read_text().split(f"{what}:")[1].split()[0]) // 1024


@pytest.fixture(scope="module")
def down(store: Store, objects_url: str) -> Iterator[Store]:
    """The same database, and an object store where nobody listens."""
    port = objects_url.rsplit("@", 1)[1].split("/", 1)[0].rsplit(":", 1)[1]
    nowhere = objects_url.replace(f":{port}/", f":{free_port()}/")
    made = Store(make_settings(store.settings.database_url.get_secret_value(), nowhere))
    yield made
    made.close()


def test_without_the_store_no_body_is_read(down: Store, device: TestDevice) -> None:
    """A sender that waits for "100 Continue" is refused while the store is away, and has sent nothing in vain."""
    with ExitStack() as open_things:
        here = Line(*made(open_things, open_things.enter_context(serving(down)), device))
        url = opened(here.client, PIECE)
        with here.silent(url, b"", 0, PIECE, Expect="100-continue") as line:
            answer = line.recv(65536)

        assert answer.startswith(b"HTTP/1.1 503")
        assert offset_of(here.client, url) == 0


def test_the_older_request_gives_up_its_place(store: Store, device: TestDevice) -> None:
    """In a full house the sender who comes back needs no other place than the one of the request that went silent."""
    payload = os.urandom(2 * PIECE)
    with ExitStack() as open_things:
        settings = ApiSettings(active_uploads=1, receive_timeout_seconds=PATIENCE_SECONDS)
        here = Line(*made(open_things, open_things.enter_context(serving(store, settings)), device))
        url = opened(here.client, len(payload))
        with here.silent(url, payload[:PIECE], 0, len(payload)):
            here.reaches(url, PIECE)
            assert patched(here.client, url, payload[PIECE:], PIECE).status_code == 204

    assert stored_sha256(store, url) == sha256_hex(payload)
