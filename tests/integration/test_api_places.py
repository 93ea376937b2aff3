"""Slow and many bodies against few places: everybody finishes, and nobody loses a byte that was received."""

import select
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPResponse

import httpx
import pytest

from api.settings import ApiSettings
from schemas.actor import Role
from storage.store import Store
from tests.factories import TestDevice, enrol_device, folder_url, make_account, make_agency, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.tus import bearer, offset_of, opened, patched
from tests.web import TRUST
from tests.wire import begun

PLACES, SHARE = 4, 2
SLOW_SECONDS = 0.3
"""A sender of these tests has a hundredth of the time of a real one to show its pace."""


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("places")), pool_size=10))
    yield made
    made.close()


@pytest.fixture(scope="module")
def url(store: Store) -> Iterator[str]:
    settings = ApiSettings(
        active_uploads=PLACES,
        sender_uploads=SHARE,
        slow_seconds=SLOW_SECONDS,
        place_wait_seconds=2 * SLOW_SECONDS,
        receive_timeout_seconds=PATIENCE_SECONDS,
    )
    with serving(store, settings) as made:
        yield made


@pytest.fixture
def device(store: Store) -> TestDevice:
    return enrol_device(store, make_account(store, make_agency(store), Role.CUSTODIAN)[1])


def client_of(url: str, device: TestDevice) -> httpx.Client:
    return httpx.Client(base_url=url, headers=bearer(device.token), verify=TRUST, timeout=PATIENCE_SECONDS)


def finished(client: httpx.Client, payload: bytes, *, pace: float = 0.0) -> int:
    """Send an upload to its end as a stock client does: after each refusal ask for the offset, and go on.

    `pace` is how long a piece of 64 bytes takes. Returns how many requests it took.
    """
    path, requests = opened(client, len(payload)), 0
    while (offset := offset_of(client, path)) < len(payload):
        requests += 1
        answer = patched(client, path, slowly(payload[offset:], pace) if pace else payload[offset:], offset)
        assert answer.status_code in {204, 503}, answer.text
    assert client.get(f"{path}/receipt").json()["size_bytes"] == len(payload)
    return requests


def slowly(payload: bytes, pace: float) -> Iterator[bytes]:
    for start in range(0, len(payload), 64):
        time.sleep(pace)
        yield payload[start : start + 64]


def test_one_devices_slow_bodies_do_not_keep_others_out(store: Store, url: str, device: TestDevice) -> None:
    """One device holds every place without sending: another agency's finishes, and the first goes on where it was."""
    other = enrol_device(store, make_account(store, make_agency(store), Role.CUSTODIAN)[1])
    with ExitStack() as stack, client_of(url, device) as mine, client_of(url, other) as theirs:
        paths = [opened(mine, 10) for _ in range(PLACES)]
        wires = [stack.enter_context(begun(url, device, path, 10, b"abc")) for path in paths]
        assert finished(theirs, b"meanwhile")

        answered, _, _ = select.select(wires, [], [], PATIENCE_SECONDS)
        lost = wires.index(answered[0])
        answer = HTTPResponse(wires[lost])
        answer.begin()
        assert (answer.status, int(answer.headers["Retry-After"]) > 0) == (503, True)
        assert b"place-lost" in answer.read()
        assert offset_of(mine, paths[lost]) == 3
        assert patched(mine, paths[lost], b"defghij", 3).status_code == 204


def test_a_fleet_at_the_edge_of_coverage_and_ordinary_senders_all_finish(store: Store, url: str) -> None:
    """More slow phones than places, and ordinary senders beside them: every one comes to its receipt."""
    custodian = make_account(store, make_agency(store), Role.CUSTODIAN)[1]
    fleet = [enrol_device(store, custodian) for _ in range(PLACES + 2)]
    others = [enrol_device(store, custodian) for _ in range(3)]
    with ExitStack() as stack, ThreadPoolExecutor(len(fleet) + len(others)) as pool:
        clients = [stack.enter_context(client_of(url, one)) for one in [*fleet, *others]]
        phones, rest = clients[: len(fleet)], clients[len(fleet) :]
        slow = [pool.submit(finished, one, b"p" * 64 * 60, pace=0.02) for one in phones]
        quick = [pool.submit(finished, one, b"o" * 300_000) for one in rest]

        assert all(one.result() for one in [*slow, *quick])
