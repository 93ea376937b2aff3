"""Re-deriving everything: `fsck` over recordings that were received, verified and tied to cases, and at a tenth of them.

    python -m tests.stand run --parts database -- python bench/fsck.py [--quick | --recordings 10000]

Prints seconds, those of the processor, recordings per second and the peak memory of the command, with and without reading
every byte again; the peer is the same command at a tenth of the data: memory that grows with the data would show. The
recordings are copies of one that real acts made (`tests/bulk.py`).
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.processes import Watch  # noqa: E402
from storage.settings import StorageSettings  # noqa: E402
from storage.setup.migrate import upgrade  # noqa: E402
from storage.store import Store  # noqa: E402
from tests.bulk import fill  # noqa: E402
from tests.casework import make_bureau  # noqa: E402
from tests.factories import folder_url  # noqa: E402
from workers.custody import integrate  # noqa: E402


def main() -> int:
    """Make a tenth and check it, make the rest and check all; returns the worst that the command said."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a hundredth of the load")
    parser.add_argument("--recordings", type=int, default=100_000, help="how many in all")
    asked = parser.parse_args()
    many = 1_000 if asked.quick else asked.recordings
    with tempfile.TemporaryDirectory(prefix="quancheng-bench-") as folder:
        os.environ["OBJECTS_URL"] = folder_url(Path(folder))
        store = Store(StorageSettings())
        upgrade(store.engine)
        bureau = make_bureau(store)
        worst = 0
        for step in (many // 10, many - many // 10):
            began = time.monotonic()
            fill(bureau, step)
            filled = time.monotonic()
            integrate(store)
            print(
                f"{step:,} recordings made in {filled - began:.0f} s,"
                f" sequenced and signed in {time.monotonic() - filled:.0f} s",
                flush=True,
            )
            have = many if step > many // 10 else step
            worst = max(worst, check(have, "--no-bytes"), check(have))
        store.close()
    return worst


def check(have: int, *words: str) -> int:
    """Run the command, print what it took, and return how it ended."""
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(
        [sys.executable, "quancheng.py", "fsck", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    # not `ru_maxrss` of the child: that counts what its parent held when it was forked
    watch = Watch({"fsck": process.pid})
    said, _ = process.communicate()
    seconds = time.monotonic() - began
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = spent.ru_utime + spent.ru_stime - before.ru_utime - before.ru_stime
    watch.stop()
    peak = next(mb for name, mb in watch.peak_rss_mb.items() if name.endswith(f"/{process.pid}"))
    print(
        f"fsck {' '.join(words) or 'with bytes':10} {have:7,} recordings {seconds:6.1f} s, {cpu:6.1f} s of the processor,"
        f" {have / seconds:6.0f}/s  peak {peak:4.0f} MB"
        f"  exit {process.returncode}: {said.strip().splitlines()[-1]}",
        flush=True,
    )
    return process.returncode


if __name__ == "__main__":
    sys.exit(main())
