"""The canonical zip: one sequence of files has exactly one container, byte for byte (APPNOTE 6.3.10).

Members are sorted by their UTF-8 names and stored; every header field is either fixed or follows from name,
size and CRC-32. So a reader re-derives every byte that is not a file's content, and no bit of a container is
outside of some check: a changed header breaks the container, a changed content breaks its file's CRC-32.
Zip64 fields stand exactly where a value does not fit, never elsewhere.
"""

import re
import struct
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from schemas.errors import Invalid
from schemas.refusals_export import CONTAINER_BROKEN, CONTENT_CHANGED

MAX_MEMBERS = 100_000
"""Some 9,000 recordings with all that belongs to them. Said by the last bytes of a container, so more costs nothing."""

MAX_DIRECTORY_BYTES = 64 * 1024 * 1024
"""A hostile container costs at most this much memory before anything is believed."""

MAX_NAME_BYTES = 1024
MAX_PART_BYTES = 255

ReadAt = Callable[[int, int], bytes]
"""`read_at(offset, length)` returns the bytes there, fewer at the end of the file."""

_FULL32, _FULL16 = 0xFFFF_FFFF, 0xFFFF
_VERSION, _VERSION_ZIP64 = 20, 45
_MADE_BY_UNIX = 3 << 8 | _VERSION_ZIP64
_UTF8_NAMES = 0x0800
_MIDNIGHT, _1980_01_01 = 0, 0x0021
_REGULAR_FILE_0644 = 0o100644 << 16
_ZIP64_TAG = 0x0001

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_END64_BODY_BYTES = 44
_MOST_ENTRY_BYTES = _CENTRAL.size + MAX_NAME_BYTES + 28
"""Of the directory: a name, and 64-bit fields for two sizes and an offset."""

_MAX_SIZE = 2**63 - 1
_PLAIN = re.compile(r"[0-9A-Za-z_-][0-9A-Za-z_.-]{0,200}", re.ASCII)
"""Nearly every name of a package: what else a part must be is then known."""

_FORBIDDEN = frozenset('<>:"/\\|?*%')
"""Separators, what Windows refuses, and the percent sign, which BagIt escapes and sha256sum does not."""

_DEVICE_NAMES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One file of a container. There may be very many, so it is as small as it can be; sizes are below 2^63."""

    name: str
    size_bytes: int
    crc32: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedMember(Member):
    """A member and the offset of its first content byte."""

    content_at: int


def container_chunks(members: Sequence[Member], read: Callable[[Member], Iterable[bytes]]) -> Iterator[bytes]:
    """Yield the container of `members`, whose contents `read` gives one after the other; memory stays flat.

    Raises:
        Invalid: a name is unsafe, or the members are not sorted (slug `container-broken`).
        IntegrityBroken: a content is not what its size and CRC-32 say.
    """
    require_members(members)
    for member in members:
        yield _local_header(member)
        yield from _content(member, read(member))
    yield _directory(members)


def container_size(members: Sequence[Member]) -> int:
    """Return the size of the container in bytes."""
    contents = sum(len(_local_header(member)) + member.size_bytes for member in members)
    return contents + len(_directory(members))


def read_container(read_at: ReadAt, size_bytes: int) -> tuple[PlacedMember, ...]:
    """Return the members of a container, all of whose bytes but the contents are the canonical ones.

    Contents are not read: their CRC-32 and digests are for the caller to check.

    Raises:
        Invalid: slug `container-broken`; the fact `at` is the offset of the first byte in question.
    """
    directory_at, directory = _find_directory(read_at, size_bytes)
    members = _parse_directory(directory)
    require_members(members)
    _require_same(_directory(members), read_at(directory_at, size_bytes - directory_at), directory_at)
    placed, offset = [], 0
    for member in members:
        header = _local_header(member)
        _require_same(header, read_at(offset, len(header)), offset)
        placed.append(
            PlacedMember(
                name=member.name,
                size_bytes=member.size_bytes,
                crc32=member.crc32,
                content_at=offset + len(header),
            )
        )
        offset += len(header) + member.size_bytes
    if offset != directory_at:
        raise _broken("there are bytes that belong to no file", at=offset)
    return tuple(placed)


def require_members(members: Sequence[Member]) -> None:
    """Check order, names and collisions of names on any file system.

    Raises:
        Invalid: slug `container-broken`.
    """
    if len(members) > MAX_MEMBERS:
        raise _broken(f"more than {MAX_MEMBERS} files")
    spelled: dict[str, str] = {}
    before, folder = b"", ""
    for member in members:
        raw = _raw_name(member.name)
        if raw <= before:
            raise _broken("names are not sorted, or one stands twice", name=member.name)
        before = raw
        inside, _, _ = member.name.rpartition("/")
        if inside != folder:  # files of one folder stand together, and its path is looked at once
            folder = inside
            _require_folders(folder, spelled)
        _require_spelled(member.name, member.name, spelled)


def is_safe_part(part: str) -> bool:
    """Say whether `part` is one name that every file system can hold and no reader mistakes."""
    if _PLAIN.fullmatch(part):
        return not part.endswith(".") and part.split(".", maxsplit=1)[0].casefold() not in _DEVICE_NAMES
    return (
        0 < len(part.encode("utf-8", "replace")) <= MAX_PART_BYTES
        and unicodedata.is_normalized("NFC", part)
        and not any(c in _FORBIDDEN or unicodedata.category(c).startswith("C") for c in part)
        and part.strip(" ") == part
        and not part.endswith(".")
        and part.split(".", maxsplit=1)[0].casefold() not in _DEVICE_NAMES
    )


def _raw_name(name: str) -> bytes:
    if not all(is_safe_part(part) for part in name.split("/")):
        raise _broken("a name is not a plain relative path", name=name[:200])
    raw = name.encode()
    if len(raw) > MAX_NAME_BYTES:
        raise _broken("a name is too long", name=name[:200])
    return raw


def _require_folders(folder: str, spelled: dict[str, str]) -> None:
    """Refuse two spellings of one folder, and a folder where another name is a file."""
    parts = folder.split("/")
    for depth in range(1, len(parts) + 1):
        path = "/".join(parts[:depth])
        _require_spelled(path, f"{path}/", spelled)


def _require_spelled(path: str, spelling: str, spelled: dict[str, str]) -> None:
    """Refuse two spellings of one path, and a file where another name needs a folder."""
    folded = path.lower() if path.isascii() else unicodedata.normalize("NFC", path.casefold())
    if spelled.setdefault(folded, spelling) != spelling:
        raise _broken("two names are one on some file systems", name=path)


def _content(member: Member, chunks: Iterable[bytes]) -> Iterator[bytes]:
    size = crc = 0
    for chunk in chunks:
        size += len(chunk)
        crc = zlib.crc32(chunk, crc)
        yield chunk
    if (size, crc) != (member.size_bytes, member.crc32):
        raise CONTENT_CHANGED(f"{member.name} changed between two readings")


def _local_header(member: Member) -> bytes:
    name = member.name.encode()
    is_large = member.size_bytes >= _FULL32
    size = _FULL32 if is_large else member.size_bytes
    extra = _zip64(member.size_bytes, member.size_bytes) if is_large else b""
    fixed = _LOCAL.pack(
        b"PK\x03\x04", _version(extra), _UTF8_NAMES, 0, _MIDNIGHT, _1980_01_01,
        member.crc32, size, size, len(name), len(extra),
    )  # fmt: skip
    return fixed + name + extra


def _central_header(member: Member, offset: int) -> bytes:
    name = member.name.encode()
    sizes = (member.size_bytes, member.size_bytes) if member.size_bytes >= _FULL32 else ()
    offsets = (offset,) if offset >= _FULL32 else ()
    extra = _zip64(*sizes, *offsets) if sizes or offsets else b""
    size = min(member.size_bytes, _FULL32)
    fixed = _CENTRAL.pack(
        b"PK\x01\x02", _MADE_BY_UNIX, _version(extra), _UTF8_NAMES, 0, _MIDNIGHT, _1980_01_01,
        member.crc32, size, size, len(name), len(extra), 0, 0, 0, _REGULAR_FILE_0644, min(offset, _FULL32),
    )  # fmt: skip
    return fixed + name + extra


def _directory(members: Sequence[Member]) -> bytes:
    """Return everything behind the last content: central headers and end records."""
    headers, offset = [], 0
    for member in members:
        headers.append(_central_header(member, offset))
        offset += len(_local_header(member)) + member.size_bytes
    body = b"".join(headers)
    return body + _end_records(len(members), len(body), offset)


def _end_records(count: int, size: int, offset: int) -> bytes:
    end64 = b""
    if count >= _FULL16 or size >= _FULL32 or offset >= _FULL32:
        end64 = _END64.pack(
            b"PK\x06\x06", _END64_BODY_BYTES, _MADE_BY_UNIX, _VERSION_ZIP64, 0, 0, count, count, size, offset
        ) + _LOCATOR.pack(b"PK\x06\x07", 0, offset + size, 1)
    short, size32, offset32 = min(count, _FULL16), min(size, _FULL32), min(offset, _FULL32)
    return end64 + _END.pack(b"PK\x05\x06", 0, 0, short, short, size32, offset32, 0)


def _version(extra: bytes) -> int:
    return _VERSION_ZIP64 if extra else _VERSION


def _zip64(*values: int) -> bytes:
    return struct.pack(f"<2H{len(values)}Q", _ZIP64_TAG, 8 * len(values), *values)


def _find_directory(read_at: ReadAt, size_bytes: int) -> tuple[int, bytes]:
    """Return offset and bytes of the central headers; what the end records claim is re-derived later."""
    end_at = size_bytes - _END.size
    if end_at < 0:
        raise _broken("the file is too short to be a container", at=0)
    signature, _, _, count, _, size, offset, _ = _END.unpack(read_at(end_at, _END.size))
    if signature != b"PK\x05\x06":
        raise _broken("the end record is missing: cut off, or something was added", at=end_at)
    if count == _FULL16 or _FULL32 in (size, offset):
        end_at -= _END64.size + _LOCATOR.size
        if end_at < 0:
            raise _broken("the 64-bit end record is missing", at=0)
        *_, count, size, offset = _END64.unpack(read_at(end_at, _END64.size))
    if count > MAX_MEMBERS:
        raise _broken(f"more than {MAX_MEMBERS} files", at=end_at)
    if size > min(MAX_DIRECTORY_BYTES, count * _MOST_ENTRY_BYTES) or offset + size != end_at:
        raise _broken("the end record does not lead to the directory", at=end_at)
    return offset, read_at(offset, size)


def _parse_directory(directory: bytes) -> list[Member]:
    members: list[Member] = []
    at = 0
    while at < len(directory):
        if at + _CENTRAL.size > len(directory) or len(members) >= MAX_MEMBERS:
            raise _broken("the directory is cut off or too long")
        fields = _CENTRAL.unpack_from(directory, at)
        crc32, size, name_bytes, extra_bytes = fields[7], fields[9], fields[10], fields[11]
        name_at = at + _CENTRAL.size
        at = name_at + name_bytes + extra_bytes
        if size == _FULL32:
            size = _first_zip64(directory[name_at + name_bytes : at])
        members.append(_member(directory[name_at : name_at + name_bytes], size, crc32))
    return members


def _first_zip64(extra: bytes) -> int:
    if len(extra) < 12:  # noqa: PLR2004 - tag, length and one value
        raise _broken("a 64-bit size is missing")
    return int.from_bytes(extra[4:12], "little")


def _member(raw: bytes, size_bytes: int, crc32: int) -> Member:
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError as err:
        raise _broken("a directory entry is malformed") from err
    if size_bytes > _MAX_SIZE:
        raise _broken("a directory entry states a size beyond 2^63")
    return Member(name=name, size_bytes=size_bytes, crc32=crc32)


def _require_same(expected: bytes, found: bytes, at: int) -> None:
    if expected != found:
        pairs = zip(expected, found, strict=False)
        shared = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(expected), len(found)))
        raise _broken("a header is not the one that follows from its file", at=at + shared)


def _broken(detail: str, **facts: object) -> Invalid:
    return CONTAINER_BROKEN(detail, **facts)
