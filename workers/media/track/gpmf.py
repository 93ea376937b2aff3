"""GPMF, the telemetry of action cameras: the places in it, packet by packet (GoPro's format of keys, lengths and values).

A packet of the stream `gpmd` holds about a second of everything a camera measured. Of its places only the first has a
time: the packet says when it began and not when each of them was taken.
"""

import re
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from schemas.media import Track
from workers.media.track.fixes import NO_TIME, Fixes, micros
from workers.media.work import Work

_HEADER = struct.Struct(">4sBBH")
_DEPTH = 8
_FORMATS = {ord("l"): "i", ord("L"): "I", ord("s"): "h", ord("S"): "H", ord("b"): "b", ord("B"): "B"}
_TIME = re.compile(rb"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.(\d{3})")
_OLD = struct.Struct(">5i")
"""`GPS5`: latitude, longitude, height and two speeds."""
_NEW = struct.Struct(">7i2H")
"""`GPS9`: the same, days since 2000, seconds of the day, dilution of precision, fix."""
_MOST_NUMBERS = 64
"""A key has a scale for each of its values, which are fewer."""
_CENTURY_DAYS, _DAY_SECONDS = 36_525, 86_401
_YEAR_2000 = datetime(2000, 1, 1, tzinfo=UTC)


class Klv(NamedTuple):
    """One key with its values, or, of kind 0, with others within it."""

    key: bytes
    kind: int
    size: int
    payload: bytes


class BrokenKlvError(Exception):
    """A length leads out of the packet, or keys are nested deeper than any camera does."""


class GpmfReader:
    """Takes the packets of one stream; `broken` of them were not whole, `voids` held places without a fix."""

    def __init__(self, work: Work) -> None:
        self.fixes = Fixes(work)
        self.packets = self.broken = self.voids = 0
        self._work = work
        self.fixes.begin()

    def packet(self, payload: bytes) -> None:
        """Take the next packet; what was whole of a broken one stays."""
        self.packets += 1
        try:
            self._within(payload, 0)
        except BrokenKlvError:
            self.broken += 1

    def track(self) -> Track | None:
        """Return what the packets say about the way; None where they hold no place. Nothing is taken afterwards."""
        self.fixes.finish()
        return self.fixes.track() if self.fixes.points else None

    def _within(self, payload: bytes, depth: int) -> None:
        if depth > _DEPTH:
            raise BrokenKlvError
        said: dict[bytes, Klv] = {}
        for one in klvs(payload):
            self._work.pieces()
            said[one.key] = one
            if one.kind == 0:
                self._within(one.payload, depth + 1)
            elif one.key == b"GPS5":
                self._old(one, said)
            elif one.key == b"GPS9":
                self._new(one, said)

    def _old(self, one: Klv, said: dict[bytes, Klv]) -> None:
        scale = _numbers(said.get(b"SCAL"))
        fix = _numbers(said.get(b"GPSF"))
        if one.size != _OLD.size or len(scale) < _OLD.size // 4:
            raise BrokenKlvError
        if fix and fix[0] == 0:
            self.voids += 1
            return
        at = _time(said.get(b"GPSU"))
        for row in _OLD.iter_unpack(one.payload):
            self._add(row[0], row[1], scale, at)
            at = NO_TIME

    def _new(self, one: Klv, said: dict[bytes, Klv]) -> None:
        scale = _numbers(said.get(b"SCAL"))
        if one.size != _NEW.size or len(scale) < 7 or not all(scale[:7]):  # noqa: PLR2004 - as many as are read
            raise BrokenKlvError
        for row in _NEW.iter_unpack(one.payload):
            if row[8] == 0:
                self.voids += 1
                continue
            self._add(row[0], row[1], scale, _moment(row[5] / scale[5], row[6] / scale[6]))

    def _add(self, lat: int, lon: int, scale: tuple[int, ...], at: int) -> None:
        if not (scale[0] and scale[1]):
            raise BrokenKlvError
        self.fixes.add(round(lat * 1e7 / scale[0]), round(lon * 1e7 / scale[1]), at)


def klvs(payload: bytes) -> Iterator[Klv]:
    """Yield keys with their values, each padded to four bytes.

    Raises:
        BrokenKlvError: a length leads out of the bytes.
    """
    at = 0
    while at < len(payload):
        if at + _HEADER.size > len(payload):
            raise BrokenKlvError
        key, kind, size, count = _HEADER.unpack_from(payload, at)
        if key == bytes(4):
            return
        end = at + _HEADER.size + size * count
        if end > len(payload):
            raise BrokenKlvError
        yield Klv(key, kind, size, payload[at + _HEADER.size : end])
        at = end + -end % 4


def _numbers(one: Klv | None) -> tuple[int, ...]:
    letter = _FORMATS.get(one.kind) if one else None
    if one is None or letter is None:
        return ()
    count = min(len(one.payload) // struct.calcsize(letter), _MOST_NUMBERS)
    return struct.unpack_from(f">{count}{letter}", one.payload)


def _time(one: Klv | None) -> int:
    found = _TIME.match(one.payload) if one else None
    if found is None:
        return NO_TIME
    year, month, day, hour, minute, second, thousandths = (int(part) for part in found.groups())
    try:
        at = datetime(2000 + year, month, day, hour, minute, second, thousandths * 1000, tzinfo=UTC)
    except ValueError:
        return NO_TIME
    return micros(at)


def _moment(days: float, seconds: float) -> int:
    """Return the time so long after the beginning of 2000; none outside the century, where no camera is."""
    is_time = 0 < days < _CENTURY_DAYS and 0 <= seconds < _DAY_SECONDS
    return micros(_YEAR_2000 + timedelta(days=days, seconds=seconds)) if is_time else NO_TIME
