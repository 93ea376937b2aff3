"""How long a verdict takes where work piles up: a photo behind heavy files, and what a killed worker held.

    python -m tests.stand run --durable -- python bench/work.py [--quick]

The processes are the compose file's with their default settings, on PostgreSQL, MinIO and Redis. The photo behind 100
files that take seconds of decoding each stands beside the same photo with nothing before it; what a killed worker
held beside the same files where nobody was killed.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from uuid import UUID

from sqlalchemy import func, select

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from schemas.actor import Role  # noqa: E402
from schemas.recording import RecordingState  # noqa: E402
from storage.outbox import JobKind  # noqa: E402
from storage.settings import StorageSettings  # noqa: E402
from storage.setup.migrate import upgrade  # noqa: E402
from storage.store import Store  # noqa: E402
from storage.tables.outbox import JobState, jobs  # noqa: E402
from tests.factories import OFFICERS, TestDevice, enrol_device, make_account, make_agency  # noqa: E402
from tests.media import jpeg, scan_bomb  # noqa: E402
from tests.server import running  # noqa: E402
from tests.stand import until  # noqa: E402

HEAVY = 100
HEAVY_SCANS = 110
"""More than the quick lane's pixels, and seconds of work in the slow one."""

HELD = 20
TIMES = 5


def environment() -> dict[str, str]:
    """What a process of the product is started with."""
    folder = Path(sys.executable).parent
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


@contextmanager
def product(folder: Path, *names: str) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Run these processes of the compose file; `worker-at-1` and `worker-at-2` are two of one kind. Yields them by name."""
    if not names:
        yield {}
        return
    with (
        running(names[0].partition("-at-")[0], environment(), folder / f"{names[0]}.log") as process,
        product(folder, *names[1:]) as others,
    ):
        yield {names[0]: process, **others}


def count(store: Store, idents: Sequence[UUID]) -> int:
    """Say how many of the recordings have their verdict."""
    with store.begin() as tx:
        return sum(tx.recordings.known(one).state is not RecordingState.RECEIVED for one in idents)


def in_state(store: Store, kind: JobKind, state: JobState) -> int:
    """Count jobs."""
    query = select(func.count()).where(jobs.c.kind == kind.value, jobs.c.state == state)
    with store.begin() as tx:
        return int(tx.connection.scalar(query) or 0)


def seconds_of(store: Store, idents: Sequence[UUID]) -> float:
    """Wait until all have their verdict."""
    began = time.monotonic()
    while count(store, idents) < len(idents):
        time.sleep(0.02)
    return time.monotonic() - began


def photos(store: Store, device: TestDevice, times: int) -> float:
    """Return how long one photo takes from received to concluded; the middle of some, one after the other."""
    return median(seconds_of(store, [device.capture(f"{n}.jpg", jpeg())]) for n in range(times))


def behind_heavy(store: Store, device: TestDevice, folder: Path, *, heavy: int) -> None:
    """Print how long a photo takes alone, and right behind heavy files."""
    with product(folder, "scheduler", "worker", "slow-worker"):
        photos(store, device, TIMES)
        alone = photos(store, device, TIMES)
        for number in range(heavy):
            device.capture(f"heavy-{number}.jpg", scan_bomb(HEAVY_SCANS))
        first = seconds_of(store, [device.capture("first.jpg", jpeg())])
        later = photos(store, device, TIMES)
        left = in_state(store, JobKind.VERIFY_SLOW, JobState.READY)
    print(f"a photo alone: {alone:.2f} s; right behind {heavy} heavy files: {first:.2f} s (target below 5)")
    print(f"photos while {left} of them wait: {later:.2f} s, {later / alone:.1f} × alone")


def of_a_killed_worker(store: Store, device: TestDevice, folder: Path, *, is_killed: bool) -> float:
    """Return how long photos take of which one worker took some, from when it is killed; another lives."""
    with product(folder, "scheduler", "worker-at-1", "worker-at-2") as processes:
        photos(store, device, TIMES)
        holder, other = (processes[f"worker-at-{number}"].pid for number in (1, 2))
        os.killpg(other, signal.SIGSTOP)  # the photos go to the one alone
        try:
            idents = [device.capture(f"{number}.jpg", jpeg()) for number in range(HELD)]
            until(lambda: in_state(store, JobKind.VERIFY, JobState.LEASED), "the worker to take some")
            if is_killed:
                os.killpg(holder, signal.SIGKILL)
        finally:
            os.killpg(other, signal.SIGCONT)
        return seconds_of(store, idents)


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a tenth of the heavy files")
    args = options.parse_args()
    store = Store(StorageSettings())
    upgrade(store.engine)
    agency = make_agency(store)
    for number in OFFICERS:
        make_account(store, agency, Role.OFFICER, certificate=number)
    device = enrol_device(store, make_account(store, agency, Role.CUSTODIAN)[1])
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        undisturbed = of_a_killed_worker(store, device, folder, is_killed=False)
        killed = of_a_killed_worker(store, device, folder, is_killed=True)
        print(f"{HELD} photos: {undisturbed:.1f} s; their worker killed: {killed:.1f} s (target below 30)")
        behind_heavy(store, device, folder, heavy=HEAVY // 10 if args.quick else HEAVY)
    store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
