"""Runs of zeros in coded picture data that no coder writes: what a storage fault or a hole in a copy leaves.

Decoders go on as if nothing were: to them a zero is a code like any other. Coded data look like noise, and so many zeros
in a row stand for a picture that cannot be – unless the coder's tables give the all-zero code to "nothing changes",
which makes a white wall a run of zeros. That is read from the tables.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from workers.media.container import Note, note
from workers.media.still.jpeg_walk import DHT, SOF_LOSSLESS, SOF_PROGRESSIVE, SOS, Segment, Walked
from workers.media.still.layout import Span

_HUFFMAN_BYTES, _REFINED_BYTES = 64, 256
_SYMBOLS_AT = 17
_AC = 0x10
_FRAMES = frozenset(range(0xC0, 0xD0)) - {DHT, 0xC8, 0xCC}
"""Markers of frame headers (T.81, table B.1)."""


class _Scan(NamedTuple):
    """One scan: the tables it names as (DC, AC) pairs, where its band begins, whether it refines, and its data."""

    tables: tuple[tuple[int, int], ...]
    band: int
    is_refining: bool
    data: Span


def empty_run_of_jpeg(payload: bytes, walked: Walked) -> Note | None:
    """Say where a run of zeros lies that the scan's tables do not explain."""
    kind = next((one.marker for one in walked.segments if one.marker in _FRAMES), 0)
    firsts: dict[int, int] = {}
    for at, segment in enumerate(walked.segments):
        if segment.marker == DHT:
            firsts |= dict(_first_symbols(payload[segment.body : segment.end]))
        elif segment.marker == SOS:
            scan = _scan(payload, walked, at)
            least = _least(scan, kind, firsts)
            hole = _hole(payload, scan.data, least) if least else -1
            if hole >= 0:
                return note("jpeg-damaged", reason=f"a run of zeros at byte {hole}")
    return None


def _hole(payload: bytes, data: Span, least: int) -> int:
    """Return where so many zeros begin, -1 where nowhere: among them are whole words, which are looked for first."""
    words = np.frombuffer(payload, np.uint64, max(0, data.end - data.start) // 8, data.start)
    return payload.find(bytes(least), *data) if len(words) and not words.all() else -1


def _least(scan: _Scan, kind: int, firsts: dict[int, int]) -> int:
    """Return how many zeros cannot be in this scan, 0 where any number can."""
    if kind == SOF_LOSSLESS:
        return _HUFFMAN_BYTES if any(firsts.get(dc, 0) for dc, _ in scan.tables) else 0
    if kind != SOF_PROGRESSIVE:
        return _HUFFMAN_BYTES if any(firsts.get(ac, 0) for _, ac in scan.tables) else 0
    if not scan.band:
        return 0
    is_plain = not scan.is_refining and any(firsts.get(ac, 0) for _, ac in scan.tables)
    return _HUFFMAN_BYTES if is_plain else _REFINED_BYTES


def _scan(payload: bytes, walked: Walked, at: int) -> _Scan:
    segment: Segment = walked.segments[at]
    body = payload[segment.body : segment.end]
    count = body[0] if body else 0
    named = body[2 : 1 + 2 * count : 2]
    band, refined = (body[1 + 2 * count], body[3 + 2 * count] >> 4) if len(body) >= 4 + 2 * count else (0, 0)
    following = walked.segments[at + 1].start if at + 1 < len(walked.segments) else walked.end or len(payload)
    tables = tuple((one >> 4, _AC | one & 15) for one in named)
    return _Scan(tables, band, bool(refined), Span(segment.end, following))


def _first_symbols(body: bytes) -> Iterator[tuple[int, int]]:
    """Return (class and number, symbol of the all-zero code) of each table: codes are given out in order."""
    at = 0
    while at + _SYMBOLS_AT < len(body):
        count = sum(body[at + 1 : at + _SYMBOLS_AT])
        yield body[at], body[at + _SYMBOLS_AT]
        at += _SYMBOLS_AT + count
