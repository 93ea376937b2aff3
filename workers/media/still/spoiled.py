"""From which row on a damaged JPEG shows nothing that was recorded.

The pixels of a picture whose scans follow each other row by row are lost from one place in the data on. That place is
found by strict decodes of ever closer beginnings of the file; how far its rows come, by what a forgiving decode of that
beginning leaves flat: libjpeg fills what it was not given with one colour.
"""

import numpy as np

from workers.media.container import Note
from workers.media.still.jpeg import Pixels, Scale, complaint_of, salvaged
from workers.media.still.jpeg_walk import SOS, Walked
from workers.media.work import Work

_SEQUENTIAL = frozenset({0xC0, 0xC1})
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of frame headers (T.81, table B.1), and those whose rows come one after the other."""

_HOLE_BYTES = 64
"""Zeros in a row that no coder writes often: a decoder takes them for codes and complains much later, if at all."""

_UNIT_ROWS = 16
"""Rows of one unit of a colour photo: the last one that was begun is damaged from its own first row on."""

_STEPS = 7
_FLAT = 2
_ENDED = "Premature end"


def with_rows(
    met: Note, payload: bytes, walked: Walked, *, kind: str, scale: Scale, height: int, work: Work
) -> Note:
    """Say in a finding of damage which rows it spoils, to the last; as it was where that cannot be told.

    It costs the pixels of so many decodes; where they are not left, nothing is told.
    """
    frame = next((one for one in walked.segments if one.marker in _FRAMES), None)
    scan = next((one for one in walked.segments if one.marker == SOS), None)
    if frame is None or frame.marker not in _SEQUENTIAL or scan is None:
        return met
    width = int.from_bytes(payload[frame.body + 3 : frame.body + 5])
    if not work.has((_STEPS + 1) * width * height):
        return met
    work.pixels((_STEPS + 1) * width * height)
    hole = payload.find(bytes(_HOLE_BYTES), scan.end)
    until = hole if hole >= 0 else _broken_at(payload, scan.end, kind, scale)
    pixels = salvaged(payload[:until], kind, scale)
    first = None if pixels is None else _first_flat(pixels, height)
    return (
        met if first is None else Note(met.code, {**met.params, "first_row": first, "last_row": height - 1})
    )


def _broken_at(payload: bytes, start: int, kind: str, scale: Scale) -> int:
    """Return up to which byte the decoder has nothing to say but that the file ends, to a hundredth of the file."""
    sound, broken = start, len(payload)
    for _ in range(_STEPS):
        middle = (sound + broken) // 2
        if _ENDED in complaint_of(payload[:middle], kind, scale):
            sound = middle
        else:
            broken = middle
    return broken


def _first_flat(pixels: Pixels, height: int) -> int | None:
    """Return the row, of the picture as stored, below which every row is of one colour."""
    spread = (pixels.max(axis=1).astype(np.int16) - pixels.min(axis=1)).max(axis=1)
    seen = np.flatnonzero(spread > _FLAT)
    last = int(seen[-1]) if len(seen) else 0
    return None if last == len(pixels) - 1 else max(0, last * height // len(pixels) - _UNIT_ROWS)
