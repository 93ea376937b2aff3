"""What one sender, or a stranger, does to another agency's device: its time beside each attack, and its time alone.

    python -m tests.stand run --parts database --durable -- python bench/shares.py [--quick]

The server is the compose file's command with its default settings, on a folder store. At the end a fleet at the edge of
coverage (64 phones at 2 KiB/s) and 22 ordinary senders upload at once: how many come to their receipt.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from uuid import UUID, uuid4

import httpx

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from schemas.actor import Role  # noqa: E402
from schemas.case import CaseIn  # noqa: E402
from schemas.upload import MIB  # noqa: E402
from storage.setup.home import TICKET_KEYS  # noqa: E402
from storage.setup.migrate import upgrade  # noqa: E402
from storage.store import Store  # noqa: E402
from tests.factories import (  # noqa: E402
    TestDevice,
    enrol_device,
    folder_url,
    make_account,
    make_agency,
    make_settings,
)
from tests.stand import COMMANDS, PATIENCE_SECONDS, answers, free_port, until  # noqa: E402
from tests.tus import VERSION, bearer, offset_of, opened, patched  # noqa: E402
from tests.wire import begun, line  # noqa: E402
from workers.custody import integrate  # noqa: E402

PHOTO = os.urandom(4 * MIB)
GIB = 1024 * MIB
SLOW_BODIES, HALF_HEADS, PHONES, ORDINARY = 64, 400, 64, 22
PHONE_BYTES_PER_SECOND = 2048
SENDERS = 16
"""How many openings the attacker sends at once."""


class Town:
    """A server, an attacker of one agency and the device of another."""

    def __init__(self, store: Store, url: str) -> None:
        self.store, self.url = store, url
        self.token, self.handler = make_account(store, make_agency(store), Role.HANDLER)
        self.attacker = self.device()
        self.other = self.device()

    def device(self) -> TestDevice:
        return enrol_device(self.store, make_account(self.store, make_agency(self.store), Role.CUSTODIAN)[1])

    def client(self, token: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=bearer(token), timeout=PATIENCE_SECONDS)

    def seconds(self, times: int) -> float:
        """How long the other device takes for a photo; the middle of some."""
        took = []
        with self.client(self.other.token) as client:
            for _ in range(times):
                began = time.monotonic()
                finished(client, PHOTO)
                took.append(time.monotonic() - began)
        return median(took)


def finished(client: httpx.Client, payload: bytes, *, pace: float = 0.0) -> None:
    """Upload as a stock client does: after each refusal ask for the offset, wait a second, go on."""
    path = opened(client, len(payload))
    while (offset := offset_of(client, path)) < len(payload):
        rest = payload[offset:]
        try:
            status = patched(client, path, slowly(rest, pace) if pace else rest, offset).status_code
        except httpx.TransportError:
            status = 0
        if status != 204:
            time.sleep(1)


def slowly(payload: bytes, pace: float) -> Iterator[bytes]:
    step = int(PHONE_BYTES_PER_SECOND * pace)
    for start in range(0, len(payload), step):
        time.sleep(pace)
        yield payload[start : start + step]


@contextmanager
def beside(attack: Callable[[threading.Event], object]) -> Iterator[None]:
    """Attack from another thread until the block ends."""
    over = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(attack, over)
        time.sleep(2)
        try:
            yield
        finally:
            over.set()
            done.result()


def slow_bodies(town: Town) -> Callable[[threading.Event], object]:
    def attack(over: threading.Event) -> None:
        with ExitStack() as stack, town.client(town.attacker.token) as client:
            paths = [opened(client, MIB) for _ in range(SLOW_BODIES)]
            wires = [stack.enter_context(begun(town.url, town.attacker, path, MIB, b"a")) for path in paths]
            while not over.wait(1):
                for wire in wires:
                    try:
                        wire.send(b"a")
                    except OSError:
                        continue

    return attack


def half_heads(town: Town) -> Callable[[threading.Event], object]:
    def attack(over: threading.Event) -> None:
        with ExitStack() as stack:
            for _ in range(HALF_HEADS):
                stack.enter_context(line(town.url)).sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
            over.wait()

    return attack


def openings(town: Town, length: int, times: int) -> Callable[[threading.Event], object]:
    def attack(over: threading.Event) -> None:
        wish = {**VERSION, "Upload-Length": str(length)}
        with town.client(town.attacker.token) as client, ThreadPoolExecutor(SENDERS) as pool:

            def opening(_: int) -> int:
                return 0 if over.is_set() else client.post("/v1/uploads", headers=wish).status_code

            told = [status for status in pool.map(opening, range(times)) if status]
        say(
            f"{len(told)} openings of {length} bytes",
            opened=told.count(201),
            refused=len(told) - told.count(201),
        )

    return attack


def exports(town: Town, case_id: UUID) -> Callable[[threading.Event], object]:
    def attack(over: threading.Event) -> None:
        with town.client(town.token) as client, ThreadPoolExecutor(8) as pool:
            wanted = [pool.submit(client.post, f"/v1/cases/{case_id}/exports") for _ in range(20)]
            made = {one.result().json().get("export_id") for one in wanted}
            say("20 exports of one case", packages=len(made))
        over.wait()

    return attack


def say(what: str, **figures: object) -> None:
    print(json.dumps({"what": what, **figures}), flush=True)


@contextmanager
def serving(store: Store) -> Iterator[str]:
    port = free_port()
    words = [word.format(host="127.0.0.1", port=port) for word in COMMANDS["api"]]
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
    command = [
        str(Path(sys.executable).parent / words[0]),
        *words[1:],
        "--log-level",
        "error",
        "--no-access-log",
    ]
    server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **secrets}, stdout=subprocess.DEVNULL)
    try:
        until(lambda: answers(f"http://127.0.0.1:{port}/v1/health"), "the server answers")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def measure(town: Town, *, times: int, phone_bytes: int) -> None:
    """Say how the device fares alone and beside each attack, and how many of a fleet finish."""
    alone = town.seconds(times)
    say("a photo of 4 MiB, alone", seconds=round(alone, 3))
    with town.store.begin() as tx:
        wish = CaseIn(number=uuid4().hex, party="某店", matter="占道", place="路口")
        case_id = tx.cases.open(town.handler, wish).id
    attacks = {
        "64 bodies at a byte a second": slow_bodies(town),
        "400 half heads": half_heads(town),
        "30 openings of 60 GiB": openings(town, 60 * GIB, 30),
        "10,000 openings": openings(town, 1000, 10_000),
        "20 exports of one case": exports(town, case_id),
    }
    for name, attack in attacks.items():
        with beside(attack):
            took = town.seconds(times)
        say(name, seconds=round(took, 3), times_alone=round(took / alone, 2))
    fleet(town, phone_bytes)


def fleet(town: Town, phone_bytes: int) -> None:
    """64 phones at 2 KiB/s and 22 ordinary senders at once."""
    custodian = make_account(town.store, make_agency(town.store), Role.CUSTODIAN)[1]
    tokens = [enrol_device(town.store, custodian).token for _ in range(PHONES + ORDINARY)]
    began = time.monotonic()
    with ExitStack() as stack, ThreadPoolExecutor(PHONES + ORDINARY) as pool:
        clients = [stack.enter_context(town.client(token)) for token in tokens]
        phones = [pool.submit(finished, one, os.urandom(phone_bytes), pace=0.5) for one in clients[:PHONES]]
        time.sleep(2)
        others = [pool.submit(finished, one, PHOTO) for one in clients[PHONES:]]
        for one in others:
            one.result()
        say(
            "22 ordinary senders beside 64 phones",
            finished=len(others),
            seconds=round(time.monotonic() - began, 1),
        )
        for one in phones:
            one.result()
        say("64 phones at 2 KiB/s", finished=len(phones), seconds=round(time.monotonic() - began, 1))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--quick", action="store_true", help="fewer photos, and phones with less to send")
    args = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(make_settings(os.environ["DATABASE_URL"], folder_url(Path(folder))))
        upgrade(store.engine)
        make_agency(store)
        integrate(store)
        with serving(store) as url:
            measure(
                Town(store, url),
                times=5 if args.quick else 20,
                phone_bytes=PHONE_BYTES_PER_SECOND * (60 if args.quick else 300),
            )
        store.close()


if __name__ == "__main__":
    main()
