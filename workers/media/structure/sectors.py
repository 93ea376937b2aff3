"""Sectors that were never written, in samples that are kept bare: there any value is one, zero as well.

Only its place gives such a hole away. What is black or silent begins and ends at any byte; storage begins and ends at
the edges of its sectors, and nothing that is seen or heard keeps to both of them.
"""

import re

from workers.media.sound.sound_frames import View

SECTOR_BYTES = 512
_HOLE = re.compile(rb"(?<!\x00)\x00{1024,}")
_MOST = 64
"""More runs than this at such places are a pattern that somebody drew."""

_BLOCK = 65_536
_TAIL_BYTES = 4096


def unwritten(data: bytes, at: int, row_bytes: int) -> int | None:
    """Return the place of the first hole in the rows of a picture, which begin at `at` in the file.

    A hole begins at the edge of a sector and in the middle of a row; it ends at another edge, or not before the rows do.
    """
    found = [
        at + run.start() for run in _HOLE.finditer(data) if _is_hole(run.span(), at, len(data), row_bytes)
    ]
    return found[0] if 0 < len(found) <= _MOST else None


def _is_hole(run: tuple[int, int], at: int, size: int, row_bytes: int) -> bool:
    start, end = run
    if (at + start) % SECTOR_BYTES or start % max(1, row_bytes) == 0:
        return False
    return end == size or ((at + end) % SECTOR_BYTES == 0 and end % max(1, row_bytes) != 0)


def zeros_before(view: View, floor: int, end: int) -> int:
    """Return where the zeros begin that stand right before `end`; `end` where none do."""
    at = end
    while at > floor:
        start = max(floor, at - _BLOCK)
        rest = view.at(start, at - start).rstrip(b"\x00")
        if rest:
            return start + len(rest)
        at = start
    return floor


def is_cut(view: View, floor: int, end: int, least: int = _TAIL_BYTES) -> bool:
    """Say that the last bytes up to `end`, at least so many, were reserved and never written."""
    start = zeros_before(view, floor, end)
    return floor < start <= end - least and start % SECTOR_BYTES == 0
