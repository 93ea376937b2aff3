"""The sample tables of one track: counts that agree, and chunks that lie where the file has media data.

Tables are compared whole, as arrays. ISO/IEC 14496-12, 8.6 and 8.7.
"""

from collections.abc import Mapping, Sequence
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from workers.media.container import Note
from workers.media.structure.boxes import Box
from workers.media.structure.movie import MAX_LEAF, body
from workers.media.structure.walked import Length, big, fault
from workers.media.work import Work

Numbers = NDArray[np.int64]

_A_PIECE = 1024
"""So many bytes of a table cost as much as one step of a walk."""

_LOOSE = 100
"""Times and offsets may miss one sample in so many, as careless writers leave them; the rest is found by its sizes."""


class Chunks(NamedTuple):
    """Where the chunks of a track begin and end in the file, and how many samples each holds."""

    starts: Numbers
    ends: Numbers
    per: Numbers


class Track(NamedTuple):
    """One track by its tables: of `of` entries `entries` were read, `samples` are promised, `empty` have no byte.

    `torn` names tables that count more entries than they have room for, or a sample larger than the file: no demuxer can
    make sense of them.
    """

    faults: tuple[Note, ...]
    torn: tuple[str, ...]
    empty: int
    entries: int
    of: int
    samples: int
    length: Length | None
    chunks: Chunks | None


class Spans(NamedTuple):
    """Where media data lies in the file, as ascending starts and ends in bytes, and the size of the file."""

    starts: Numbers
    ends: Numbers
    size_bytes: int


def read_track(
    reader: BinaryIO, boxes: Mapping[bytes, Box], spans: Spans, work: Work, *, is_here: bool
) -> Track:
    """Compare the tables of one track with each other and with the file; `boxes` are its leaves by kind.

    Of a track whose samples lie in another file (`is_here` is false) only the tables are compared; of one with a table
    too large to be read whole nothing is, and the entries that were left are not counted as examined.
    """
    held = {kind: body(reader, box) for kind, box in boxes.items() if kind in _TABLES}
    counts = [_counts(kind, table) for kind, table in held.items()]
    work.pieces(1 + sum(len(table) for table in held.values()) // _A_PIECE)
    sizes, samples = _sizes(held)
    read, of = sum(min(one) for one in counts), sum(count for count, _ in counts)
    if any(len(table) >= MAX_LEAF for table in held.values()):
        return Track((), (), 0, read, of, samples, None, None)
    chunks = _chunks(held, sizes)
    found = [*_placed(chunks, samples), *_described(held), *_times(held, samples)]
    found += _places(chunks, spans) if is_here else []
    return Track(
        faults=tuple(found),
        torn=(*_torn(held), *_oversized(sizes, spans.size_bytes)),
        empty=int((sizes == 0).sum()),
        entries=read,
        of=of,
        samples=samples,
        length=_length(held),
        chunks=chunks if is_here else None,
    )


def overlaps(tracks: Sequence[Track]) -> list[Note]:
    """Find chunks that reach into the next one, of whichever track; two at one place share their data."""
    known = [track.chunks for track in tracks if track.chunks is not None]
    starts = np.concatenate([np.zeros(0, np.int64), *(one.starts for one in known)])
    ends = np.concatenate([np.zeros(0, np.int64), *(one.ends for one in known)])
    order = np.argsort(starts, kind="stable")
    starts, ends = starts[order], ends[order]
    count = int(((ends[:-1] > starts[1:]) & (starts[:-1] != starts[1:])).sum())
    return [fault("index-overlaps", count=count, entries=len(starts))] if count else []


_TABLES: Mapping[bytes, tuple[int, int]] = {
    b"stts": (8, 8), b"ctts": (8, 8), b"stsc": (8, 12), b"stco": (8, 4), b"co64": (8, 8), b"stss": (8, 4),
    b"stsz": (12, 4), b"stz2": (12, 1), b"mdhd": (0, 0), b"stsd": (0, 0),
}  # fmt: skip
"""Bytes before the first entry, behind its count, and bytes of one entry."""


def _counts(kind: bytes, table: bytes) -> tuple[int, int]:
    """How many entries a table counts and for how many it has room; a constant size needs none."""
    at, width = _TABLES[kind]
    if not width or (kind == b"stsz" and big(table, 4)):
        return 0, 0
    bits = table[7] if kind == b"stz2" and len(table) > 7 else 8 * width  # noqa: PLR2004 - 8.7.3.3
    return big(table, at - 4), max(0, len(table) - at) * 8 // (bits or 8)


def _torn(held: Mapping[bytes, bytes]) -> tuple[str, ...]:
    rooms = ((kind, *_counts(kind, table)) for kind, table in held.items())
    return tuple(f"{kind.decode()}: {count} > {room}" for kind, count, room in rooms if count > room)


def _oversized(sizes: Numbers, size_bytes: int) -> tuple[str, ...]:
    """A sample larger than the file: a demuxer would ask for memory to hold it."""
    largest = int(sizes.max()) if len(sizes) else 0
    return (f"stsz: {largest} > {size_bytes}",) if largest > size_bytes else ()


def _described(held: Mapping[bytes, bytes]) -> list[Note]:
    """Each run of chunks names one of the descriptions of the track (8.7.4)."""
    table, known = held.get(b"stsc", b""), big(held.get(b"stsd", b""), 4)
    named = _column(table, 16, 4, step=12, count=big(table, 4))
    if not len(named) or not known or int(named.max()) <= known:
        return []
    return [fault("index-disagrees", table="stsd", found=int(named.max()), promised=known)]


def _column(table: bytes, at: int, width: int, *, step: int, count: int) -> Numbers:
    """Read one column of a table whose entries begin at 8 (`stsz`: 12); `at` is where its first number stands."""
    first = at - (at - 8) % step if step > width else at
    count = min(count, max(0, len(table) - first) // step)
    if not count:
        return np.zeros(0, np.int64)
    flat = np.frombuffer(table, dtype=np.uint8, count=count * step, offset=first)
    rows = flat.reshape(count, step)[:, at - first : at - first + width]
    return np.ascontiguousarray(rows).view(f">u{width}").reshape(count).astype(np.int64)


def _sizes(held: Mapping[bytes, bytes]) -> tuple[Numbers, int]:
    """Sizes of all samples, empty where all are the same, and how many there are."""
    if b"stsz" not in held:
        return np.zeros(0, np.int64), big(held.get(b"stz2", b""), 8)
    table = held[b"stsz"]
    count = big(table, 8)
    if big(table, 4):
        return np.zeros(0, np.int64), count
    return _column(table, 12, 4, step=4, count=count), count


def _chunks(held: Mapping[bytes, bytes], sizes: Numbers) -> Chunks:
    wide = b"co64" in held
    table = held.get(b"co64" if wide else b"stco", b"")
    width = 8 if wide else 4
    starts = np.maximum(_column(table, 8, width, step=width, count=big(table, 4)), -1)
    per = _per_chunk(held.get(b"stsc", b""), len(starts))
    return Chunks(starts, starts + _chunk_lengths(held, sizes, per), per)


def _placed(chunks: Chunks, samples: int) -> list[Note]:
    """Each sample is in a chunk; a writer that was stopped may leave its last chunk half full."""
    placed = int(chunks.per.sum())
    if placed == samples:
        return []
    spare = int(chunks.per[-1]) if len(chunks.per) else 0
    code = "index-irregular" if samples < placed < samples + spare else "index-disagrees"
    return [Note(code, {"table": "stsc", "found": placed, "promised": samples})]


def _places(chunks: Chunks, spans: Spans) -> list[Note]:
    starts, ends = chunks.starts, chunks.ends
    beyond = int(((ends > spans.size_bytes) | (starts < 0)).sum())
    if beyond:
        return [fault("index-outside", count=beyond, entries=len(starts))]
    astray = int((~_inside(starts, ends, spans)).sum())
    return [fault("index-astray", count=astray, entries=len(starts))] if astray else []


def _per_chunk(table: bytes, chunks: int) -> Numbers:
    """How many samples each chunk holds (8.7.4); runs that do not ascend hold nothing."""
    count = big(table, 4)
    firsts = _column(table, 8, 4, step=12, count=count) - 1
    per = _column(table, 12, 4, step=12, count=count)
    if not len(firsts) or len(per) < len(firsts) or (np.diff(firsts) <= 0).any() or firsts[0] != 0:
        return np.zeros(chunks, np.int64)
    bounds = np.minimum(np.append(firsts, chunks), chunks)
    return np.repeat(per, np.diff(bounds))


def _chunk_lengths(held: Mapping[bytes, bytes], sizes: Numbers, per: Numbers) -> Numbers:
    if not len(sizes):
        size = big(held.get(b"stsz", b""), 4)
        return np.minimum(per, (1 << 61) // max(size, 1)) * size
    sums = np.append(0, np.cumsum(sizes))
    last = np.minimum(np.cumsum(per), len(sizes))
    first = np.minimum(last - per, len(sizes))
    lengths: Numbers = sums[last] - sums[np.maximum(first, 0)]
    return lengths


def _inside(offsets: Numbers, ends: Numbers, spans: Spans) -> NDArray[np.bool_]:
    if not len(spans.starts):
        return np.zeros(len(offsets), np.bool_)
    at = np.searchsorted(spans.starts, offsets, side="right") - 1
    fits: NDArray[np.bool_] = (at >= 0) & (ends <= spans.ends[np.maximum(at, 0)])
    held: NDArray[np.bool_] = fits | (ends == offsets)
    return held


def _times(held: Mapping[bytes, bytes], samples: int) -> list[Note]:
    """Each sample has a duration; offsets may stop early, and key frames ascend (8.6.1 and 8.6.2)."""
    found = []
    for kind in (b"stts", b"ctts"):
        table = held.get(kind)
        if table is None:
            continue
        timed = int(_column(table, 8, 4, step=8, count=big(table, 4)).sum())
        code = "index-disagrees" if abs(timed - samples) > max(2, samples // _LOOSE) else "index-irregular"
        if timed != samples and not (kind == b"ctts" and timed < samples):
            found.append(Note(code, {"table": kind.decode(), "found": timed, "promised": samples}))
    keys = held.get(b"stss", b"")
    numbers = _column(keys, 8, 4, step=4, count=big(keys, 4))
    is_wrong = len(numbers) and ((np.diff(numbers) <= 0).any() or numbers[0] < 1 or numbers[-1] > samples)
    if is_wrong:
        found.append(fault("index-disagrees", table="stss", found=int(numbers.max()), promised=samples))
    return found


def _length(held: Mapping[bytes, bytes]) -> Length | None:
    """The length of the media by its header and by the durations of its samples, in seconds."""
    header, table = held.get(b"mdhd", b""), held.get(b"stts")
    wide = bool(header[:1] == b"\x01")
    scale = big(header, 20 if wide else 12)
    promised = big(header, 24, 8) if wide else big(header, 16)
    unknown = {0, 0xFFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF}
    if table is None or not scale or promised in unknown:
        return None
    counts = _column(table, 8, 4, step=8, count=big(table, 4))
    steps = _column(table, 12, 4, step=8, count=len(counts))
    found = int((counts[: len(steps)] * steps).sum())
    return Length(promised / scale, found / scale)
