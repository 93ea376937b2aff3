"""The audit of a whole log that lies in a folder: every entry hashed, every tile compared, the root held to its signature.

    python bench/audit.py [--quick]

Ours is one look of `quancheng monitor` from nothing, its network taken away: it reads checkpoint, bundles and tiles from
the folder; once it keeps nothing of it, and once what a follower keeps, durably, which the disk decides. The peer is a Go
program over golang.org/x/mod/sumdb (`peers/audit`) that does the first by its `tlog`. Rounds are interleaved; what is told
is the processor's time of the medians, by which the targets are judged, beside the time on the wall.
"""

import argparse
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mobile_contract.client.monitor_follow import Follower  # noqa: E402
from mobile_contract.client.monitor_kept import Kept  # noqa: E402
from mobile_contract.client.monitor_log import RemoteLog  # noqa: E402
from schemas.checkpoint import Checkpoint, checkpoint_text  # noqa: E402
from schemas.log_tile import TilePath, entry_bundle  # noqa: E402
from schemas.merkle import HASH_BYTES, TILE_WIDTH, Tiles, extend, leaf_hashes, root_from_tiles, tile_width  # noqa: E402
from schemas.note import sign_note, vkey_of_seed  # noqa: E402
from tests.stand.foreign import go_program  # noqa: E402

ORIGIN = "bench.example/log"
ROUNDS = 3
MOST_SECONDS, MOST_BY_GO = 5.0, 3.0


class FolderLog(RemoteLog):
    """A log whose files lie here: what a server would answer, without one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def checkpoint(self) -> str | None:
        """Return its checkpoint."""
        return (self._folder / "checkpoint").read_text()

    def hashes(self, level: int, n: int, width: int) -> bytes:
        """Return a tile."""
        return (self._folder / TilePath(level, n, width).text).read_bytes()

    def bundle(self, n: int, width: int) -> bytes:
        """Return the entries under a tile."""
        return (self._folder / TilePath(None, n, width).text).read_bytes()


def make(folder: Path, size: int) -> str:
    """Write a log of so many entries, digests as ours are; returns the key of its checkpoint."""
    seed = secrets.token_bytes(32)
    entries = [secrets.token_bytes(32) for _ in range(size)]
    tiles = extend(lambda _level, _n: b"", 0, leaf_hashes(entries))
    for (level, n), tile in tiles.items():
        _write(folder, TilePath(level, n, len(tile) // HASH_BYTES), tile)
    for n in range(-(-size // TILE_WIDTH)):
        some = entries[n * TILE_WIDTH : (n + 1) * TILE_WIDTH]
        _write(folder, TilePath(None, n, tile_width(0, n, size)), entry_bundle(some))
    root = root_from_tiles(size, lambda level, n: tiles.get((level, n), b""))
    note = sign_note(checkpoint_text(Checkpoint(origin=ORIGIN, size=size, root=root)), ORIGIN, seed)
    (folder / "checkpoint").write_text(note)
    return vkey_of_seed(ORIGIN, seed)


def _write(folder: Path, path: TilePath, payload: bytes) -> None:
    place = folder / path.text
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(payload)


class Unkept(Kept):
    """A follower's folder, in which nothing is kept of what was verified."""

    def keep(self, note: str, head: Checkpoint, tiles: Tiles, bundles: Mapping[int, bytes]) -> None:
        """Believe the checkpoint, and write nothing."""
        del tiles, bundles
        self.head, self.note = head, note


def ours(folder: Path, vkey: str, kind: type[Kept]) -> None:
    """Look once, from nothing."""
    with tempfile.TemporaryDirectory(prefix="quancheng-audit-") as state:
        kept = kind(Path(state))
        with kept.locked():
            kept.open(vkey)
            Follower(FolderLog(folder), kept, vkey).look()


def spent(work: Callable[[], object]) -> tuple[float, float]:
    """Return the processor's seconds, children included, and those on the wall."""
    began, before = time.perf_counter(), _processor_seconds()
    work()
    return _processor_seconds() - before, time.perf_counter() - began


def _processor_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def main() -> int:
    """Print both, and their ratio."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a tenth of the entries")
    size = 100_000 if options.parse_args().quick else 1_000_000
    program = go_program(ROOT / "bench" / "peers" / "audit")
    with tempfile.TemporaryDirectory(prefix="quancheng-audit-") as name:
        folder = Path(name)
        vkey = make(folder, size)
        ways: dict[str, Callable[[], object]] = {
            "Go's tlog": lambda: subprocess.run([program, folder, vkey], check=True),
            "audit": lambda: ours(folder, vkey, Unkept),
            "audit and keep": lambda: ours(folder, vkey, Kept),
        }
        rounds = [{name: spent(work) for name, work in ways.items()} for _ in range(ROUNDS)]
    processor, wall = ({name: median(one[name][what] for one in rounds) for name in ways} for what in (0, 1))
    for name in ways:
        print(
            f"{name:16} {size:,} entries: {processor[name]:5.2f} s of the processor, {wall[name]:5.2f} s in all"
        )
    ratio = processor["audit"] / processor["Go's tlog"]
    print(f"audit by Go's tlog: {ratio:.2f} (target {MOST_BY_GO}); target of 1,000,000: {MOST_SECONDS} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
