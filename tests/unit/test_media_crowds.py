"""Many very small elements: a look costs in proportion to them, and what is too much for the quick lane leaves it."""

import io
import sys
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest

from tests.crowds import CROWDS
from workers.media.probe import look
from workers.media.result import Limits, Stop
from workers.media.source import Source, Window
from workers.media.work import Budget, Lane

FEW, MANY = 600, 1200
GROWTH = 2.4
"""Twice as many elements may cost so much more: what grows with their square costs four times as much."""

CALLS_A_PIECE, BYTES_A_PIECE = 60, 4096
LITTLE = Budget(pixels=10**9, packets=10**6, pieces=100, samples=10**9)

WHOLE = {"blocks of FLAC", "blocks of Exif", "directories", "frames in frames"}
"""Kinds of which there can be few only: the decoder or the format limits them, and nobody here steps over each."""


NAMED_AGAIN = {"index of indexes"}
"""What an index names others may name as well: each reading of it is counted, and ends with the budget."""


class Counted(Source):
    """A file that counts what is read of it, in bytes."""

    read_bytes = 0

    def raw(self, work: Any = None) -> BinaryIO:
        return cast("BinaryIO", CountedWindow(self, work))

    def open(self) -> BinaryIO:
        return io.BufferedReader(CountedWindow(self, None))


class CountedWindow(Window):
    def readinto(self, buffer: "memoryview | bytearray") -> int:
        read = super().readinto(buffer)
        cast("Counted", self._source).read_bytes += read
        return read


class Cost:
    """What a look costs, in calls of functions and in bytes read; the same on every machine."""

    def __init__(self, path: Path, limits: Limits, lane: Lane) -> None:
        self.calls = 0
        with Counted.at(path) as source:
            before = sys.getprofile()
            sys.setprofile(self._count)
            try:
                self.stopped = look(source, filename=path.name, limits=limits, lane=lane).stopped
            finally:
                sys.setprofile(before)
            self.read_bytes = source.read_bytes

    def _count(self, _: object, event: str, __: object) -> None:
        self.calls += event in {"call", "c_call"}


def cost(folder: Path, kind: str, count: int, budget: Budget | None = None) -> Cost:
    name, make = CROWDS[kind]
    path = folder / name
    path.write_bytes(make(count))
    return Cost(path, Limits() if budget is None else Limits(quick=budget), Lane.QUICK)


@pytest.mark.parametrize("kind", sorted(set(CROWDS) - NAMED_AGAIN))
def test_twice_as_many_cost_twice_as_much(tmp_path: Path, kind: str) -> None:
    """Of no kind of element the cost grows faster than their number, in calls or in bytes that are read."""
    few, many = cost(tmp_path, kind, FEW), cost(tmp_path, kind, MANY)

    assert many.calls <= GROWTH * few.calls
    assert many.read_bytes <= GROWTH * few.read_bytes


@pytest.mark.parametrize("kind", sorted(set(CROWDS) - WHOLE))
def test_more_than_the_quick_lane_holds_leaves_it(tmp_path: Path, kind: str) -> None:
    """What is stepped over one by one is counted: a look ends where the budget does, and has cost no more than that."""
    met = cost(tmp_path, kind, MANY, LITTLE)

    assert met.stopped is Stop.WORK
    assert met.calls <= 5_000 + CALLS_A_PIECE * LITTLE.pieces
    assert (
        met.read_bytes
        <= 4 * (tmp_path / CROWDS[kind][0]).stat().st_size + (16 + LITTLE.pieces) * BYTES_A_PIECE
    )
