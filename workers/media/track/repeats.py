"""Whether a stretch of points stands in a track twice: the same places at the same times once more.

Each point becomes one number of 64 bits. Of a long track an even sample of these numbers is kept, the same ones in
every copy, so that memory stays flat and a doubled stretch is still seen by the distance of its copies.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from workers.media.track.fixes import NO_TIME, Batch, Floats, Ints, Watcher

MOST = 65_536
ALIKE = 5
"""So many points at one distance from their copies make a stretch; fewer may be chance or a logger's stutter."""


class Doubled(NamedTuple):
    """The copy: its first and last point as far as they were kept, and where the original begins."""

    start: int
    end: int
    original: int
    is_timed: bool


class Repeats(Watcher):
    """Keeps a sample of the points by what they say."""

    def __init__(self) -> None:
        self._marks = np.zeros(0, np.uint64)
        self._numbers = np.zeros(0, np.int64)
        self._timed = np.zeros(0, np.bool_)
        self._parts: list[tuple[NDArray[np.uint64], Ints, NDArray[np.bool_]]] = []
        self._waiting = 0
        self._every = 1
        self._last = 0

    def see(self, batch: Batch, metres: Floats) -> None:
        """Keep what belongs to the sample."""
        del metres
        fresh = batch.where(batch.number > self._last)
        self._last = int(batch.number[-1])
        marks = _marks(fresh)
        chosen = marks % np.uint64(self._every) == 0
        self._parts.append((marks[chosen], fresh.number[chosen], fresh.at[chosen] != NO_TIME))
        self._waiting += int(chosen.sum())
        if self._waiting > MOST:
            self._join()

    def doubled(self) -> Doubled | None:
        """Return the longest stretch that is there again; neighbours that are alike are no stretch."""
        self._join()
        order = np.lexsort((self._numbers, self._marks))
        marks, numbers, timed = self._marks[order], self._numbers[order], self._timed[order]
        alike = np.flatnonzero((marks[1:] == marks[:-1]) & (numbers[1:] - numbers[:-1] > 1))
        apart = numbers[alike + 1] - numbers[alike]
        if not len(apart):
            return None
        values, counts = np.unique(apart, return_counts=True)
        far = alike[apart == values[np.argmax(counts)]]
        copies = numbers[far + 1]
        if len(np.unique(marks[far])) < ALIKE:
            return None
        return Doubled(int(copies.min()), int(copies.max()), int(numbers[far].min()), bool(timed[far].all()))

    def _join(self) -> None:
        """Put what waits to the rest, and take every second of all as often as they are too many."""
        parts = [(self._marks, self._numbers, self._timed), *self._parts]
        columns = [np.concatenate([part[column] for part in parts]) for column in range(3)]
        while (columns[0] % np.uint64(self._every) == 0).sum() > MOST:
            self._every *= 2
        chosen = columns[0] % np.uint64(self._every) == 0
        self._marks, self._numbers, self._timed = (column[chosen] for column in columns)
        self._parts, self._waiting = [], 0


def _marks(batch: Batch) -> NDArray[np.uint64]:
    """Mix place and time so that the low bits choose evenly (the finalizer of MurmurHash3)."""
    mixed = np.zeros(len(batch.lat), np.uint64)
    for column in (batch.lat, batch.lon, batch.at):
        mixed = (mixed ^ column.astype(np.uint64)) * np.uint64(0xFF51_AFD7_ED55_8CCD)
        mixed ^= mixed >> np.uint64(33)
    return mixed
