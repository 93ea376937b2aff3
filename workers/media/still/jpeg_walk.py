"""The segments of a JPEG (ITU-T T.81, B.1.1), where it ends, and the further pictures that its index names.

Several pictures in one file are those of CIPA DC-007 (MPF): its index counts offsets from its own head, and an editor
that saves the first picture anew leaves it pointing nowhere.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from workers.media.container import Note, note
from workers.media.still.layout import Layout, Span
from workers.media.work import Work

EOI, SOS, DHT = 0xD9, 0xDA, 0xC4
SOF_PROGRESSIVE, SOF_LOSSLESS = 0xC2, 0xC3
APP1, APP2, APP13, COM = 0xE1, 0xE2, 0xED, 0xFE
STANDALONE = frozenset({0x00, 0x01, *range(0xD0, 0xD9)})
XMP_HEAD = b"http" + b"://ns.adobe.com/xap/1.0/\x00"
PHOTOSHOP_HEAD = b"Photoshop 3.0\x00"

_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""A marker in entropy-coded data: neither a stuffed byte, nor a restart, nor fill (T.81, B.1.1)."""

_MPF_HEAD = b"MPF\x00"
_MP_ENTRIES = 0xB002
_ENTRY_BYTES, _FIELD_BYTES = 16, 12
_MAX_INNER = 16
"""More pictures than this no camera puts into one file."""


class Segment(NamedTuple):
    """One marker segment; `start` is at its marker, `body` behind its length."""

    marker: int
    start: int
    body: int
    end: int


class Walked(NamedTuple):
    """The segments of one picture; `end` is behind its end marker, None where it has none."""

    segments: tuple[Segment, ...] = ()
    end: int | None = None


def walk_jpeg(payload: bytes, pixels: int, work: Work, *, start: int = 0) -> Walked:
    """Step over the segments from the start marker at `start` on, and spend the picture's pixels once a scan.

    A progressive picture may have thousands of scans: they are counted before a decoder has seen the first.

    Raises:
        OverBudgetError: they are more than one look may cost.
    """
    segments: list[Segment] = []
    at = start + 2
    while (found := _MARKER.search(payload, at)) is not None:
        work.pieces()
        marker, at = payload[found.start() + 1], found.end()
        if marker == EOI:
            return Walked(tuple(segments), at)
        if marker == SOS:
            work.pixels(pixels)
        if marker not in STANDALONE:
            body, at = at + 2, at + int.from_bytes(payload[at : at + 2])
            segments.append(Segment(marker, found.start(), body, at))
    return Walked(tuple(segments))


def layout_of(payload: bytes, walked: Walked) -> Layout:
    """Return where the picture ends, where text may stand, and the pictures that its index names behind the end."""
    if walked.end is None:
        return Layout()
    inner = tuple(_inner(payload, walked))
    return Layout(
        end=walked.end,
        met=_cut(payload, inner),
        texts=tuple(_texts(walked)),
        inner=tuple(span for span in inner if span.end <= len(payload)),
    )


def segments_with(payload: bytes, walked: Walked, marker: int, head: bytes) -> Iterator[bytes]:
    """Return what follows `head` in each segment of this marker that begins with it."""
    for one in walked.segments:
        if one.marker == marker and payload.startswith(head, one.body):
            yield payload[one.body + len(head) : one.end]


def _texts(walked: Walked) -> Iterable[Span]:
    for one in walked.segments:
        if one.marker == COM or APP1 <= one.marker <= 0xEF:  # noqa: PLR2004 - the last application segment
            yield Span(one.body, one.end)


def _inner(payload: bytes, walked: Walked) -> Iterable[Span]:
    """Name the indexed pictures that begin behind the end of the first one; an index that points elsewhere is old."""
    for segment in walked.segments:
        if segment.marker == APP2 and payload.startswith(_MPF_HEAD, segment.body):
            base = segment.body + len(_MPF_HEAD)
            for offset, size in _index(payload[base : segment.end]):
                start = base + offset
                if offset and start >= (walked.end or 0) and payload[start : start + 2] == b"\xff\xd8":
                    yield Span(start, start + size)


def _index(body: bytes) -> Iterable[tuple[int, int]]:
    """Return (offset, size) of each picture that an MP index lists."""
    order = "little" if body[:2] == b"II" else "big"
    first = int.from_bytes(body[4:8], order)  # type: ignore[arg-type] # one of the two words
    count = int.from_bytes(body[first : first + 2], order)  # type: ignore[arg-type] # as above
    for number in range(min(count, _MAX_INNER)):
        field = body[first + 2 + number * _FIELD_BYTES :][:_FIELD_BYTES]
        if int.from_bytes(field[:2], order) != _MP_ENTRIES:  # type: ignore[arg-type] # as above
            continue
        length, at = (int.from_bytes(field[place : place + 4], order) for place in (4, 8))  # type: ignore[arg-type] # as above
        for entry in range(min(length // _ENTRY_BYTES, _MAX_INNER)):
            words = body[at + entry * _ENTRY_BYTES :][:_ENTRY_BYTES]
            size, offset = (int.from_bytes(words[place : place + 4], order) for place in (4, 8))  # type: ignore[arg-type] # as above
            yield offset, size


def _cut(payload: bytes, inner: Iterable[Span]) -> Note | None:
    """Say that an indexed picture begins in the file and ends behind it."""
    missing = max((span.end - len(payload) for span in inner), default=0)
    return note("media-truncated", missing_bytes=missing) if missing > 0 else None
