"""The files of a ZIP archive, each unpacked to its last byte and held against its checksum; none is written or run."""

import bz2
import lzma
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from workers.media.document.bytes_at import Bytes
from workers.media.document.zip_directory import Member
from workers.media.work import Work

STORED, DEFLATED, BZIP2, LZMA = 0, 8, 12, 14
_LOCAL = b"PK\x03\x04"
_LOCAL_BYTES = 30
_DESCRIPTOR_FLAG = 0x8
_DESCRIPTOR = b"PK\x07\x08"
_PIECE_BYTES = 1 << 20
_MAX_32 = 0xFFFF_FFFF


class UnreadMethodError(Exception):
    """The file is packed by a method that nobody here reads, or under a password."""


class DamagedMemberError(Exception):
    """The file does not unpack, is shorter or longer than the directory says, or has another checksum."""


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class Local:
    """A file's own header: where its data begins, and whether the header says the same as the directory."""

    def __init__(self, data: Bytes, member: Member, start: int) -> None:
        self.at = start + member.offset
        raw = data.at(self.at, _LOCAL_BYTES)
        self.is_there = raw[:4] == _LOCAL and len(raw) == _LOCAL_BYTES
        self.is_same, self.begin, self.end = False, self.at, self.at
        if self.is_there:
            self._read(raw, data, member)

    def _read(self, raw: bytes, data: Bytes, member: Member) -> None:
        _, flags, method, _, _, crc, packed, size, name_bytes, extra_bytes = struct.unpack_from(
            "<HHHHHIIIHH", raw, 4
        )
        name = data.at(self.at + _LOCAL_BYTES, name_bytes)
        self.begin = self.at + _LOCAL_BYTES + name_bytes + extra_bytes
        self.end = self.begin + member.packed
        is_later = bool(flags & _DESCRIPTOR_FLAG)
        if is_later:
            self.end += _descriptor_bytes(data, self.end, member)
        sums = (crc, packed, size)
        listed = (member.crc, member.packed, member.size)
        fits = all(one in {other, _MAX_32} for one, other in zip(sums, listed, strict=True))
        self.is_same = name == member.raw_name and method == member.method and (is_later or fits)


def _descriptor_bytes(data: Bytes, at: int, member: Member) -> int:
    """Length of the checksum and sizes behind the data (4.3.9): with or without a mark, in 32 or 64 bits."""
    raw = data.at(at, 24)
    mark = 4 if raw[:4] == _DESCRIPTOR else 0
    wide = struct.pack("<IQQ", member.crc, member.packed, member.size)
    narrow = wide[:4] + struct.pack("<II", member.packed & _MAX_32, member.size & _MAX_32)
    for form in (wide, narrow):
        if raw[mark : mark + len(form)] == form:
            return mark + len(form)
    return mark + 12 if mark else 0


def unpacked(data: Bytes, member: Member, begin: int, work: Work) -> Iterator[bytes]:
    """Yield what a file unpacks to, piece by piece, and hold it against size and checksum at its end.

    Raises:
        UnreadMethodError: nobody here can unpack it.
        DamagedMemberError: it is not what the directory says.
        OverBudgetError: it unpacks to more than is left.
    """
    if member.is_encrypted or member.method not in _METHODS:
        raise UnreadMethodError
    crc = size = 0
    for piece in _METHODS[member.method](data, member, begin):
        work.unpacked(len(piece))
        crc, size = zlib.crc32(piece, crc), size + len(piece)
        yield piece
        if size > member.size:
            break
    if size != member.size or crc != member.crc:
        raise DamagedMemberError


def _stored(data: Bytes, member: Member, begin: int) -> Iterator[bytes]:
    return data.blocks(begin, member.packed)


def _with(make: Callable[[], _Unpacker]) -> Callable[[Bytes, Member, int], Iterator[bytes]]:
    def unpack(data: Bytes, member: Member, begin: int) -> Iterator[bytes]:
        return _pieces(data, member, begin, make())

    return unpack


def _lzma(data: Bytes, member: Member, begin: int) -> Iterator[bytes]:
    """Properties stand in front of the data (5.8.8): a version, their length, and five bytes."""
    head = data.at(begin, 9)
    if len(head) < 9 or int.from_bytes(head[2:4], "little") != 5:  # noqa: PLR2004 - as above
        raise DamagedMemberError
    alone = lzma.LZMADecompressor(lzma.FORMAT_ALONE)
    try:
        alone.decompress(head[4:9] + member.size.to_bytes(8, "little"))
    except lzma.LZMAError as why:
        raise DamagedMemberError from why
    rest = member._replace(packed=member.packed - 9)
    return _pieces(data, rest, begin + 9, alone)


def _pieces(data: Bytes, member: Member, begin: int, unpacker: _Unpacker) -> Iterator[bytes]:
    for block in data.blocks(begin, member.packed):
        fed = block
        while True:
            try:
                piece = unpacker.decompress(fed, _PIECE_BYTES)
            except (zlib.error, OSError, EOFError, lzma.LZMAError) as why:
                raise DamagedMemberError from why
            if piece:
                yield piece
            if unpacker.eof:
                return
            fed = getattr(unpacker, "unconsumed_tail", b"")
            if len(piece) < _PIECE_BYTES and not fed:
                break


_METHODS: dict[int, Callable[[Bytes, Member, int], Iterator[bytes]]] = {
    STORED: _stored,
    DEFLATED: _with(lambda: zlib.decompressobj(-15)),
    BZIP2: _with(bz2.BZ2Decompressor),
    LZMA: _lzma,
}
