"""Ogg by its pages: sums, sequence and end of each stream (RFC 3533). A demuxer passes over a page whose sum is wrong."""

import zlib
from typing import NamedTuple

from workers.media.sound.sound_frames import View
from workers.media.source import Source
from workers.media.work import Work

_HEADER = 27
_LARGEST = 65_307
_END_OF_STREAM = 4
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class Pages(NamedTuple):
    """What the walk met: pages, broken ones with bytes that are no page, pages that a count leaves out, open streams.

    `first_bad` is the place of the first that is broken or after a gap; `missing_bytes` is what the last page lacks.
    """

    pages: int
    broken: int
    lost: int
    open_streams: int
    first_bad: int | None
    missing_bytes: int


def walk(source: Source, work: Work) -> Pages:
    """Step from page to page to the end of the file."""
    view, at, size = View(source), 0, source.size_bytes
    pages = broken = lost = 0
    first_bad: int | None = None
    expected: dict[bytes, int] = {}
    is_open: dict[bytes, bool] = {}
    while at < size:
        work.pieces()
        head = view.at(at, _HEADER + 255)
        length = _length(head)
        if length and at + length > size:
            return Pages(pages, broken, lost, sum(is_open.values()), first_bad, at + length - size)
        page = view.at(at, length) if length else b""
        if not length or _sum(page) != int.from_bytes(page[22:26], "little"):
            broken += 1
            first_bad = at if first_bad is None else first_bad
            at = _next(view, at + 1, size, work)
            continue
        serial, number = page[14:18], int.from_bytes(page[18:22], "little")
        gap = number - expected.get(serial, number)
        lost += max(0, gap)
        first_bad = at if gap and first_bad is None else first_bad
        expected[serial], is_open[serial] = number + 1, not page[5] & _END_OF_STREAM
        pages, at = pages + 1, at + length
    return Pages(pages, broken, lost, sum(is_open.values()), first_bad, 0)


def _length(head: bytes) -> int:
    """Return the length of the page that begins here, 0 where none does."""
    if len(head) < _HEADER or head[:5] != b"OggS\x00":
        return 0
    table = head[_HEADER : _HEADER + head[26]]
    return _HEADER + head[26] + sum(table)


def _next(view: View, at: int, size: int, work: Work) -> int:
    while at < size:
        work.pieces()
        block = view.at(at, min(_LARGEST, size - at))
        found = block.find(b"OggS")
        if found >= 0:
            return at + found
        at += max(1, len(block) - 3)
    return size


def _sum(page: bytes) -> int:
    """CRC-32 of the page without its own sum, most significant bit first (RFC 3533, 6): that of zlib, mirrored."""
    blank = page[:22] + bytes(4) + page[26:]
    mirrored = zlib.crc32(blank.translate(_MIRRORED), 0xFFFF_FFFF) ^ 0xFFFF_FFFF
    return int.from_bytes(mirrored.to_bytes(4).translate(_MIRRORED), "little")
