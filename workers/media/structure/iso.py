"""A movie by its boxes, down to every entry of its tables and every fragment (ISO/IEC 14496-12, QuickTime)."""

from collections.abc import Sequence
from typing import BinaryIO, NamedTuple

import numpy as np

from schemas.checks.containers import INDEX
from schemas.checks.structure import CONTAINER, CONTAINER_END
from schemas.examined import Measure, PartKind
from workers.media.container import Note, note
from workers.media.source import Source
from workers.media.structure.boxes import Box, walk
from workers.media.structure.fragments import Run, check_order, check_places, defaults, read_fragment, seconds
from workers.media.structure.movie import Leaf, Tree, body, header_bytes, tree
from workers.media.structure.tables import Spans, Track, overlaps, read_track
from workers.media.structure.walked import Structure, big, fault, row
from workers.media.work import Work


class _Known(NamedTuple):
    """What the movie box says: its tracks by number, the ticks of their seconds, and how many boxes there are."""

    tracks: tuple[Track, ...]
    scales: dict[int, int]
    leaves: tuple[Leaf, ...]
    boxes: int
    torn: int


def read_iso(source: Source, work: Work) -> Structure:
    """Walk all boxes: an index has to be there, and what it points to has to be in the file."""
    size, reader = source.size_bytes, source.open()
    boxes, end = walk(reader, size, work)
    whole = Structure(end=min(end, size), size_bytes=size)
    if not any(box.kind == b"moov" for box in boxes):
        return whole._replace(notes=(note("mp4-no-moov"),), is_readable=False)
    if end > size:
        kind = boxes[-1].kind.decode("latin-1")
        return whole._replace(notes=(note("mp4-truncated", box=kind, missing_bytes=end - size),))
    if boxes[-1].kind == b"moof":
        # Cut exactly between a fragment's index and its samples; how many bytes followed nobody can say.
        return whole._replace(notes=(note("mp4-truncated", box="mdat", missing_bytes="?"),))
    return _inside(reader, boxes, whole, work)


def _inside(reader: BinaryIO, boxes: Sequence[Box], whole: Structure, work: Work) -> Structure:
    spans = _media(reader, boxes)
    arrays = _arrays(spans, whole.size_bytes)
    known = _movie(reader, boxes, arrays, work)
    torn_tables = [reason for track in known.tracks for reason in track.torn]
    if torn_tables:
        return whole._replace(notes=(note("media-damaged", reason=torn_tables[0]),), is_readable=False)
    runs, seen = _fragments(reader, boxes, known, work)
    faults = [fault("boxes-torn", count=torn)] if (torn := known.torn + sum(one.torn for one in seen)) else []
    faults += [one for track in known.tracks for one in track.faults]
    faults += overlaps(known.tracks)
    faults += [*check_places(runs, spans, whole.size_bytes), *_promised(reader, boxes, whole.size_bytes)]
    samples = sum(run.samples for run in runs)
    inner = known.boxes + sum(one.boxes for one in seen)
    return whole._replace(
        index_met=tuple(faults),
        fragments_met=check_order(runs, known.scales) if runs else None,
        lengths=tuple(track.length for track in known.tracks if track.length and not runs),
        seconds=None if any(track.samples for track in known.tracks) else seconds(runs, known.scales),
        examined=(
            row(PartKind.CONTAINER, Measure.BOXES, CONTAINER, len(boxes) + inner, len(boxes) + inner),
            row(
                PartKind.INDEX,
                Measure.ENTRIES,
                INDEX,
                sum(track.entries for track in known.tracks) + samples,
                sum(track.of for track in known.tracks) + samples,
            ),
            row(PartKind.ENDING, Measure.BYTES, CONTAINER_END, *[whole.size_bytes - whole.end] * 2),
        ),
    )


def _arrays(spans: Sequence[tuple[int, int]], size_bytes: int) -> Spans:
    return Spans(
        np.array([start for start, _ in spans], np.int64),
        np.array([end for _, end in spans], np.int64),
        size_bytes,
    )


def _media(reader: BinaryIO, boxes: Sequence[Box]) -> list[tuple[int, int]]:
    """Where media data lies, neighbours joined: a chunk may not leave it."""
    spans: list[tuple[int, int]] = []
    for box in boxes:
        if box.kind == b"mdat":
            reader.seek(box.start)
            spans.append((box.start + header_bytes(reader.read(8)), box.start + box.size_bytes))
    return spans


def _movie(reader: BinaryIO, boxes: Sequence[Box], spans: Spans, work: Work) -> _Known:
    seen = [tree(reader, box, work) for box in boxes if box.kind == b"moov"]
    tracks: list[Track] = []
    scales: dict[int, int] = {}
    for one in seen:
        for leaves in _tracks(one):
            held = {leaf.box.kind: leaf.box for leaf in leaves}
            made = read_track(reader, held, spans, work, is_here=_is_here(reader, held))
            tracks.append(_as_handled(made, _handler(reader, held)))
            scales[_number(reader, held)] = _scale(reader, held)
    return _Known(
        tracks=tuple(tracks),
        scales=scales,
        leaves=tuple(leaf for one in seen for leaf in one.leaves),
        boxes=sum(one.boxes for one in seen),
        torn=sum(one.torn for one in seen),
    )


def _tracks(seen: Tree) -> list[list[Leaf]]:
    """The leaves of each track."""
    groups: dict[int, list[Leaf]] = {}
    for leaf in seen.leaves:
        outer = leaf.within(b"trak")
        if outer is not None:
            groups.setdefault(outer.start, []).append(leaf)
    return list(groups.values())


def _is_here(reader: BinaryIO, held: dict[bytes, Box]) -> bool:
    """Say whether the samples of a track lie in this file (8.7.2: the flag of each entry of `dref`)."""
    table = body(reader, held[b"dref"], 4096) if b"dref" in held else b""
    return big(table, 4) == 0 or bool(big(table, 16) & 1)


def _handler(reader: BinaryIO, held: dict[bytes, Box]) -> bytes:
    return body(reader, held[b"hdlr"], 12)[8:12] if b"hdlr" in held else b""


def _as_handled(track: Track, handler: bytes) -> Track:
    """Pictures and sounds last, while data beside them may be all at one time; of sound each sample holds something."""
    if handler == b"soun" and track.empty:
        silent = fault("index-empty", count=track.empty, entries=track.samples)
        return track._replace(faults=(*track.faults, silent))
    return track if handler in {b"soun", b"vide"} else track._replace(length=None)


def _number(reader: BinaryIO, held: dict[bytes, Box]) -> int:
    head = body(reader, held[b"tkhd"], 32) if b"tkhd" in held else b""
    return big(head, 20 if head[:1] == b"\x01" else 12)


def _scale(reader: BinaryIO, held: dict[bytes, Box]) -> int:
    head = body(reader, held[b"mdhd"], 32) if b"mdhd" in held else b""
    return big(head, 20 if head[:1] == b"\x01" else 12)


def _fragments(
    reader: BinaryIO, boxes: Sequence[Box], known: _Known, work: Work
) -> tuple[list[Run], list[Tree]]:
    given = defaults(reader, known.leaves)
    runs: list[Run] = []
    seen: list[Tree] = []
    for box in boxes:
        if box.kind != b"moof":
            continue
        one = tree(reader, box, work)
        runs += read_fragment(reader, box, one, given, work)
        seen.append(one._replace(leaves=()))
    return runs, seen


def _promised(reader: BinaryIO, boxes: Sequence[Box], size_bytes: int) -> list[Note]:
    """What stands in a segment index has to be there (8.16.3)."""
    for box in boxes:
        if box.kind != b"sidx":
            continue
        table = body(reader, box, 1024 * 1024)
        wide = 8 if table[:1] == b"\x01" else 4
        at = 12 + 2 * wide
        count = min(big(table, at + 2, 2), max(0, len(table) - at - 4) // 12)
        total = sum(big(table, at + 4 + 12 * one) & 0x7FFF_FFFF for one in range(count))
        end = box.start + box.size_bytes + big(table, 12 + wide, wide) + total
        if end > size_bytes:
            return [fault("index-outside", count=1, entries=count)]
    return []
