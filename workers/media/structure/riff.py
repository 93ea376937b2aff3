"""AVI by its chunks: header, pictures and sounds in their order, and the index against them (RIFF; OpenDML 1.02).

A chunk of length 0 is a picture that did not come in time: players hold the one before, and it is counted.
"""

from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from schemas.checks.containers import INDEX
from schemas.checks.structure import CONTAINER, CONTAINER_END
from schemas.examined import Measure, PartKind
from workers.media.container import Note, note
from workers.media.source import Source
from workers.media.structure.walked import Structure, fault, little, row
from workers.media.work import Work

_OPEN = frozenset({0, 0xFFFF_FFFF})
"""Sizes that a writer leaves until it closes the file."""

_LISTS = frozenset({b"hdrl", b"strl", b"odml"})
_HAS_INDEX = 0x10
_ENTRY = 16
_AT_ONCE = 4096
_LARGEST_HEADER = 1024 * 1024
_A_PIECE = 4096
"""So many bytes of an index cost as much as one step of a walk."""


class Chunk(NamedTuple):
    """A chunk: where its header is and how long what follows it is, in bytes."""

    kind: bytes
    start: int
    size_bytes: int


class _Header(NamedTuple):
    """What the header says; `video` is the number of the first video stream, `supers` are OpenDML's indexes."""

    has_index: bool = False
    video: int | None = None
    streams: int = 0
    supers: tuple[bytes, ...] = ()


class Counts(NamedTuple):
    """How many chunks each stream has, by its two digits, and how many of them are of length 0."""

    chunks: Counter[bytes]
    empty: Counter[bytes]


class Walked(NamedTuple):
    """What a walk over all chunks met; `counts` are those of media data by their two digits."""

    header: _Header
    counts: Counts
    indexes: tuple[Chunk, ...]
    movi: int
    is_open: bool
    torn: int
    end: int


def read_avi(source: Source, work: Work) -> Structure:
    """Walk the file to its last chunk, and hold each entry of its index against the chunk it names."""
    size, reader = source.size_bytes, source.open()
    claimed = little(source.head(8), 4)
    seen = _walk(reader, size, work)
    number = b"%02d" % (seen.header.video or 0)
    frames = seen.counts.chunks[number]
    is_indexed = bool(seen.indexes or seen.header.supers)
    missing = max(0, seen.end - size)
    if claimed not in _OPEN and claimed + 8 > size + 1:
        # Its writer closed it: what is missing was lost later.
        return Structure(notes=(note("media-truncated", missing_bytes=claimed + 8 - size),))
    faults: list[Note] = []
    if (seen.is_open and not is_indexed) or missing:
        cut = fault("avi-cut", missing_bytes=missing, frames=frames)
        faults.append(cut if missing else fault("avi-not-closed", frames=frames))
    elif not is_indexed:
        faults.append(fault("avi-without-index"))
    checked, astray = _indexed(reader, seen, size, work)
    if seen.torn:
        faults.append(fault("boxes-torn", count=seen.torn))
    if astray:
        faults.append(fault("index-astray", count=astray, entries=checked))
    end = min(seen.end, size)
    return Structure(
        index_met=tuple(faults),
        end=end,
        size_bytes=size,
        empty={int(number): count for number, count in seen.counts.empty.items()},
        examined=(
            row(PartKind.CONTAINER, Measure.BYTES, CONTAINER, end, end),
            row(PartKind.INDEX, Measure.ENTRIES, INDEX, checked, checked),
            row(PartKind.ENDING, Measure.BYTES, CONTAINER_END, size - end, size - end),
        ),
    )


def _walk(reader: BinaryIO, size: int, work: Work) -> Walked:
    header, indexes = _Header(), list[Chunk]()
    counts = Counts(Counter(), Counter())
    movi = at = torn = 0
    is_open = False
    while at + 12 <= size:
        reader.seek(at)
        head = reader.read(12)
        if head[:4] != b"RIFF" or head[8:] not in {b"AVI ", b"AVIX"}:
            break
        claimed = little(head, 4)
        is_endless = claimed in _OPEN or at + 8 + claimed > size + 1
        is_open = is_open or is_endless
        inner, stop = at + 12, size if is_endless else min(size, at + 8 + claimed)
        while (chunk := _chunk(reader, inner, stop, work)) is not None:
            inner, kind = chunk.start + 8 + chunk.size_bytes, chunk.kind
            if kind == b"LIST:movi":
                movi = movi or chunk.start + 8
                is_endless = chunk.size_bytes - 4 in _OPEN or chunk.size_bytes in _OPEN or inner > stop
                is_open = is_open or is_endless
                inner, lost = _media(reader, chunk.start + 12, stop if is_endless else inner, counts, work)
                torn += lost if not is_endless else 0
            elif kind == b"LIST:hdrl":
                header = _header(reader, chunk, work)
            elif kind == b"idx1":
                indexes.append(chunk)
            inner += inner & 1
        at = inner if is_endless else stop + (stop & 1)
    return Walked(header, counts, tuple(indexes), movi, is_open, torn, at)


def _chunk(reader: BinaryIO, at: int, stop: int, work: Work) -> Chunk | None:
    """The chunk at `at`, None where none can be; a list is named with its type."""
    if at + 8 > stop:
        return None
    work.pieces()
    reader.seek(at)
    head = reader.read(12)
    kind = head[:4]
    if not all(0x20 <= byte < 0x7F for byte in kind):  # noqa: PLR2004 - a name is printable
        return None
    return Chunk(b"LIST:" + head[8:12] if kind == b"LIST" else kind, at, little(head, 4))


def _media(reader: BinaryIO, at: int, stop: int, counts: Counts, work: Work) -> tuple[int, int]:
    """Count media chunks from `at` to `stop`; return where they end, and 1 if that is before `stop`."""
    while (chunk := _chunk(reader, at, stop, work)) is not None:
        if chunk.kind == b"idx1":
            return at, 0
        if chunk.kind == b"LIST:rec ":
            at += 12
            continue
        if not _is_media(chunk.kind) and at + 8 + chunk.size_bytes > stop:
            return at, 1
        if _is_media(chunk.kind):
            counts.chunks[chunk.kind[:2]] += 1
            counts.empty[chunk.kind[:2]] += not chunk.size_bytes
        at = _behind(reader, chunk, stop)
    return at, int(at + 8 <= stop)


def _is_media(kind: bytes) -> bool:
    return kind[:2].isdigit() and kind[2:] != b"ix"


def _behind(reader: BinaryIO, chunk: Chunk, stop: int) -> int:
    """Where the next chunk begins: on an even byte, but careless writers leave the filler away."""
    end = chunk.start + 8 + chunk.size_bytes
    if not end & 1 or end >= stop:
        return end
    reader.seek(end)
    near = reader.read(5)
    is_close = near[:1] != b"\x00" and _is_media(near[:4]) and not _is_media(near[1:])
    return end if is_close else end + 1


def _header(reader: BinaryIO, outer: Chunk, work: Work) -> _Header:
    made, supers = _Header(), list[bytes]()
    for chunk in _inner(reader, outer, work):
        reader.seek(chunk.start + 8)
        held = reader.read(min(chunk.size_bytes, _LARGEST_HEADER))
        if chunk.kind == b"avih":
            made = made._replace(has_index=bool(little(held, 12) & _HAS_INDEX))
        elif chunk.kind == b"strh":
            is_first = made.video is None and held[:4] == b"vids"
            video = made.streams if is_first else made.video
            made = made._replace(streams=made.streams + 1, video=video)
        elif chunk.kind == b"indx":
            supers.append(held)
    return made._replace(supers=tuple(supers))


def _inner(reader: BinaryIO, outer: Chunk, work: Work) -> Iterator[Chunk]:
    at, stop = outer.start + 12, outer.start + 8 + outer.size_bytes
    while (chunk := _chunk(reader, at, stop, work)) is not None:
        if chunk.kind[5:] in _LISTS:
            at += 12
            continue
        yield chunk
        at += 8 + chunk.size_bytes + (chunk.size_bytes & 1)


def _indexed(reader: BinaryIO, seen: Walked, size: int, work: Work) -> tuple[int, int]:
    """Return how many entries of all indexes were held against the file, and how many name no chunk."""
    checked = astray = 0
    for chunk in seen.indexes:
        entries = _entries(reader, chunk, size, work)
        base: int | None = None
        for kind, offset, length in entries:
            if not kind[:2].isdigit() or not length:
                continue
            base = _base(reader, kind, offset, seen.movi) if base is None else base
            checked += 1
            astray += not _is_at(reader, kind, base + offset, length)
    for table in seen.header.supers:
        for kind, place, length in _standard(reader, table, size, work):
            checked += 1
            astray += not _is_at(reader, kind, place, length)
    return checked, astray


def _entries(reader: BinaryIO, chunk: Chunk, size: int, work: Work) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, offset and length of each entry of an `idx1`."""
    at, stop = chunk.start + 8, min(size, chunk.start + 8 + chunk.size_bytes)
    while at + _ENTRY <= stop:
        reader.seek(at)
        table = reader.read(min(stop - at, _ENTRY * _AT_ONCE))
        for place in range(0, len(table) - _ENTRY + 1, _ENTRY):
            work.pieces()
            yield table[place : place + 4], little(table, place + 8), little(table, place + 12)
        at += _ENTRY * _AT_ONCE


def _base(reader: BinaryIO, kind: bytes, offset: int, movi: int) -> int:
    """From where offsets count: from the name of the list, from its first chunk, or from the file's beginning."""
    for base in (movi, 0, movi + 4, movi - 4):
        reader.seek(max(0, base + offset))
        if reader.read(4) == kind:
            return base
    return movi


def _is_at(reader: BinaryIO, kind: bytes, place: int, length: int) -> bool:
    reader.seek(max(0, place))
    head = reader.read(8)
    return head[:4] == kind and abs(little(head, 4) - length) <= 1


def _standard(reader: BinaryIO, table: bytes, size: int, work: Work) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, place and length of each chunk that OpenDML's indexes name; a super index names those."""
    if len(table) < 24 or table[3:4] not in {b"\x00", b"\x01"}:  # noqa: PLR2004 - shorter than its own header
        return
    if table[3] == 1:
        yield from _listed(table, work)
        return
    for one in range(min(little(table, 4), (len(table) - 24) // 16)):
        at = little(table, 24 + 16 * one, 8)
        if not 0 < at < size:
            yield table[8:12], size, 1
            continue
        reader.seek(at)
        head = reader.read(8)
        listed = reader.read(min(little(head, 4), _LARGEST_HEADER * 16))
        work.pieces(1 + len(listed) // _A_PIECE)
        yield from _listed(listed, work)


def _listed(table: bytes, work: Work) -> Iterator[tuple[bytes, int, int]]:
    base, width = little(table, 12, 8), 4 * little(table, 0, 2)
    if width < 8 or len(table) < 24:  # noqa: PLR2004 - an entry is an offset and a size
        return
    for one in range(min(little(table, 4), (len(table) - 24) // width)):
        work.pieces()
        offset, length = little(table, 24 + width * one), little(table, 28 + width * one) & 0x7FFF_FFFF
        if length:
            yield table[8:12], base + offset - 8, length
