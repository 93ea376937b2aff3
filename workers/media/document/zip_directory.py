"""The directory of a ZIP archive (APPNOTE 6.3.10): what the archive says it holds, and where."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from workers.media.container import Note, note
from workers.media.document.bytes_at import Bytes
from workers.media.work import Work

_END, _END64, _LOCATOR64, _ENTRY = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x01\x02"
_END_BYTES, _END64_BYTES, _LOCATOR_BYTES, _ENTRY_BYTES = 22, 56, 20, 46
_MOST_COMMENT = 0xFFFF
_MAX_16, _MAX_32 = 0xFFFF, 0xFFFF_FFFF
_UTF8_FLAG = 0x800
_ENCRYPTED_FLAG = 0x1
_READ_BYTES = 1 << 20


class Member(NamedTuple):
    """One file as the directory lists it. `packed` and `size` are bytes, `offset` is where its own header stands."""

    number: int
    name: str
    raw_name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int

    @property
    def is_encrypted(self) -> bool:
        """Its bytes are under a password."""
        return bool(self.flags & _ENCRYPTED_FLAG)

    @property
    def is_folder(self) -> bool:
        """It names a folder and holds nothing."""
        return self.name.endswith("/") and not self.size


class End(NamedTuple):
    """The record at the end: where the directory stands, how many entries it has, and where the archive begins and ends."""

    entries: int
    directory: int
    directory_bytes: int
    start: int
    end: int
    floor: int


def find_end(data: Bytes) -> End | Note:
    """Find the record at the end of an archive, and the directory in front of it."""
    at = data.size
    floor = max(0, data.size - _MOST_COMMENT - _END_BYTES - _READ_BYTES)
    while (at := data.rfind(_END, at, floor)) >= 0:
        found = _read_end(data, at)
        if found is not None:
            return found
    return note("zip-no-directory")


def _read_end(data: Bytes, at: int) -> End | None:
    raw = data.at(at, _END_BYTES)
    if len(raw) < _END_BYTES:
        return None
    _, _, _, _, entries, size, offset, comment = struct.unpack("<4sHHHHIIH", raw)
    end, floor = min(data.size, at + _END_BYTES + comment), at
    if entries == _MAX_16 or _MAX_32 in {size, offset}:
        wide = _read_end64(data, at)
        if wide is not None:
            entries, size, offset, floor = wide
    start = floor - size - offset
    if start < 0 or (size and data.at(start + offset, 4) != _ENTRY) or (entries and not size):
        return None
    return End(entries, start + offset, size, start, end, floor)


def _read_end64(data: Bytes, at: int) -> tuple[int, int, int, int] | None:
    locator = data.at(at - _LOCATOR_BYTES, _LOCATOR_BYTES)
    if locator[:4] != _LOCATOR64:
        return None
    place = int.from_bytes(locator[8:16], "little")
    for there in (place, at - _LOCATOR_BYTES - _END64_BYTES):
        raw = data.at(there, _END64_BYTES)
        if raw[:4] == _END64 and len(raw) == _END64_BYTES:
            entries, size, offset = struct.unpack("<QQQ", raw[32:56])
            return entries, size, offset, there
    return None


def members(data: Bytes, end: End, work: Work) -> Iterator[Member | Note]:
    """Yield what the directory lists, in its order; an entry that cannot be read ends it with a note."""
    buffer, at, stop, number = b"", end.directory, end.directory + end.directory_bytes, 0
    while number < end.entries:
        work.pieces()
        if len(buffer) < _ENTRY_BYTES + 3 * _MOST_COMMENT:
            more = data.at(at, min(_READ_BYTES, stop - at))
            buffer, at = buffer + more, at + len(more)
        made = _member(buffer, number + 1)
        if made is None:
            yield note("zip-directory-damaged", number=number + 1)
            return
        member, length = made
        buffer, number = buffer[length:], number + 1
        yield member
    if buffer.strip(b"\x00") and not buffer.startswith(b"PK\x05\x05"):
        yield note("zip-directory-damaged", number=number + 1)


def _member(buffer: bytes, number: int) -> tuple[Member, int] | None:
    if buffer[:4] != _ENTRY or len(buffer) < _ENTRY_BYTES:
        return None
    flags, method = struct.unpack_from("<HH", buffer, 8)
    crc, packed, size, name_bytes, extra_bytes, comment_bytes = struct.unpack_from("<IIIHHH", buffer, 16)
    (offset,) = struct.unpack_from("<I", buffer, 42)
    length = _ENTRY_BYTES + name_bytes + extra_bytes + comment_bytes
    if length > len(buffer):
        return None
    raw_name = buffer[_ENTRY_BYTES : _ENTRY_BYTES + name_bytes]
    extra = buffer[_ENTRY_BYTES + name_bytes : _ENTRY_BYTES + name_bytes + extra_bytes]
    size, packed, offset = _widened(extra, size, packed, offset)
    name = name_of(raw_name, flags)
    return Member(number, name, raw_name, flags, method, crc, packed, size, offset), length


def _widened(extra: bytes, *values: int) -> tuple[int, ...]:
    """Take the values that do not fit 32 bits from the extra field of ZIP64 (4.5.3), in their order."""
    wide = next((body for kind, body in _fields(extra) if kind == 1), b"")
    made = []
    for value in values:
        if value == _MAX_32 and len(wide) >= 8:  # noqa: PLR2004 - one field
            value, wide = int.from_bytes(wide[:8], "little"), wide[8:]  # noqa: PLW2901
        made.append(value)
    return tuple(made)


def _fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        yield kind, extra[at + 4 : at + 4 + length]
        at += 4 + length


def name_of(raw: bytes, flags: int) -> str:
    """Return a name as text: UTF-8 where it says so or is it, else GB 18030, else as DOS wrote it."""
    encodings = ("utf-8",) if flags & _UTF8_FLAG else ("utf-8", "gb18030")
    for encoding in encodings:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("cp437")
