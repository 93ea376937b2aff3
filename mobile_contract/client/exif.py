"""When and where a JPEG says it was taken: the few Exif tags a manifest needs, read from the first bytes.

Exif 2.32 (JEITA CP-3451E): APP1 holds a TIFF whose first directory points to the Exif and the GPS directory. Only
a time that carries its offset from UTC is a time; without one the reader says nothing rather than guess a zone.
Anything malformed ends the reading: the device never fails on a picture, it then knows less.
"""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

_EXIF_DIRECTORY, _GPS_DIRECTORY = 0x8769, 0x8825
_DATE_TIME_ORIGINAL, _OFFSET_TIME_ORIGINAL = 0x9003, 0x9011
_LAT_REF, _LAT, _LON_REF, _LON = 1, 2, 3, 4
_WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8}
_RATIONALS = (5, 10)
_MAX_ENTRIES = 512
_E7 = 10_000_000
_SOS = 0xDA


class Taken(NamedTuple):
    """What the picture says: the time in UTC and the position in 1e-7 degrees, each None when it does not.

    `unread` is the text of a time that stands there and is none, for the most part without its offset from UTC.
    """

    at: datetime | None
    lat_e7: int | None
    lon_e7: int | None
    unread: str = ""


def taken(head: bytes) -> Taken:
    """Read the beginning of a JPEG; 64 KiB are enough for any APP1 segment."""
    tiff = _tiff(head)
    if tiff is None:
        return Taken(None, None, None)
    try:
        top = tiff.directory(tiff.first)
        exif = tiff.directory(_number(top.get(_EXIF_DIRECTORY)))
        gps = tiff.directory(_number(top.get(_GPS_DIRECTORY)))
        at = _time(exif.get(_DATE_TIME_ORIGINAL), exif.get(_OFFSET_TIME_ORIGINAL))
        unread = "" if at else _text(exif.get(_DATE_TIME_ORIGINAL))[:40]
    except (struct.error, ValueError, ArithmeticError, TypeError, IndexError):
        return Taken(None, None, None)
    place = _place(gps)
    return Taken(at, *place, unread) if place else Taken(at, None, None, unread)


def _place(gps: dict[int, tuple[int, bytes]]) -> tuple[int, int] | None:
    """Return the position; a receiver without a fix writes 0/0, and that takes nothing from the time."""
    try:
        lat, lon = _degrees(gps.get(_LAT), gps.get(_LAT_REF)), _degrees(gps.get(_LON), gps.get(_LON_REF))
    except (struct.error, ArithmeticError):
        return None
    return (lat, lon) if lat is not None and lon is not None else None


class _Tiff(NamedTuple):
    payload: bytes
    order: str
    first: int

    def directory(self, start: int) -> dict[int, tuple[int, bytes]]:
        """Return tag → (type, raw value) of the directory at `start`; empty when there is none."""
        if start == 0:
            return {}
        (count,) = struct.unpack_from(f"{self.order}H", self.payload, start)
        entries = {}
        for number in range(min(count, _MAX_ENTRIES)):
            place = start + 2 + 12 * number
            tag, kind, amount = struct.unpack_from(f"{self.order}HHI", self.payload, place)
            size = _WIDTHS.get(kind, 0) * amount
            if size > 4:  # noqa: PLR2004 - longer values stand elsewhere, at an offset
                (place,) = struct.unpack_from(f"{self.order}I", self.payload, place + 8)
            else:
                place += 8
            entries[tag] = (kind, self._ordered(kind, self.payload[place : place + size]))
        return entries

    def _ordered(self, kind: int, raw: bytes) -> bytes:
        """Return numbers in big-endian order, so that readers need not know the file's."""
        width = {3: 2, 4: 4, 5: 4, 9: 4, 10: 4}.get(kind, 1)
        if self.order == ">" or width == 1:
            return raw
        return b"".join(raw[i : i + width][::-1] for i in range(0, len(raw), width))


def _tiff(head: bytes) -> _Tiff | None:
    for marker, segment in _segments(head):
        if marker == 0xE1 and segment.startswith(b"Exif\0\0"):  # noqa: PLR2004 - APP1
            payload = segment[6:]
            order = {b"II*\0": "<", b"MM\0*": ">"}.get(payload[:4])
            if order is None or len(payload) < 8:  # noqa: PLR2004 - the TIFF header
                return None
            return _Tiff(payload, order, struct.unpack_from(f"{order}I", payload, 4)[0])
    return None


def _segments(head: bytes) -> Iterator[tuple[int, bytes]]:
    place = 2
    while place + 4 <= len(head) and head[place] == 0xFF and head[place + 1] != _SOS:  # noqa: PLR2004
        (size,) = struct.unpack_from(">H", head, place + 2)
        yield head[place + 1], head[place + 4 : place + 2 + size]
        place += 2 + size


def _number(entry: tuple[int, bytes] | None) -> int:
    return 0 if entry is None else int.from_bytes(entry[1], "big")


def _text(entry: tuple[int, bytes] | None) -> str:
    return "" if entry is None else entry[1].split(b"\0")[0].decode("ascii", "replace").strip()


def _time(original: tuple[int, bytes] | None, offset: tuple[int, bytes] | None) -> datetime | None:
    if original is None or offset is None:
        return None
    try:
        local = datetime.strptime(f"{_text(original)} {_text(offset)}", "%Y:%m:%d %H:%M:%S %z")
        return local.astimezone(UTC)
    except (ValueError, OverflowError):  # a camera that was never set writes 0000:00:00
        return None


def _degrees(entry: tuple[int, bytes] | None, reference: tuple[int, bytes] | None) -> int | None:
    """Return degrees, minutes and seconds as 1e-7 degrees, south and west negative."""
    if entry is None or entry[0] not in _RATIONALS:
        return None
    parts = struct.unpack(">6I", entry[1])
    degrees = parts[0] / parts[1] + parts[2] / parts[3] / 60 + parts[4] / parts[5] / 3600
    sign = -1 if _text(reference) in ("S", "W") else 1
    value: int = round(degrees * _E7)
    return sign * value
