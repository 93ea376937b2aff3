"""What the integrity engine costs: one line a figure, each beside a named peer in the same run, rounds in turn, medians.

    python -m tests.stand run --durable -- python bench/integrity.py [--quick] [--only NAME …]

Readers alone come first (`integrity_readers.py`: processor seconds of one process), then the whole line on PostgreSQL,
MinIO, Redis and the processes of the compose file. Two figures have no line yet: the lane that decodes all frames, and
near duplicates among a million.
"""

import argparse
import http.client
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import numpy as np
from minio import Minio
from sqlalchemy import func, select

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import bare, line, media, work  # noqa: E402
from bench.integrity_readers import readers  # noqa: E402
from bench.pairs import ROUNDS, Figure, in_turn, tell, tell_of_the_machine, wall  # noqa: E402
from quancheng_demo import found, is_empty  # noqa: E402
from schemas.actor import Actor  # noqa: E402
from schemas.digest import CHUNK_BYTES, Hasher  # noqa: E402
from storage.flow.login import actor_of_password  # noqa: E402
from storage.objects.hashing import hash_object  # noqa: E402
from storage.objects.port import open_objects  # noqa: E402
from storage.outbox import JobKind  # noqa: E402
from storage.settings import StorageSettings  # noqa: E402
from storage.setup.migrate import upgrade  # noqa: E402
from storage.store import Store  # noqa: E402
from storage.tables.custody import custody_entries  # noqa: E402
from storage.tables.recording import recordings  # noqa: E402
from tests.factories import enrol_device  # noqa: E402
from tests.media import jpeg, write_gpx  # noqa: E402
from tests.server import free_port  # noqa: E402

MIB = 1024 * 1024
LINE = Figure(
    "12 MP photos, declared to sealed", "bare script: PUT, GET, digests, decode, thumbnail", at_least=0.75
)
DRAIN = Figure(
    "stored objects of 4 MB, digests only", "two processes: GET and the same digests", at_least=0.9
)
READ = Figure("GET of a large object with SHA-256", "http.client: GET alone", at_least=0.8)
EVENING = Figure("an evening's load", "bare script on the same files", at_least=0.75)
WORKERS = ("scheduler", "worker", "slow-worker")


class Load:
    """The store with the demo organisation, a device of its custodian and codes for more, and the folder for files."""

    def __init__(self, store: Store, *, is_quick: bool) -> None:
        passwords = found(store) if is_empty(store) else {}
        custodian = actor_of_password(store, "sun", passwords["sun"]) if passwords else None
        if custodian is None:
            raise SystemExit("the bench needs an empty database")
        self.store, self.is_quick, self.folder = store, is_quick, Path()
        self.device = enrol_device(store, custodian)
        self.codes = self._codes(custodian)

    def _codes(self, custodian: Actor) -> Iterator[str]:
        while True:
            with self.store.begin() as tx:
                code = tx.enrolments.issue_code(custodian).code
            yield code

    def concluded(self) -> int:
        """Count recordings that have their verdict."""
        query = select(func.count()).where(recordings.c.state != "received")
        with self.store.begin() as tx:
            return int(tx.connection.scalar(query) or 0)

    def wait(self, count: int) -> float:
        """Return how long it takes until so many have their verdict."""
        return wall(lambda: self._until(count))

    def _until(self, count: int) -> None:
        while self.concluded() < count:
            time.sleep(0.05)


@contextmanager
def held(processes: Sequence[subprocess.Popen[bytes]]) -> Iterator[None]:
    """Let these processes stand still, each with all that belong to it."""
    for process in processes:
        os.killpg(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGCONT)


def through_the_line(load: Load, files: Sequence[Path], figure: Figure) -> None:
    """Send files over HTTP round by round, and do the same work with the bare script."""
    codes, port = load.codes, free_port()
    with (
        line.product(port),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=600) as client,
    ):
        line.wait_up(client)
        line.warm_up(load.store, client, files[0], next(codes))
        sides = in_turn(
            lambda: line.run_line(load.store, client, _fresh(files), next(codes)),
            lambda: bare.run(os.environ["OBJECTS_URL"], list(files), f"derivatives/bare-{uuid4()}"),
            warm=False,
        )
    tell(figure, sides)


def _fresh(files: Sequence[Path]) -> Sequence[Path]:
    """Give each file another digest: what was received once is not received again."""
    for path in files:
        if path.suffix == ".jpg":
            path.write_bytes(media.vary(path.read_bytes(), int(time.time() * 1e6) % 10**8))
        elif path.suffix == ".gpx":
            with path.open("ab") as file:
                file.write(f"<!-- {uuid4()} -->".encode())
        else:
            with path.open("ab") as file:
                file.write((40).to_bytes(4) + b"free" + uuid4().bytes * 2)
    return files


def photos(load: Load) -> None:
    """Send photos of 12 MP."""
    count = 24 if load.is_quick else 120
    through_the_line(load, line.make_files(load.folder, photos=count, videos=0, video_bytes=0), LINE)


def evening(load: Load) -> None:
    """Send 7 photos, 2 films of 100 MB and one track of 10⁵ points for each ten files; 2 GB a round."""
    tens, film_bytes = (1, 20 * MIB) if load.is_quick else (8, 100 * MIB)
    files = line.make_files(load.folder, photos=7 * tens, videos=2 * tens, video_bytes=film_bytes)
    files += [write_gpx(load.folder / f"{number}.gpx", 100_000) for number in range(tens)]
    total = sum(path.stat().st_size for path in files)
    through_the_line(load, files, EVENING._replace(name=f"an evening's load, {total / 1e9:.1f} GB a round"))


def drain(load: Load) -> None:
    """Conclude objects of a kind that nobody decodes: what is left is reading, digests, copy, lock and commit."""
    count = 20 if load.is_quick else 100
    made = np.random.default_rng(9)
    stored: list[tuple[str, str]] = []

    def ours() -> float:
        with held([processes["worker"]]):
            for _ in range(count):
                load.device.capture("a.bin", made.bytes(4 * MIB))
            aim = load.concluded() + count
        return load.wait(aim)

    def peer() -> float:
        began = time.perf_counter()
        list(pool.map(_digests, [os.environ["OBJECTS_URL"]] * count, stored[-count:]))
        return time.perf_counter() - began

    with (
        work.product(load.folder, *WORKERS) as processes,
        ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool,
    ):
        list(pool.map(_nothing, range(8)))
        ours()
        query = select(recordings.c.object_key, recordings.c.version_id).order_by(recordings.c.received_at)
        with load.store.begin() as tx:
            stored += [(str(key), str(version)) for key, version in tx.connection.execute(query)]
        tell(DRAIN, in_turn(ours, peer))


def _nothing(number: int) -> int:
    return number


def _digests(url: str, stored: tuple[str, str]) -> str:
    hasher, buffer = Hasher(), memoryview(bytearray(CHUNK_BYTES))
    with open_objects(url).open(*stored) as source:
        while count := source.readinto(buffer):
            hasher.update(buffer[:count])
    return hasher.sha256.value


def one_large(load: Load) -> None:
    """Read one object of a gibibyte."""
    size = (128 if load.is_quick else 1024) * MIB
    block, key = np.random.default_rng(4).bytes(MIB), f"derivatives/large-{uuid4()}"
    blocks = (block for _ in range(size // MIB))
    stored = load.store.objects.put_stream(key, blocks, part_bytes=32 * MIB)
    url = _signed(os.environ["OBJECTS_URL"], key)
    sides = in_turn(
        lambda: wall(lambda: hash_object(load.store.objects, key, stored.version_id)),
        lambda: wall(lambda: _get(url)),
    )
    tell(READ._replace(name=f"GET of {size // MIB} MiB with SHA-256"), sides)


def _signed(url: str, key: str) -> str:
    place = urlsplit(url)
    client = Minio(
        f"{place.hostname}:{place.port}", place.username, place.password, secure="https" in place.scheme,
        region="us-east-1",
    )  # fmt: skip
    return client.presigned_get_object(place.path.strip("/"), key)


def _get(url: str) -> None:
    place, buffer = urlsplit(url), memoryview(bytearray(CHUNK_BYTES))
    connection = http.client.HTTPConnection(place.hostname or "", place.port)
    connection.request("GET", f"{place.path}?{place.query}")
    answer = connection.getresponse()
    while answer.readinto(buffer):
        pass
    connection.close()


def interrupted(load: Load) -> None:
    """Kill one of two workers when half of the jobs are done; then leave one job among them that never succeeds."""
    count = 200 if load.is_quick else 1000
    clean = _drained(load, count, lambda _: None)
    killed = _drained(load, count, lambda holder: os.killpg(holder, signal.SIGKILL))
    poisoned = _drained(load, count, lambda _: None, is_poisoned=True)
    lost, double = _lost_and_double(load)
    print(
        f"{count} jobs: {clean:.1f} s clean; a worker killed at half: {killed:.1f} s, {lost} lost, {double} double"
    )
    print(
        f"{count} jobs beside one that never succeeds: ratio {clean / poisoned:.2f} of the clean rate | target ≥ 0.9"
    )


def _drained(load: Load, count: int, at_half: Callable[[int], object], *, is_poisoned: bool = False) -> float:
    """Return how long it takes two workers; each round begins with workers that have started and stand still."""
    small = jpeg(64, 64)
    with work.product(load.folder, "scheduler", "worker-at-1", "worker-at-2") as processes:
        work.photos(load.store, load.device, 2)
        workers = [processes[f"worker-at-{number}"] for number in (1, 2)]
        with held(workers):
            if is_poisoned:
                with load.store.begin() as tx:
                    tx.jobs.enqueue(JobKind.VERIFY, uuid4(), sender_id=uuid4())
            for number in range(count):
                load.device.capture(f"{number}.jpg", media.vary(small, number))
            aim = load.concluded() + count
        began = time.perf_counter()
        load.wait(aim - count // 2)
        at_half(workers[0].pid)
        load.wait(aim)
        return time.perf_counter() - began


def _lost_and_double(load: Load) -> tuple[int, int]:
    """Count recordings without a verdict, and those with two in the log."""
    seals = (
        select(func.count().label("times"))
        .where(custody_entries.c.event.in_(["recording:seal", "recording:quarantine"]))
        .group_by(custody_entries.c.subject)
        .subquery()
    )
    with load.store.begin() as tx:
        waiting = select(func.count()).where(recordings.c.state == "received")
        double = select(func.count()).where(seals.c.times > 1)
        return int(tx.connection.scalar(waiting) or 0), int(tx.connection.scalar(double) or 0)


FIGURES: dict[str, Callable[[Load], None]] = {
    "photos": photos, "drain": drain, "large": one_large, "evening": evening, "interrupted": interrupted,
}  # fmt: skip


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--quick", action="store_true", help="a fifth of the load, the same rounds")
    options.add_argument("--only", nargs="+", choices=["readers", *FIGURES], default=["readers", *FIGURES])
    asked = options.parse_args()
    tell_of_the_machine()
    if "readers" in asked.only:
        readers(is_quick=asked.quick, rounds=ROUNDS)
    store = Store(StorageSettings())
    upgrade(store.engine)
    load = Load(store, is_quick=asked.quick)
    for name in (one for one in FIGURES if one in asked.only):
        with tempfile.TemporaryDirectory(prefix="quancheng-bench-") as folder:
            load.folder = Path(folder)
            FIGURES[name](load)
    tell_of_the_machine()
    store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
