"""MPEG transport streams (ISO/IEC 13818-1, 2.4.3): step, counters, error marks, tables, clock.

Packets have 188 bytes, 192 with a time stamp before each (M2TS of camcorders), 204 with parity behind. Whatever was cut
out of a running stream begins anywhere, and a packet may be sent twice.
"""

from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemas.checks.containers import CONTINUITY
from schemas.checks.structure import CONTAINER, CONTAINER_END
from schemas.examined import Measure, PartKind
from workers.media.container import Note, note
from workers.media.sound.sound_frames import View
from workers.media.source import Gaps, Source
from workers.media.step import IN_STEP, SYNC, Step, step_of
from workers.media.structure.sectors import is_cut
from workers.media.structure.walked import Structure, big, fault, row
from workers.media.work import Work

_NEAR, _AT_ONCE = 64, 4096
"""Packets that are read at once where the step was just found, and at most."""

_A_LOSS, _A_KIND = 32, 8
"""Steps of a walk that looking for the step again costs, and a further kind of packets among those read at once."""

_IN_A_PACKET, _LOOK_BACK = 16, 65_536
"""Zeros so long at the end of the last packet, from the edge of a sector on, are none of its own."""

_NULL, _PACKET = 0x1FFF, 188
_CLOCK, _WRAP = 90_000, 1 << 33
_A_PIECE = 16
_MAX_TABLES = 4096

Rows = NDArray[np.uint8]


def read_transport(source: Source, work: Work) -> Structure:
    """Go through all packets of the file."""
    step = step_of(source.head(4096))
    if step is None:
        return Structure(notes=(note("media-damaged", reason="no packets in step"),))
    walk = _Walk(source.raw(), source.size_bytes, step, work)
    walk.run()
    end = walk.end
    if is_cut(View(source), max(0, end - _LOOK_BACK), end, _IN_A_PACKET):
        walk.is_cut = True
    return Structure(
        continuity_met=tuple(walk.faults()),
        has_pauses=walk.has_pauses,
        twice=Gaps(tuple(sorted(walk.twice)), step.distance) if walk.twice else None,
        end=end,
        size_bytes=source.size_bytes,
        examined=(
            row(PartKind.CONTAINER, Measure.BYTES, CONTAINER, end, end),
            row(PartKind.CONTAINER, Measure.PACKETS, CONTINUITY, walk.packets, walk.packets),
            row(PartKind.ENDING, Measure.BYTES, CONTAINER_END, *[source.size_bytes - end] * 2),
        ),
    )


class _Last(NamedTuple):
    """The last packet of one kind: its counter, whether it was there twice already, and its bytes."""

    counter: int
    is_double: bool
    packet: bytes


class _Walk:
    """One pass; memory holds one block of packets and one number for each kind."""

    def __init__(self, reader: BinaryIO, size: int, step: Step, work: Work) -> None:
        self._reader, self._size, self._step, self._work = reader, size, step, work
        self._last: dict[int, _Last] = {}
        self._tables: dict[bytes, bool] = {}
        self._clock_kind = self._clock_first = -1
        self._clock = 0.0
        self.packets = self.end = 0
        self._lost_bytes = self._losses = self._holes = self._faulty = 0
        self._first: dict[str, int] = {}
        self.twice: list[int] = []
        self._is_listed = self.is_cut = self.has_pauses = False

    def run(self) -> None:
        """Read block by block; where the step is lost, look for it again."""
        at = self.end = self._step.start
        distance, ahead = self._step.distance, _AT_ONCE
        while at + _PACKET + self._step.lead <= self._size:
            self._reader.seek(at)
            block = self._reader.read(distance * ahead)
            ahead = min(_AT_ONCE, 4 * ahead)
            block += (
                bytes(-len(block) % distance) if len(block) % distance >= _PACKET + self._step.lead else b""
            )
            rows = np.frombuffer(block, np.uint8, count=len(block) // distance * distance).reshape(
                -1, distance
            )
            rows = rows[:, self._step.lead : self._step.lead + _PACKET]
            wrong = np.flatnonzero(rows[:, 0] != SYNC)
            good = int(wrong[0]) if len(wrong) else len(rows)
            self._work.pieces(1 + good // _A_PIECE)
            self._packets(rows[:good], at)
            at += good * distance
            self.end = min(at, self._size)
            if len(wrong):
                self._work.pieces(_A_LOSS)
                found, ahead = self._again(at + 1), _NEAR
                if found is None:
                    break
                self._losses += 1
                self._lost_bytes += found - at
                self._met("sync")
                self._last.clear()
                at = found
        self._rest()

    def _rest(self) -> None:
        """What is behind the last packet: filler, a part of a packet, or something else."""
        left = self._size - self.end
        self._reader.seek(self.end)
        rest = self._reader.read(min(left, 65_536))
        if not left or not rest.strip(b"\x00") or not rest.strip(b"\xff"):
            return
        if left < self._step.distance and rest[self._step.lead : self._step.lead + 1] in {b"", b"\x47"}:
            self.is_cut = True
            self.end = self._size
        elif left >= self._step.distance:
            self._losses, self._lost_bytes = self._losses + 1, self._lost_bytes + left
            self._met("sync")
            self.end = self._size

    def _again(self, at: int) -> int | None:
        """The next place where packets are in step, None where there is none."""
        distance, lead = self._step.distance, self._step.lead
        span, ahead = distance * (IN_STEP - 1), _NEAR
        while at + distance <= self._size:
            self._work.pieces(1 + ahead // _A_PIECE)
            self._reader.seek(at)
            block = self._reader.read(distance * ahead + span)
            is_sync = np.frombuffer(block, np.uint8) == SYNC
            length = max(0, len(block) - span)
            fits = np.ones(length, np.bool_)
            for one in range(IN_STEP):
                fits &= is_sync[one * distance : one * distance + length]
            places = np.flatnonzero(fits[lead:])
            if len(places):
                return at + int(places[0])
            if len(block) < distance * ahead + span:
                return None
            at, ahead = at + distance * ahead, min(_AT_ONCE, 4 * ahead)
        return None

    def _packets(self, rows: Rows, at: int) -> None:
        """Take packets that follow each other from a place in the file on."""
        self.packets += len(rows)
        head = rows[:, 1:4].astype(np.int64)
        kinds = (head[:, 0] & 0x1F) << 8 | head[:, 1]
        marked = np.flatnonzero((head[:, 0] & 0x80) > 0)
        if len(marked):
            self._faulty += len(marked)
            self._met("faulty")
        self._read_clock(rows, kinds)
        present = np.unique(kinds)
        self._work.pieces(_A_KIND * len(present))
        for kind in present:
            if kind != _NULL:
                own = np.flatnonzero(kinds == kind)
                self._count(int(kind), rows[own], at + own * self._step.distance)
        self._read_tables(rows[(kinds == 0) & ((head[:, 0] & 0x40) > 0)])

    def _count(self, kind: int, rows: Rows, places: NDArray[np.int64]) -> None:
        """Counters grow by one with each packet that has a payload, or repeat with a packet sent twice (2.4.3.3).

        `places` is where each packet begins in the file.
        """
        has_payload = (rows[:, 3] & 0x10) > 0
        is_marked = ((rows[:, 3] & 0x20) > 0) & (rows[:, 4] > 0) & ((rows[:, 5] & 0x80) > 0)
        self.has_pauses = self.has_pauses or bool(is_marked.any())
        counters = (rows[:, 3] & 0x0F).astype(np.int64)
        last = self._last.get(kind)
        before = np.concatenate([[last.counter if last else counters[0] - has_payload[0]], counters[:-1]])
        by = (counters - before) & 0x0F
        odd = np.flatnonzero((by != has_payload) & ~is_marked)
        doubled = {place for place in odd.tolist() if by[place] == 0 and has_payload[place]}
        holes = len(odd) - len(doubled)
        for place in sorted(doubled):
            earlier = rows[place - 1].tobytes() if place else last.packet if last else b""
            is_twice = place - 1 in doubled or (place == 0 and last is not None and last.is_double)
            if is_twice or not _is_same(earlier, rows[place].tobytes()):
                holes += 1
            else:
                self.twice.append(int(places[place]))
        if holes:
            self._holes += holes
            self._met("hole")
        self._last[kind] = _Last(int(counters[-1]), len(rows) - 1 in doubled, rows[-1].tobytes())

    def _read_clock(self, rows: Rows, kinds: NDArray[np.int64]) -> None:
        has_clock = ((rows[:, 3] & 0x20) > 0) & (rows[:, 4] >= 7) & ((rows[:, 5] & 0x10) > 0)  # noqa: PLR2004
        if not has_clock.any():
            return
        if self._clock_kind < 0:
            self._clock_kind = int(kinds[has_clock][0])
        own = rows[has_clock & (kinds == self._clock_kind)]
        for raw in own[[0, -1]] if len(own) else ():
            base = big(raw[6:11].tobytes(), 0, 5) >> 7
            self._clock_first = base if self._clock_first < 0 else self._clock_first
            self._clock = ((base - self._clock_first) % _WRAP) / _CLOCK

    def _read_tables(self, rows: Rows) -> None:
        """Programme tables carry a checksum of their own (2.4.4); each is checked once, however often it is sent."""
        for raw in rows:
            packet = raw.tobytes()
            at = 4 + (1 + packet[4] if packet[3] & 0x20 else 0)
            at += 1 + packet[at] if at < _PACKET else _PACKET
            length = big(packet, at + 1, 2) & 0x0FFF if at + 3 < _PACKET else 0
            section = packet[at : at + 3 + length]
            if at + 3 + length > _PACKET or not length or section[0] != 0:
                continue
            self._is_listed = True
            if section not in self._tables and len(self._tables) < _MAX_TABLES:
                self._tables[section] = crc(section) == 0
            if not self._tables.get(section, True):
                self._faulty += 1
                self._met("faulty")

    def _met(self, what: str) -> None:
        self._first.setdefault(what, int(self._clock))

    def faults(self) -> list[Note]:
        """Return what was met."""
        met = []
        if self._losses:
            lost = fault(
                "stream-sync-lost",
                count=self._losses,
                lost_bytes=self._lost_bytes,
                at_seconds=self._first["sync"],
            )
            met.append(lost)
        if self._holes:
            met.append(fault("stream-packets-missing", count=self._holes, at_seconds=self._first["hole"]))
        if self._faulty:
            met.append(fault("stream-packets-faulty", count=self._faulty, at_seconds=self._first["faulty"]))
        if self.is_cut:
            met.append(fault("stream-cut-off"))
        if not self._is_listed:
            met.append(fault("stream-without-tables"))
        if self._step.start:
            met.append(fault("stream-cut-in", count=self._step.start))
        return met


def _is_same(one: bytes, other: bytes) -> bool:
    """A packet sent twice is the same, but for its clock reference (2.4.3.3)."""
    clock = slice(6, 12) if one[3:4] and one[3] & 0x20 and one[4] >= 7 and one[5] & 0x10 else slice(0, 0)  # noqa: PLR2004
    return one[: clock.start] + one[clock.stop :] == other[: clock.start] + other[clock.stop :]


def crc(section: bytes) -> int:
    """CRC-32 of a section with its checksum (13818-1, Annex A): 0 when it is sound."""
    register = 0xFFFF_FFFF
    for byte in section:
        register = (register << 8 & 0xFFFF_FFFF) ^ _TABLE[register >> 24 ^ byte]
    return register


def _table() -> tuple[int, ...]:
    made = []
    for byte in range(256):
        register = byte << 24
        for _ in range(8):
            register = (register << 1 ^ (0x04C11DB7 if register >> 31 else 0)) & 0xFFFF_FFFF
        made.append(register)
    return tuple(made)


_TABLE = _table()
