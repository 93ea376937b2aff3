"""Matroska and WebM by their elements (RFC 8794, RFC 9559): sizes, checksums, clusters in their order, cues.

Live writers leave the size of a segment or cluster unknown, which is sound; an element that reaches past the one it
is in is not.
"""

import zlib
from itertools import pairwise
from typing import BinaryIO, NamedTuple

from schemas.checks.containers import INDEX
from schemas.checks.structure import CONTAINER, CONTAINER_END
from schemas.examined import Measure, PartKind
from workers.media.container import Note, note
from workers.media.source import Source
from workers.media.structure.walked import Structure, big, fault, row
from workers.media.work import Work

_EBML, _SEGMENT, _CLUSTER, _CUES, _INFO = 0x1A45DFA3, 0x18538067, 0x1F43B675, 0x1C53BB6B, 0x1549A966
_VOID, _CRC = 0xEC, 0xBF
_TOPS = frozenset(
    {_CLUSTER, _CUES, _INFO, 0x114D9B74, 0x1654AE6B, 0x1254C367, 0x1043A770, 0x1941A469, _EBML, _SEGMENT}
)
_TIMESTAMP, _PREVIOUS = 0xE7, 0xAB
_POINT, _POSITIONS, _POSITION = 0xBB, 0xB7, 0xF1
_SCALE = 0x2AD7B1
_BLOCK = 1024 * 1024
_LARGEST_CUES = 64 * 1024 * 1024


class Element(NamedTuple):
    """An element: its id, where it and its content begin, and how long the content is; None where unknown."""

    kind: int
    start: int
    inner: int
    size_bytes: int | None


class Cluster(NamedTuple):
    """A cluster: where it begins, its clock in ticks, its length in bytes, and that of the one before as it says."""

    start: int
    at: int
    size_bytes: int
    previous: int | None


class _Walked(NamedTuple):
    """What the walk met; `missing` bytes should follow the end of the file."""

    clusters: tuple[Cluster, ...]
    cues: tuple[int, ...]
    segment: int
    scale: int
    torn: int
    wrong: int
    missing: int
    end: int


def read_matroska(source: Source, work: Work) -> Structure:
    """Walk all elements; each checksum that the writer left is computed again."""
    size = source.size_bytes
    seen = _Walk(source.open(), size, work).run()
    if seen.missing:
        return Structure(notes=(note("media-truncated", missing_bytes=seen.missing),))
    faults = [fault("boxes-torn", count=seen.torn)] if seen.torn else []
    if seen.wrong:
        faults.append(fault("elements-damaged", count=seen.wrong))
    starts = {cluster.start - seen.segment for cluster in seen.clusters}
    astray = sum(cue not in starts for cue in seen.cues)
    if astray:
        faults.append(fault("index-astray", count=astray, entries=len(seen.cues)))
    return Structure(
        index_met=tuple(faults),
        fragments_met=_order(seen.clusters, seen.scale) if seen.clusters else None,
        end=seen.end,
        size_bytes=size,
        examined=(
            row(PartKind.CONTAINER, Measure.BYTES, CONTAINER, seen.end, seen.end),
            row(PartKind.INDEX, Measure.ENTRIES, INDEX, len(seen.cues), len(seen.cues)),
            row(PartKind.ENDING, Measure.BYTES, CONTAINER_END, size - seen.end, size - seen.end),
        ),
    )


def _order(clusters: tuple[Cluster, ...], scale: int) -> tuple[Note, ...]:
    """Clusters ascend in time, and each knows the length of the one before it, if its writer said so."""
    met: list[Note] = []
    seen: set[tuple[int, int]] = set()
    for before, one in pairwise(clusters):
        seen.add((before.at, before.size_bytes))
        times = sorted((before.at * scale // 10**9, one.at * scale // 10**9))
        span = dict(zip(("from_seconds", "to_seconds"), times, strict=True))
        if (one.at, one.size_bytes) in seen:
            met.append(fault("fragments-doubled", **span))
        elif one.at < before.at:
            met.append(fault("fragments-swapped", **span))
        elif one.previous is not None and one.previous != before.size_bytes:
            met.append(fault("fragments-missing", **span))
    return tuple(met)


class _Walk:
    """One pass over a file; memory holds a few numbers for each cluster."""

    def __init__(self, reader: BinaryIO, size: int, work: Work) -> None:
        self._reader, self._size, self._work = reader, size, work
        self._clusters: list[Cluster] = []
        self._cues: list[int] = []
        self._segment, self._scale = 0, 1_000_000
        self._torn = self._wrong = self._missing = 0

    def run(self) -> _Walked:
        """Walk segments one after the other; what is none of them is behind the end."""
        at = 0
        while (one := self._element(at, self._size)) is not None and one.kind in {_EBML, _SEGMENT, _VOID}:
            self._beyond(one)
            at = self._in_segment(one) if one.kind == _SEGMENT else one.inner + (one.size_bytes or 0)
        clusters = self._clusters
        return _Walked(
            clusters=tuple(clusters), cues=tuple(self._cues), segment=self._segment, scale=self._scale,
            torn=self._torn, wrong=self._wrong, missing=self._missing, end=min(at, self._size),
        )  # fmt: skip

    def _element(self, at: int, stop: int) -> Element | None:
        """The element at `at`; None where no header fits or none can begin like that."""
        if at + 2 > stop:
            return None
        self._work.pieces()
        self._reader.seek(at)
        head = self._reader.read(12)
        wide = 9 - head[0].bit_length() if head and head[0] else 0
        if not 1 <= wide <= 4 or len(head) <= wide or not head[wide]:  # noqa: PLR2004 - RFC 8794, 5
            return None
        length = 9 - head[wide].bit_length()
        size = big(head, wide, length) & ((1 << (7 * length)) - 1)
        is_known = size != (1 << (7 * length)) - 1
        return Element(big(head, 0, wide), at, at + wide + length, size if is_known else None)

    def _beyond(self, one: Element) -> None:
        if one.size_bytes is not None and one.inner + one.size_bytes > self._size:
            self._missing = max(self._missing, one.inner + one.size_bytes - self._size)

    def _in_segment(self, segment: Element) -> int:
        if not self._segment:
            self._segment = segment.inner
        stop = (
            self._size if segment.size_bytes is None else min(self._size, segment.inner + segment.size_bytes)
        )
        at = segment.inner
        while (one := self._element(at, stop)) is not None and one.kind not in {_EBML, _SEGMENT}:
            self._beyond(one)
            if self._missing:
                return self._size
            end = one.inner + (one.size_bytes or 0)
            if end > stop:
                self._torn += 1
            if one.kind == _CLUSTER:
                at = self._in_cluster(one, stop)
                continue
            if one.size_bytes is None:
                self._torn += 1
                return stop
            self._leaf(one)
            at = end
        if segment.size_bytes is not None and at < stop:
            self._torn += 1
            return stop
        return at

    def _leaf(self, one: Element) -> None:
        self._checksum(one)
        if one.kind not in {_CUES, _INFO} or (one.size_bytes or 0) > _LARGEST_CUES:
            return
        if one.kind == _CUES and self._segment:
            self._cues += self._positions(one)
        elif one.kind == _INFO:
            at, stop = one.inner, one.inner + (one.size_bytes or 0)
            while (inner := self._element(at, stop)) is not None and inner.size_bytes is not None:
                self._scale = self._number(inner) if inner.kind == _SCALE else self._scale
                at = inner.inner + inner.size_bytes

    def _positions(self, cues: Element) -> list[int]:
        found, at, stop = [], cues.inner, cues.inner + (cues.size_bytes or 0)
        while (one := self._element(at, stop)) is not None and one.size_bytes is not None:
            found += [self._number(one)] if one.kind == _POSITION else []
            at = one.inner if one.kind in {_POINT, _POSITIONS} else one.inner + one.size_bytes
        return found

    def _number(self, one: Element) -> int:
        self._reader.seek(one.inner)
        return int.from_bytes(self._reader.read(min(8, one.size_bytes or 0)))

    def _in_cluster(self, cluster: Element, outer: int) -> int:
        stop = outer if cluster.size_bytes is None else min(outer, cluster.inner + cluster.size_bytes)
        at, ticks, previous = cluster.inner, 0, None
        while (one := self._element(at, stop)) is not None:
            if cluster.size_bytes is None and one.kind in _TOPS:
                break
            end = one.inner + (one.size_bytes or 0)
            if end > self._size:
                self._missing = max(self._missing, end - self._size)
            elif end > stop or one.size_bytes is None:
                self._torn += 1
            if end > stop or one.size_bytes is None:
                at = stop
                break
            ticks = self._number(one) if one.kind == _TIMESTAMP else ticks
            previous = self._number(one) if one.kind == _PREVIOUS else previous
            at = end
        if cluster.size_bytes is not None:
            self._torn += at < stop
            self._checksum(cluster)
            at = stop
        self._clusters.append(Cluster(cluster.start, ticks, at - cluster.start, previous))
        return at

    def _checksum(self, outer: Element) -> None:
        """A checksum is the first in what it covers (RFC 8794, 11.3.1); it is written with the low byte first."""
        stop = outer.inner + (outer.size_bytes or 0)
        first = self._element(outer.inner, stop)
        if first is None or first.kind != _CRC or first.size_bytes != 4:  # noqa: PLR2004
            return
        self._reader.seek(first.inner)
        said, made, left = int.from_bytes(self._reader.read(4), "little"), 0, stop - first.inner - 4
        while left > 0 and (block := self._reader.read(min(left, _BLOCK))):
            self._work.pieces()
            made, left = zlib.crc32(block, made), left - len(block)
        self._wrong += made != said
