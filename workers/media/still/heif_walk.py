"""The structure of a HEIF file (ISO/IEC 23008-12): its boxes, and the places of its items, all inside the file.

libheif paints what is there and says nothing about missing tiles.
"""

from collections.abc import Iterator
from typing import NamedTuple

from workers.media.container import Note, note
from workers.media.source import Source
from workers.media.still.layout import Layout, Span
from workers.media.structure.boxes import Box, walk
from workers.media.work import Work

_CODED = frozenset({b"hvc1", b"av01", b"jpeg", b"avc1", b"vvc1", b"j2k1", b"unci"})
_MAX_META_BYTES = 16 * 1024 * 1024
_FULL_BOX_BYTES = 4
_IN_FILE = 0


class Heif(NamedTuple):
    """Where the boxes end and what they miss, and how many coded pictures the index lists."""

    layout: Layout
    coded: int = 0


class _Reader:
    """A place in the body of a box, read number by number; what lies behind its end reads as zero."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.at = 0

    def number(self, size: int) -> int:
        self.at += size
        return int.from_bytes(self.body[self.at - size : self.at]) if size else 0


def walk_heif(source: Source, work: Work) -> Heif:
    """Walk the boxes and the index of items."""
    size = source.size_bytes
    boxes, end = walk(source.open(), size, work)
    meta = next((box for box in boxes if box.kind == b"meta"), None)
    if meta is None:
        return Heif(Layout(met=note("image-damaged", reason="no meta box")))
    if end > size:
        return Heif(Layout(met=note("media-truncated", missing_bytes=end - size)))
    inside = dict(_children(_body(source, meta)[_FULL_BOX_BYTES:], work))
    met = _misplaced(inside.get(b"iloc", b""), Span(boxes[0].size_bytes, end), work)
    return Heif(Layout(end, met), sum(kind in _CODED for kind in _kinds(inside.get(b"iinf", b""), work)))


def _body(source: Source, box: Box) -> bytes:
    with source.open() as reader:
        reader.seek(box.start + 8)
        return reader.read(min(box.size_bytes - 8, _MAX_META_BYTES))


def _children(body: bytes, work: Work) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(body):
        work.pieces()
        size = int.from_bytes(body[at : at + 4])
        if size < 8 or at + size > len(body):  # noqa: PLR2004 - a box holds its own header
            return
        yield body[at + 4 : at + 8], body[at + 8 : at + size]
        at += size


def _kinds(body: bytes, work: Work) -> Iterator[bytes]:
    """Return the kind of each item that the index lists (14496-12, 8.11.6); older entries state none."""
    head = _FULL_BOX_BYTES + (2 if body[:1] == b"\x00" else 4)
    for kind, entry in _children(body[head:], work):
        version = entry[0] if entry else 0
        if kind == b"infe" and version >= 2:  # noqa: PLR2004 - from here on entries state kinds
            yield entry[8:12] if version == 2 else entry[10:14]  # noqa: PLR2004 - ids of two or four bytes


def _misplaced(body: bytes, inside: Span, work: Work) -> Note | None:
    """Say that an item of the index lies before or behind the boxes of the file (14496-12, 8.11.3)."""
    missing = 0
    for span in _extents(body, work):
        if span.end > span.start and span.start < inside.start:
            return note("image-damaged", reason=f"an item at byte {span.start}")
        missing = max(missing, span.end - inside.end)
    return note("media-truncated", missing_bytes=missing) if missing > 0 else None


def _extents(body: bytes, work: Work) -> Iterator[Span]:
    reader = _Reader(body)
    version = reader.number(1)
    reader.number(3)
    sizes = reader.number(2)
    offset_bytes, length_bytes, base_bytes = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_bytes = sizes & 15 if version else 0
    wide = 4 if version >= 2 else 2  # noqa: PLR2004 - item numbers grew in version 2
    for _ in range(reader.number(wide)):
        if reader.at >= len(body):
            return
        work.pieces()
        reader.number(wide)
        method = reader.number(2) & 15 if version else _IN_FILE
        reader.number(2)
        base = reader.number(base_bytes)
        for _ in range(reader.number(2)):
            work.pieces()
            reader.number(index_bytes)
            start = base + reader.number(offset_bytes)
            length = reader.number(length_bytes)
            if method == _IN_FILE:
                yield Span(start, start + length)
