"""The directories of a TIFF 6.0, a BigTIFF or a DNG: every strip, tile and value that they name lies in the file.

A raw photo keeps its picture in a directory below the first one, which holds a stamp. Decoders read the strips that are
there and say nothing of those that are not.
"""

import struct
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from workers.media.container import Note, note
from workers.media.still.layout import Layout, Span
from workers.media.work import Work

_SIZES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
_WORDS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_WIDTH, _HEIGHT, _COMPRESSION, _PHOTOMETRIC = 0x0100, 0x0101, 0x0103, 0x0106
_BELOW = (0x014A, 0x8769, 0x8825, 0xA005)
"""Directories below one: pictures of it, Exif, GPS, interoperability."""

_DATA = ((0x0111, 0x0117), (0x0144, 0x0145), (0x0201, 0x0202))
"""Offsets and lengths of strips, of tiles, and of an old JPEG."""

_TEXTS = frozenset({0x010E, 0x013C, 0x02BC, 0x83BB, 0x8298, 0x9286})
_TABLES, _VERSION = 0x015B, 0xC612
_RAW = frozenset({32803, 34892})
"""Photometric interpretations of DNG 1.7: a colour filter array, linear raw."""

_MAX_DIRECTORIES = 4_096
_MAX_VALUES = 1 << 20
_A_PIECE = 64
"""So many values of an entry cost as much as one step of a walk."""


class Directory(NamedTuple):
    """One image file directory: its short values by tag, and the runs of bytes that hold its picture."""

    values: dict[int, tuple[int, ...]]
    data: tuple[Span, ...]

    def first(self, tag: int) -> int:
        """Return the first value of a tag, 0 where there is none."""
        return next(iter(self.values.get(tag, ())), 0)

    @property
    def is_raw(self) -> bool:
        """It holds what a sensor read."""
        return self.first(_PHOTOMETRIC) in _RAW

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.first(_WIDTH), self.first(_HEIGHT)


class Tiff(NamedTuple):
    """All directories of a file in the order of its links, and what the walk met."""

    directories: tuple[Directory, ...]
    layout: Layout

    @property
    def is_dng(self) -> bool:
        """The first directory states the version of DNG."""
        return bool(self.directories) and _VERSION in self.directories[0].values

    @property
    def raw(self) -> Directory | None:
        """The largest picture that a sensor read."""
        found = [one for one in self.directories if one.is_raw]
        return max(found, key=lambda one: one.size[0] * one.size[1], default=None)

    @property
    def pieces(self) -> tuple[int, int]:
        """Strips and tiles that lie in the file, and all that there are."""
        spans = [span for one in self.directories for span in one.data]
        return sum(span.end <= (self.layout.end or 0) for span in spans), len(spans)


class _Format(NamedTuple):
    order: str
    length: str
    word: str
    entry_bytes: int


_CLASSIC = {b"II*\x00": _Format("<", "H", "I", 12), b"MM\x00*": _Format(">", "H", "I", 12)}
_BIG = {b"II+\x00": _Format("<", "Q", "Q", 20), b"MM\x00+": _Format(">", "Q", "Q", 20)}


class _Walk:
    """Steps from directory to directory, each once, and keeps the furthest byte that one of them names."""

    def __init__(self, payload: bytes, work: Work) -> None:
        self.payload = payload
        self.work = work
        self.end = 8
        self.texts: list[Span] = []
        self.fault: Note | None = None
        big = _BIG.get(payload[:4])
        self.format = big or _CLASSIC[payload[:4]]
        self.start = self._number(self.format.word, 8 if big else 4)

    def all(self) -> Iterator[Directory]:
        """Follow the chain of pages, and of each what lies below it."""
        waiting, seen = deque([self.start]), set[int]()
        while waiting and len(seen) < _MAX_DIRECTORIES:
            at = waiting.popleft()
            if not at or at in seen:
                continue
            seen.add(at)
            directory, following = self._directory(at)
            below = [place for tag in _BELOW for place in directory.values.get(tag, ())]
            self.work.pieces(len(below))
            waiting.extendleft(reversed((*below, following)))
            yield directory

    def _number(self, word: str, at: int) -> int:
        size = struct.calcsize(word)
        if at + size > len(self.payload):
            self.end = max(self.end, at + size)
            return 0
        number: int = struct.unpack_from(self.format.order + word, self.payload, at)[0]
        return number

    def _directory(self, at: int) -> tuple[Directory, int]:
        _, count_word, word, entry_bytes = self.format
        first = at + struct.calcsize(count_word)
        count = self._number(count_word, at)
        last = first + count * entry_bytes
        self.end = max(self.end, last + struct.calcsize(word))
        if last > len(self.payload):
            return Directory({}, ()), 0
        values = dict(self._value(first + number * entry_bytes) for number in range(count))
        data = tuple(self._data(values))
        self.end = max([self.end, *(span.end for span in data)])
        return Directory(values, data), self._number(word, last)

    def _value(self, at: int) -> tuple[int, tuple[int, ...]]:
        """Read one entry; only numbers are kept, of texts where they stand."""
        self.work.pieces()
        order, _, word, _ = self.format
        tag, kind = struct.unpack_from(order + "HH", self.payload, at)
        count, inside = self._number(word, at + 4), at + 4 + struct.calcsize(word)
        size = count * _SIZES.get(kind, 1)
        start = inside if size <= struct.calcsize(word) else self._number(word, inside)
        self.end = max(self.end, start + size)
        if tag in _TEXTS:
            self.texts.append(Span(start, start + size))
        letter = "B" if tag == _TABLES else _WORDS.get(kind)
        if letter is None or start + size > len(self.payload) or count > _MAX_VALUES:
            return tag, ()
        self.work.pieces(count // _A_PIECE)
        return tag, struct.unpack_from(f"{order}{count}{letter}", self.payload, start)

    def _data(self, values: dict[int, tuple[int, ...]]) -> Iterator[Span]:
        for offsets, lengths in _DATA:
            starts, sizes = values.get(offsets, ()), values.get(lengths, ())
            if sizes and len(starts) != len(sizes):
                self.fault = note("image-damaged", reason="offsets and lengths of strips differ in number")
            self.work.pieces(len(starts))
            yield from (Span(start, start + size) for start, size in zip(starts, sizes, strict=False))


def walk_tiff(payload: bytes, work: Work) -> Tiff:
    """Walk all directories; whatever one of them names has to lie in the file."""
    walk = _Walk(payload, work)
    directories = tuple(walk.all())
    missing = walk.end - len(payload)
    met = note("media-truncated", missing_bytes=missing) if missing > 0 else walk.fault
    if not any(one.data for one in directories):
        met = met or note("image-damaged", reason="no picture in any directory")
    return Tiff(directories, Layout(walk.end, met, tuple(_clipped(walk.texts, len(payload)))))


def _clipped(spans: Sequence[Span], size: int) -> Iterator[Span]:
    yield from (span for span in spans if span.end <= size)
