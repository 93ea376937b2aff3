"""Sound that is one frame after the other: the walk from header to header, and what lies between frames.

Decoders look for the next header and say nothing of what they passed over, so the walk is our own.
"""

from collections.abc import Callable
from typing import NamedTuple

from workers.media.source import Source
from workers.media.work import Work

_NEAR, _BLOCK = 4096, 256 * 1024
"""Bytes that are read at a place at first, and at most while the places follow each other."""

_LONGEST_HEADER = 16
_IN_A_ROW = 3
"""Frames that must follow each other before a place counts as one where sound goes on: sync bits alone are chance."""


class Frame(NamedTuple):
    """One header: length in bytes with its header, samples per channel, and what all frames of a stream share.

    `is_pause`: the frame stands for time in which nothing was sent.
    """

    size_bytes: int
    samples: int
    rate: int
    kind: int
    is_pause: bool = False


class Gap(NamedTuple):
    """Bytes that are no frame, and the samples that came before them."""

    start: int
    size_bytes: int
    samples: int


class Walked(NamedTuple):
    """What a walk met: frames and their samples, gaps, and the bytes that the last frame lacks."""

    frames: int
    samples: int
    rate: int
    gaps: tuple[Gap, ...]
    missing_bytes: int


class View:
    """Bytes of a file by their place, read in blocks."""

    def __init__(self, source: Source) -> None:
        self.size_bytes = source.size_bytes
        self._reader = source.raw()
        self._start = self._ahead = 0
        self._block = b""

    def at(self, start: int, length: int) -> bytes:
        """Return up to `length` bytes from `start` on."""
        if not self._start <= start <= start + length <= self._start + len(self._block):
            is_next = self._start <= start <= self._start + len(self._block)
            self._ahead = min(_BLOCK, 4 * self._ahead) if is_next and self._ahead else _NEAR
            self._reader.seek(start)
            self._start, self._block = start, self._reader.read(max(self._ahead, length))
        return self._block[start - self._start : start - self._start + length]


Header = Callable[[bytes], Frame | None]
"""Reads the first bytes of a frame; nothing where they are none."""


def walk(source: Source, start: int, end: int, header: Header, work: Work) -> Walked:
    """Step from frame to frame between two places of a file; what does not fit is a gap until frames go on in a row."""
    view, at, frames, samples, rate = View(source), start, 0, 0, 0
    gaps: list[Gap] = []
    kind: int | None = None

    def fits(place: int, head: bytes) -> bool:
        frame = header(head)
        return frame is not None and kind in {None, frame.kind} and _goes_on(view, place, end, header)

    while at < end:
        work.pieces()
        frame = header(view.at(at, _LONGEST_HEADER))
        if (
            frame is None
            or kind not in {None, frame.kind}
            or (kind is None and not _goes_on(view, at, end, header))
        ):
            following = _next(view, at + 1, end, fits, work)
            gaps.append(Gap(at, following - at, samples))
            at = following
            continue
        if at + frame.size_bytes > end:
            return Walked(frames, samples, rate, tuple(gaps), at + frame.size_bytes - end)
        at += frame.size_bytes
        frames, samples, kind, rate = frames + 1, samples + frame.samples, frame.kind, frame.rate
    return Walked(frames, samples, rate, tuple(gaps), 0)


def _next(view: View, at: int, end: int, fits: Callable[[int, bytes], bool], work: Work) -> int:
    """Return where frames go on, or the end; a gap is short, so that little is looked at first."""
    ahead = _NEAR
    while at < end:
        block = view.at(at, min(ahead + _LONGEST_HEADER, end - at))
        places = min(ahead, len(block))
        for place in range(places):
            if fits(at + place, block[place : place + _LONGEST_HEADER]):
                work.pieces(place // 16 + 1)
                return at + place
        work.pieces(places // 16 + 1)
        at, ahead = at + places, min(_BLOCK, 4 * ahead)
    return end


def _goes_on(view: View, at: int, end: int, header: Header) -> bool:
    """Frames of one kind follow each other from here, or reach the end."""
    kind = None
    for _ in range(_IN_A_ROW):
        if at >= end:
            return True
        frame = header(view.at(at, _LONGEST_HEADER))
        if frame is None or kind not in {None, frame.kind}:
            return False
        at, kind = at + frame.size_bytes, frame.kind
    return True
