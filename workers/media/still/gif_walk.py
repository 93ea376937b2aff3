"""The blocks of a GIF89a, and whether the codes of each frame unpack to exactly its pixels.

GIF has no check sums, and decoders paint over whatever codes they meet. A frame whose codes are all possible and end
with its last pixel is whole: one changed byte shifts every code behind it.
"""

from collections.abc import Iterator
from typing import NamedTuple

from workers.media.container import Note, note
from workers.media.still.layout import Layout, Span
from workers.media.work import Work

_HEADER_BYTES = 13
_EXTENSION, _FRAME, _TRAILER = 0x21, 0x2C, 0x3B
_TEXTS = frozenset({0xFE, 0x01, 0xFF})
_MAX_BITS = 12
_PIECE_CODES = 64


class _Frame(NamedTuple):
    pixels: int
    root_bits: int
    data: bytes


class _Walk:
    """A place in a GIF; whatever is read moves it."""

    def __init__(self, payload: bytes, work: Work) -> None:
        self.payload = payload
        self.work = work
        self.at = _HEADER_BYTES + _table_bytes(payload[10] if len(payload) > 10 else 0)  # noqa: PLR2004
        self.texts: list[Span] = []

    def frames(self) -> Iterator[_Frame]:
        """Read block by block until the trailer, another byte, or the end of the file."""
        while self.at < len(self.payload):
            self.work.pieces()
            kind = self.payload[self.at]
            if kind == _EXTENSION:
                self._extension()
            elif kind == _FRAME:
                yield self._frame()
            else:
                return

    def _extension(self) -> None:
        label = self.payload[self.at + 1] if self.at + 1 < len(self.payload) else 0
        start, self.at = self.at + 2, self.at + 2
        self._blocks()
        if label in _TEXTS:
            self.texts.append(Span(start, self.at))

    def _frame(self) -> _Frame:
        head = self.payload[self.at + 1 : self.at + 11]
        width, height = int.from_bytes(head[4:6], "little"), int.from_bytes(head[6:8], "little")
        self.at += 10 + _table_bytes(head[8] if len(head) > 8 else 0)  # noqa: PLR2004 - flags of the frame
        root_bits = self.payload[self.at] if self.at < len(self.payload) else 0
        self.at += 1
        return _Frame(width * height, root_bits, self._blocks())

    def _blocks(self) -> bytes:
        parts = []
        while self.at < len(self.payload) and (size := self.payload[self.at]):
            self.work.pieces()
            parts.append(self.payload[self.at + 1 : self.at + 1 + size])
            self.at += 1 + size
        self.at += 1
        return b"".join(parts)


def walk_gif(payload: bytes, work: Work) -> Layout:
    """Step over all blocks and unpack the codes of every frame."""
    walk = _Walk(payload, work)
    fault = None
    for frame in walk.frames():
        fault = fault or _unpacked(frame, work)
    if walk.at >= len(payload):
        return Layout(met=note("media-truncated", missing_bytes=walk.at + 1 - len(payload)))
    if payload[walk.at] != _TRAILER:
        return Layout(met=note("image-damaged", reason=f"no block at byte {walk.at}"))
    return Layout(walk.at + 1, fault, tuple(walk.texts))


def _table_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _unpacked(frame: _Frame, work: Work) -> Note | None:
    """Count the pixels that the codes stand for (GIF89a, appendix F), without making one."""
    if not 1 <= frame.root_bits < _MAX_BITS:
        return note("image-damaged", reason="a code size that cannot be")
    held, ended = _count(frame, work)
    if held is None:
        return note("image-damaged", reason="a code that cannot be")
    if held == frame.pixels and ended:
        return None
    return note("image-damaged", reason=f"{held} pixels instead of {frame.pixels}")


def _count(frame: _Frame, work: Work) -> tuple[int | None, bool]:
    """Return how many pixels the codes hold, None where one is impossible, and whether they end."""
    clear = 1 << frame.root_bits
    roots, stop = [1] * clear + [0, 0], clear + 1
    lengths, bits, before = roots.copy(), frame.root_bits + 1, 0
    held = gathered = width = 0
    for number, byte in enumerate(frame.data):
        if number % _PIECE_CODES == 0:
            work.pieces()
        gathered |= byte << width
        width += 8
        while width >= bits:
            code = gathered & (1 << bits) - 1
            gathered, width = gathered >> bits, width - bits
            if code == clear:
                work.pieces()
                lengths, bits, before = roots.copy(), frame.root_bits + 1, 0
                continue
            if code == stop:
                return held, True
            if code > len(lengths) or (code == len(lengths) and not before):
                return None, False
            if before and len(lengths) < 1 << _MAX_BITS:
                lengths.append(before + 1)
            if code >= len(lengths):
                return None, False
            before = lengths[code]
            held += before
            if len(lengths) == 1 << bits and bits < _MAX_BITS:
                bits += 1
    return held, held == frame.pixels
