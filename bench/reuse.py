"""Near duplicates among a million pictures: the search of a worker beside numpy over every code.

The peer is what a careful script does: XOR with all codes, count the bits of each, sum, compare – in the same process, of
the same library, on the same codes. Rounds are interleaved and the median is told. Codes are made as pictures make them,
from light and dark places that lie together, so that they cluster as photos do; copies are planted at every distance
that is told. Each answer of the search is compared with the peer's, so that recall is measured and not assumed.

  python bench/reuse.py [--quick]
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent.parent))

from schemas.likeness import ALIKE_BITS, CODE_BYTES
from workers.likeness import Codes
from workers.media.still.likeness import ORDER

CELLS, COARSE = 12, 5
CHUNK = 20_000
ROUNDS, QUERIES = 7, 20
TARGET = 5.0

Found = dict[int, int]


def made(count: int, chance: np.random.Generator) -> NDArray[np.uint8]:
    """Return codes of random scenes: coarse light and dark, spread over the cells, and a little of each cell's own."""
    place = np.linspace(0, COARSE - 1, CELLS)
    spread = np.maximum(0, 1 - np.abs(place[:, None] - np.arange(COARSE)))  # linear between coarse places
    rows = []
    for _ in range(0, count, CHUNK):
        coarse = chance.normal(size=(CHUNK, COARSE, COARSE))
        cells = spread @ coarse @ spread.T + chance.normal(0, 0.08, (CHUNK, CELLS, CELLS))
        across = np.diff(cells[:, :11], axis=2).reshape(CHUNK, -1)
        down = np.diff(cells[:, :, :11], axis=1).reshape(CHUNK, -1)
        steps = np.concatenate([across, down], axis=1) > 0
        bits = np.zeros((CHUNK, 8 * CODE_BYTES), bool)
        bits[:, ORDER[: steps.shape[1]]] = steps
        rows.append(np.packbits(bits, axis=1))
    return np.concatenate(rows)[:count]


def plant(codes: NDArray[np.uint8], wanted: NDArray[np.uint8], chance: np.random.Generator) -> None:
    """Put copies of what will be sought into the codes, a few bits off: one at each distance that is told, and beyond."""
    for code in wanted:
        places = chance.choice(len(codes), ALIKE_BITS + 8, replace=False)
        for bits, place in enumerate(places):
            flipped = np.unpackbits(code)
            flipped[chance.choice(8 * CODE_BYTES, bits, replace=False)] ^= 1
            codes[place] = np.packbits(flipped)


def timed(search: Callable[[bytes], Found], wanted: list[bytes]) -> tuple[float, list[Found]]:
    """Return milliseconds of processor time a query, as others may use the machine,, and what was found."""
    start = time.process_time()
    found = [search(code) for code in wanted]
    return (time.process_time() - start) * 1000 / len(wanted), found


def main() -> None:
    """Print the ratio, and end with 1 where something near was missed or, in a whole run, the target was."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    is_quick = parser.parse_args().quick
    count = 100_000 if is_quick else 1_000_000
    chance = np.random.default_rng(11)
    codes = made(count, chance)
    wanted = codes[chance.choice(count, QUERIES, replace=False)]
    plant(codes, wanted, chance)
    rows = np.ascontiguousarray(codes).view(np.uint64)
    known = Codes()
    start = time.process_time()
    for first in range(0, count, 50_000):
        known.add([code.tobytes() for code in codes[first : first + 50_000]])
    print(
        f"{count:,} codes in memory: {time.process_time() - start:.1f} s, {count * CODE_BYTES / 1e6:.0f} MB"
    )

    def ours(code: bytes) -> Found:
        return _as_dict(*known.near(code))

    def peer(code: bytes) -> Found:
        bits = np.bitwise_count(rows ^ np.frombuffer(code, np.uint64)).sum(axis=1)
        places = np.flatnonzero(bits <= ALIKE_BITS)
        return _as_dict(places + 1, bits[places])

    queries = [code.tobytes() for code in wanted]
    times: dict[str, list[float]] = {"search": [], "numpy": []}
    for _ in range(ROUNDS):
        mine, found = timed(ours, queries)
        theirs, expected = timed(peer, queries)
        if found != expected:
            sys.exit("the search missed what the peer found, or found what it did not")
        times["search"].append(mine)
        times["numpy"].append(theirs)
    search, numpy_ = (statistics.median(one) for one in times.values())
    near = sum(map(len, expected))
    ratio = numpy_ / search
    print(
        f"search {search:.2f} ms, numpy over all {numpy_:.2f} ms a query: {ratio:.1f} x (target {TARGET:.0f} x)"
    )
    print(f"recall 1.0: {near:,} near codes of {QUERIES} queries, all found, none besides")
    if not is_quick and ratio < TARGET:
        sys.exit(f"below {TARGET:.0f} x")


def _as_dict(numbers: NDArray[Any], bits: NDArray[Any]) -> Found:
    return dict(zip(numbers.tolist(), bits.tolist(), strict=True))


if __name__ == "__main__":
    main()
