"""When and where a film says it was taken: the movie box of MP4 and QuickTime, wherever it stands in the file.

ISO/IEC 14496-12 for boxes and `mvhd` (seconds since 1904 in UTC); Apple's QuickTime metadata for the place
(`©xyz`, `com.apple.quicktime.location.ISO6709`) and for a time with its zone (`…creationdate`), which is preferred.
Anything malformed ends the reading: the device never fails on a film, it then knows less.
"""

import os
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, NamedTuple

from mobile_contract.client.place import Fix, parse_iso_6709

_EPOCH = datetime(1904, 1, 1, tzinfo=UTC)
_MOST_BOXES = 4096
_LONGEST_TEXT_BYTES = 1024
_PLACE_KEY, _DATE_KEY = "com.apple.quicktime.location.ISO6709", "com.apple.quicktime.creationdate"


class Film(NamedTuple):
    """Time in UTC and position; `unread` are texts that stood there and could not be used."""

    at: datetime | None = None
    fix: Fix | None = None
    unread: tuple[str, ...] = ()


class _Box(NamedTuple):
    kind: bytes
    start: int
    end: int


def read_film(stream: BinaryIO) -> Film:
    """Read the movie box of an open, seekable file.

    Raises:
        OSError: the file cannot be read.
    """
    size_bytes = stream.seek(0, os.SEEK_END)
    reader = _Reader(stream)
    try:
        for box in reader.boxes(0, size_bytes):
            if box.kind == b"moov":
                reader.movie(box)
                break
    except (struct.error, ValueError, OverflowError):
        pass
    return Film(reader.zoned or reader.plain, reader.fix, tuple(reader.unread))


class _Reader:
    """Walks boxes by their sizes and keeps what it understands."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._left = _MOST_BOXES
        self.zoned: datetime | None = None
        self.plain: datetime | None = None
        self.fix: Fix | None = None
        self.unread: list[str] = []

    def boxes(self, start: int, end: int) -> Iterator[_Box]:
        while start + 8 <= end and self._left:
            self._left -= 1
            size, kind = struct.unpack(">I4s", self._read(start, 8))
            body = start + 8
            if size == 1:
                (size,) = struct.unpack(">Q", self._read(body, 8))
                body += 8
            stop = end if size == 0 else start + size
            if not body <= stop <= end:
                return
            yield _Box(kind, body, stop)
            start = stop

    def movie(self, movie: _Box) -> None:
        for box in self.boxes(movie.start, movie.end):
            if box.kind == b"mvhd":
                self._header(box)
            elif box.kind == b"udta":
                for inner in self.boxes(box.start, box.end):
                    if inner.kind == b"\xa9xyz":
                        self._place(self._text(inner.start + 4, inner.end))  # after length and language
            elif box.kind == b"meta":
                self._meta(box)

    def _header(self, box: _Box) -> None:
        head = self._read(box.start, 12)
        (seconds,) = struct.unpack_from(">Q" if head[0] == 1 else ">I", head, 4)
        if seconds:  # 0 is "not set"
            try:
                self.plain = _EPOCH + timedelta(seconds=seconds)
            except OverflowError:
                self.unread.append(f"mvhd {seconds}")

    def _meta(self, box: _Box) -> None:
        is_plain = self._read(box.start, 8)[4:] == b"hdlr"  # QuickTime's has no version in front, ISO's has
        keys: list[str] = []
        for inner in self.boxes(box.start + (0 if is_plain else 4), box.end):
            if inner.kind == b"keys":
                keys = [self._text(key.start, key.end) for key in self.boxes(inner.start + 8, inner.end)]
            elif inner.kind == b"ilst":
                for item in self.boxes(inner.start, inner.end):
                    number = int.from_bytes(item.kind, "big")
                    if 1 <= number <= len(keys):
                        self._item(keys[number - 1], item)

    def _item(self, key: str, item: _Box) -> None:
        for box in self.boxes(item.start, item.end):
            if box.kind != b"data" or key not in (_PLACE_KEY, _DATE_KEY):
                continue
            text = self._text(box.start + 8, box.end)  # after type and locale
            if key == _PLACE_KEY:
                self._place(text)
            else:
                self._date(text)

    def _place(self, text: str) -> None:
        try:
            self.fix = parse_iso_6709(text, source="mp4")
        except ValueError:
            self.unread.append(text[:40])

    def _date(self, text: str) -> None:
        try:
            at = datetime.fromisoformat(text)
            self.zoned = at.astimezone(UTC) if at.tzinfo else None
        except (ValueError, OverflowError):
            self.zoned = None
        if self.zoned is None:
            self.unread.append(text[:40])

    def _text(self, start: int, end: int) -> str:
        return (
            self._read(start, min(max(end - start, 0), _LONGEST_TEXT_BYTES))
            .decode("utf-8", "replace")
            .strip("\0 ")
        )

    def _read(self, start: int, size_bytes: int) -> bytes:
        self._stream.seek(start)
        return self._stream.read(size_bytes)
