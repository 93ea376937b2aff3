"""MPEG programme streams (ISO/IEC 13818-1, 2.5; 11172-1): what GB/T 28181 platforms and DVD recorders write.

Packs and packets say how long they are, so a lost step shows; filler of zeros between them is sound.
"""

from schemas.checks.containers import CONTINUITY
from schemas.checks.structure import CONTAINER, CONTAINER_END
from schemas.examined import Measure, PartKind
from workers.media.container import Note
from workers.media.sound.sound_frames import View
from workers.media.source import Source
from workers.media.structure.sectors import is_cut
from workers.media.structure.walked import Structure, big, fault, row
from workers.media.work import Work

_PACK, _END, _MAP = 0xBA, 0xB9, 0xBC
_FIRST_SOUND, _FIRST_VIDEO, _LAST_VIDEO, _LOWEST = 0xC0, 0xE0, 0xEF, 0xBB
_PREFIX, _START = b"\x00\x00\x01", b"\x00\x00\x01\xba"
_NEAR, _BLOCK = 4096, 1024 * 1024
"""Bytes that are looked through for the next pack at first, and at most."""

_A_PIECE = 65_536
_IN_A_PACKET = 16
"""Zeros so long at the end of the last packet, from the edge of a sector on, are none of its own."""

_PACK_HEAD = 10
"""Bytes of a pack with its clock."""

_CLOCK, _WRAP = 90_000, 1 << 33


def is_program(head: bytes) -> bool:
    """Say whether a file with these first bytes is a programme stream; it may be cut in before its first pack."""
    if head[:3] != _PREFIX or len(head) < 14 or head[3] < _END:  # noqa: PLR2004 - a pack has 14 bytes
        return False
    if head[3] >= _FIRST_SOUND and head[6] >> 6 == 2:  # noqa: PLR2004 - the mark of a packet, 2.4.3.6
        return True
    at = head.find(_START)
    return 0 <= at < len(head) - 4 and (head[at + 4] >> 6 == 1 or head[at + 4] >> 4 == 2)  # noqa: PLR2004


def read_program(source: Source, work: Work) -> Structure:
    """Go through all packs and packets of the file."""
    walk = _Walk(source, work)
    walk.run()
    size, end = source.size_bytes, walk.end
    return Structure(
        continuity_met=tuple(walk.faults()),
        end=end,
        size_bytes=size,
        examined=(
            row(PartKind.CONTAINER, Measure.BYTES, CONTAINER, end, end),
            row(PartKind.CONTAINER, Measure.PACKETS, CONTINUITY, walk.packets, walk.packets),
            row(PartKind.ENDING, Measure.BYTES, CONTAINER_END, size - end, size - end),
        ),
    )


class _Walk:
    """One pass over a file."""

    def __init__(self, source: Source, work: Work) -> None:
        self._source, self._work = source, work
        self._reader, self._size = source.open(), source.size_bytes
        self.packets = self.end = 0
        self._losses = self._lost_bytes = 0
        self._clock = 0.0
        self._clock_first = -1
        self._at_loss = 0
        self._is_cut = False

    def run(self) -> None:
        """Step from header to header; where none is, look for the next pack."""
        at = 0
        while at < self._size:
            self._work.pieces()
            self._reader.seek(at)
            head = self._reader.read(32)
            length = self._length(head, at)
            if length is None:
                found = self._next(at)
                if found is None:
                    self._rest(at)
                    return
                at = found
                continue
            self.packets += 1
            at += length
            self._is_cut = at > self._size
            self.end = min(at, self._size)

    def _length(self, head: bytes, at: int) -> int | None:
        """Bytes of what begins with this header, None where nothing does."""
        if head[:3] != _PREFIX or len(head) < 4:  # noqa: PLR2004 - a start code has four bytes
            return None
        kind = head[3]
        if kind == _PACK:
            return self._pack(head)
        if kind == _END:
            return 4
        if kind < _LOWEST:
            return None
        length = big(head, 4, 2)
        if length or not _FIRST_VIDEO <= kind <= _LAST_VIDEO:
            return 6 + length
        return (self._find(at + 6) or self._size) - at

    def _pack(self, head: bytes) -> int | None:
        if len(head) < _PACK_HEAD:
            return 14  # the file ends in it, and is cut
        if head[4] >> 6 == 1:
            raw = big(head, 4, 6)
            base = (raw >> 43 & 7) << 30 | (raw >> 27 & 0x7FFF) << 15 | raw >> 11 & 0x7FFF
            length = 14 + (head[13] & 7 if len(head) > 13 else 0)  # noqa: PLR2004 - 2.5.3.3
        elif head[4] >> 4 == 2:  # noqa: PLR2004 - 11172-1, 2.4.3.2
            raw = big(head, 4, 5)
            base, length = (raw >> 33 & 7) << 30 | (raw >> 17 & 0x7FFF) << 15 | raw >> 1 & 0x7FFF, 12
        else:
            return None
        self._clock_first = base if self._clock_first < 0 else self._clock_first
        self._clock = ((base - self._clock_first) % _WRAP) / _CLOCK
        return length

    def _next(self, at: int) -> int | None:
        """Where reading goes on after a lost step; zeros before it are filler."""
        found = self._find(at)
        if found is None:
            return None
        if not self._is_filler(at, found):
            self._at_loss = self._at_loss if self._losses else int(self._clock)
            self._losses += 1
            self._lost_bytes += found - at
        return found

    def _find(self, at: int) -> int | None:
        ahead = _NEAR
        while at < self._size:
            self._work.pieces(1 + ahead // _A_PIECE)
            self._reader.seek(at)
            block = self._reader.read(ahead)
            found = block.find(_START)
            if found >= 0:
                return at + found
            at, ahead = at + max(1, len(block) - len(_START) + 1), min(_BLOCK, 4 * ahead)
        return None

    def _is_filler(self, at: int, stop: int) -> bool:
        self._reader.seek(at)
        return stop - at < _BLOCK and not self._reader.read(stop - at).strip(b"\x00\xff")

    def _rest(self, at: int) -> None:
        """Behind the last packet: filler is the end's business, anything else a lost step."""
        view = View(self._source)
        self._is_cut = self._is_cut or is_cut(view, max(0, at - _BLOCK), at, _IN_A_PACKET)
        if at < self._size and not self._is_filler(at, min(self._size, at + _BLOCK - 1)):
            self._at_loss = self._at_loss if self._losses else int(self._clock)
            self._losses, self._lost_bytes = self._losses + 1, self._lost_bytes + self._size - at
            self.end = self._size

    def faults(self) -> list[Note]:
        """Return what was met."""
        met = []
        if self._losses:
            lost = fault(
                "stream-sync-lost", count=self._losses, lost_bytes=self._lost_bytes, at_seconds=self._at_loss
            )
            met.append(lost)
        return [*met, fault("stream-cut-off")] if self._is_cut else met
