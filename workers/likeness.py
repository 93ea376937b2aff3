"""Compare a recording's pictures with all that were compared before: exact, in memory, one after the other.

Codes of 256 bits lie in four columns of 64, each a sample of the whole picture. Two codes differ in no fewer bits than two
of their columns do: so passes over two columns leave some hundredths, of those the third column leaves thousandths, and
what is left is looked at whole. Nothing near is missed. Each picture is sought twice: as it is, and in a mirror.

Order, and what a crash leaves:
  1. codes as the verification made them; of what was sealed before, from its kept thumbnail        waiting
  2. the turn; codes that others added are read behind the last one                                 waiting
  3. numbers, pairs, that it was compared, end of the job in one commit                             compared
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray

from schemas.ids import RecordingId
from schemas.likeness import ALIKE_BITS, CODE_BYTES
from storage.outbox import Job
from storage.recording.likeness import LikenessSearches, Near
from storage.store import Store
from workers.media.still.likeness import mirrored
from workers.recording import Verifier
from workers.task import concluding

log = structlog.get_logger()

COLUMNS = CODE_BYTES // 8
PORTION = 50_000
BLOCK = 32_768
"""Of a column so many at a time, 256 KiB: what was XORed is still in the cache when its bits are counted."""

MOST = 200
"""Of what is near a code so many are handed on, the nearest; how many there were is told."""

_Words = NDArray[np.uint64]


class Codes:
    """All codes that were compared, in memory: 32 bytes each. One per thread that compares.

    The code of number n stands at n - 1.
    """

    def __init__(self) -> None:
        self._columns: _Words = np.empty((COLUMNS, 1024), np.uint64)
        self._room = np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.uint8), np.empty(BLOCK, np.uint8)
        self.count = 0

    def add(self, codes: list[bytes]) -> None:
        """Add codes behind the last one."""
        words = np.frombuffer(b"".join(codes), np.uint64).reshape(-1, COLUMNS)
        end = self.count + len(words)
        if end > self._columns.shape[1]:
            grown = np.empty((COLUMNS, end + end // 4), np.uint64)
            grown[:, : self.count] = self._columns[:, : self.count]
            self._columns = grown
        self._columns[:, self.count : end] = words.T
        self.count = end

    def near(self, code: bytes, most_bits: int = ALIKE_BITS) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the numbers of every code that differs in at most so many bits, and in how many."""
        wanted = np.frombuffer(code, np.uint64)
        found = [self._near(start, wanted, most_bits) for start in range(0, self.count, BLOCK)]
        if not found:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        return np.concatenate([one for one, _ in found]) + 1, np.concatenate([bits for _, bits in found])

    def _near(self, start: int, wanted: _Words, most_bits: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the places in one block of what is near, and in how many bits it differs."""
        columns = self._columns[:, start : min(start + BLOCK, self.count)]
        differ, bits, more = (room[: columns.shape[1]] for room in self._room)
        np.bitwise_count(np.bitwise_xor(columns[0], wanted[0], out=differ), out=bits)
        np.bitwise_count(np.bitwise_xor(columns[1], wanted[1], out=differ), out=more)
        np.add(bits, more, out=bits)
        places = np.flatnonzero(bits <= most_bits)
        left = bits[places]
        for column, word in zip(columns[2:], wanted[2:], strict=True):
            left = left + np.bitwise_count(column[places] ^ word)
            is_near = left <= most_bits
            places, left = places[is_near], left[is_near]
        return places + start, left.astype(np.int64)

    def read(self, searches: LikenessSearches) -> None:
        """Read what was added by others; the caller holds the turn.

        The last one that is here is read again: a database that was put back to an older state holds another.
        """
        while True:
            rows = searches.numbered(max(self.count, 1), limit=PORTION)
            if self.count and (not rows or not self._is_last(*rows[0])):
                self.count = 0
                continue
            new = rows[1:] if self.count else rows
            if new:
                self.add([code for _, code in new])
            if len(rows) < PORTION:
                return

    def _is_last(self, number: int, code: bytes) -> bool:
        return number == self.count and self._columns[:, number - 1].tobytes() == code


def liken(verifier: Verifier, known: Codes, job: Job) -> None:
    """Compare the pictures of the recording of `job`, and enter what looks like them.

    Raises:
        Unavailable: database or store did not answer; uses no attempt.
        LeaseLost: another worker holds the job; nothing was written.
        IntegrityBroken: the store no longer holds the thumbnail that was made.
    """
    store, ident = verifier.store, RecordingId(job.subject_id)
    with store.begin() as tx:
        codes = tx.likeness_searches.codes(ident)
        recording = tx.recordings.known(ident)
        is_done = tx.likeness_searches.is_done(ident)
    if not codes and not is_done:
        codes = verifier.codes_of_kept(recording)
    with concluding(store, job) as tx:
        tx.likeness_searches.hold()
        if tx.likeness_searches.is_done(ident):
            return
        known.read(tx.likeness_searches)
        near: list[Near] = []
        found = 0
        for code in codes:
            as_is, turned = known.near(code), known.near(mirrored(code))
            found += len(np.union1d(as_is[0], turned[0]))
            near += [*_nearest(*as_is, is_mirrored=False), *_nearest(*turned, is_mirrored=True)]
        tx.likeness_searches.enter(ident, codes, near, among=known.count, found=found)
    log.info("recording_compared", recording_id=str(ident), found=found)


def _nearest(numbers: NDArray[Any], bits: NDArray[Any], *, is_mirrored: bool) -> Iterator[Near]:
    for place in np.argsort(bits, kind="stable")[:MOST]:
        yield Near(int(numbers[place]), int(bits[place]), is_mirrored)


def give_up_likeness(store: Store, job: Job, error: str) -> None:
    """End a comparison that could not be made; the recording's page goes on to say that it was not compared.

    Raises:
        Unavailable: the database did not answer; the job may come here again.
    """
    with store.begin() as tx:
        tx.jobs.fail(job, error)
