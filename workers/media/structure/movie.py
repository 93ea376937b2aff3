"""The box tree of ISO/IEC 14496-12 and QuickTime, down to the leaves that say where samples are and how long.

Boxes nobody here knows, empty ones and ones of size 0 are sound; a box that reaches past the one it is in is not.
"""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from workers.media.structure.boxes import Box
from workers.media.structure.walked import big
from workers.media.work import Work

MAX_LEAF = 16 * 1024 * 1024
"""Largest table that is read: 4 million samples, a film of 37 hours. Of a larger one the rest is not examined."""

_OPENED = frozenset(
    {b"moov", b"trak", b"mdia", b"minf", b"dinf", b"stbl", b"edts", b"mvex", b"moof", b"traf"}
)
_DEEPEST = 12


class Leaf(NamedTuple):
    """A box without known children, and those it is in, the outermost first."""

    path: tuple[Box, ...]
    box: Box

    def within(self, kind: bytes) -> Box | None:
        """Return the box of that kind that this one is in."""
        return next((one for one in self.path if one.kind == kind), None)


class Tree(NamedTuple):
    """The leaves of one box, how many boxes it holds, and how many of them reach past what they are in."""

    leaves: tuple[Leaf, ...]
    boxes: int
    torn: int


def tree(reader: BinaryIO, top: Box, work: Work) -> Tree:
    """Walk one top-level box down to its leaves; `top` has to end inside the file."""
    leaves: list[Leaf] = []
    boxes = torn = 0
    waiting: list[tuple[tuple[Box, ...], Box]] = [((), top)]
    while waiting:
        path, outer = waiting.pop()
        inside = list(children(reader, outer, work))
        boxes += len(inside)
        opened: list[tuple[tuple[Box, ...], Box]] = []
        for box in inside:
            if box.start + box.size_bytes > outer.start + outer.size_bytes:
                torn += 1
            elif box.kind in _OPENED and len(path) < _DEEPEST:
                opened.append(((*path, outer), box))
                continue
            leaves.append(Leaf((*path, outer), box))
        waiting += reversed(opened)
    return Tree(tuple(leaves), boxes, torn)


def children(reader: BinaryIO, outer: Box, work: Work) -> Iterator[Box]:
    """Yield the boxes in a box; a rest without room for a header, or of zeros, ends them (QuickTime does that)."""
    reader.seek(outer.start)
    at = outer.start + header_bytes(reader.read(16))
    end = outer.start + outer.size_bytes
    while at + 8 <= end:
        work.pieces()
        reader.seek(at)
        head = reader.read(16)
        size = big(head, 0)
        size = big(head, 8, 8) if size == 1 else size
        if size == 0 and not any(head[4:8]):
            return
        size = size or end - at
        yield Box(head[4:8], at, size)
        if size < 8:  # noqa: PLR2004 - a box holds at least its own header
            return
        at += size


def header_bytes(head: bytes) -> int:
    """Length of a box's header: 16 bytes with a 64 bit size, else 8."""
    return 16 if big(head, 0) == 1 else 8


def body(reader: BinaryIO, box: Box, length: int = MAX_LEAF) -> bytes:
    """Read what a box holds behind its header, at most `length` bytes."""
    reader.seek(box.start)
    skip = header_bytes(reader.read(16))
    reader.seek(box.start + skip)
    return reader.read(min(length, max(0, box.size_bytes - skip)))
