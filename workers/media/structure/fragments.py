"""The fragments of a movie (ISO/IEC 14496-12, 8.8): their numbers, and their clock against the sum of what came before.

A clock may begin anywhere: a camera that never resets it is sound. Numbers alone prove nothing, since streams are cut
out of longer ones; a hole is one where the numbers skip and the clock does too.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import BinaryIO, NamedTuple

import numpy as np

from workers.media.container import Note
from workers.media.structure.boxes import Box
from workers.media.structure.movie import Leaf, Tree, body
from workers.media.structure.walked import big, fault
from workers.media.work import Work

_BASE, _DESCRIPTION, _DURATION, _SIZE, _FLAGS, _IS_MOOF = 0x1, 0x2, 0x8, 0x10, 0x20, 0x20000
_RUN_OFFSET, _RUN_FIRST = 0x1, 0x4
_RUN_FIELDS = (0x100, 0x200, 0x400, 0x800)
_MAX_RUN = 8 * 1024 * 1024
_A_PIECE = 16
"""So many samples of a fragment cost as much as one step of a walk."""


class Run(NamedTuple):
    """What one fragment holds of one track: number, clock of its first sample or None, length (both in ticks).

    `end` is the offset in the file behind its last sample, `samples` how many there are.
    """

    number: int
    track: int
    at: int | None
    ticks: int
    samples: int
    start: int
    end: int


class Defaults(NamedTuple):
    """Duration and size of a sample of which a fragment says nothing."""

    ticks: int = 0
    size_bytes: int = 0


def defaults(reader: BinaryIO, leaves: Iterable[Leaf]) -> dict[int, Defaults]:
    """Read the defaults of each track from its `trex`."""
    bodies = (body(reader, leaf.box, 24) for leaf in leaves if leaf.box.kind == b"trex")
    return {big(one, 4): Defaults(big(one, 12), big(one, 16)) for one in bodies}


def read_fragment(
    reader: BinaryIO, top: Box, seen: Tree, known: Mapping[int, Defaults], work: Work
) -> Iterator[Run]:
    """Yield what one `moof` holds, a run for each track in it."""
    number = next((big(body(reader, leaf.box, 8), 4) for leaf in seen.leaves if leaf.box.kind == b"mfhd"), 0)
    after = top.start
    for group in _groups(seen.leaves):
        head = next((body(reader, leaf.box, 40) for leaf in group if leaf.box.kind == b"tfhd"), b"")
        clock = next((body(reader, leaf.box, 12) for leaf in group if leaf.box.kind == b"tfdt"), None)
        at = None if clock is None else big(clock, 4, 8 if clock[:1] == b"\x01" else 4)
        track, given, base = _head(head, known)
        start = base if base is not None else top.start if big(head, 0) & _IS_MOOF else after
        made, held = Run(number, track, at, 0, 0, start, start), 0
        for leaf in group:
            if leaf.box.kind == b"trun":
                made = _extended(made, body(reader, leaf.box, _MAX_RUN), given, start)
                work.pieces(1 + (made.samples - held) // _A_PIECE)
                held = made.samples
        after = made.end
        yield made


def _groups(leaves: Sequence[Leaf]) -> list[list[Leaf]]:
    """The leaves of each `traf`: each begins with its header."""
    groups: list[list[Leaf]] = []
    for leaf in leaves:
        if leaf.box.kind == b"tfhd":
            groups.append([])
        if groups and leaf.path[-1].kind == b"traf":
            groups[-1].append(leaf)
    return groups


def _head(head: bytes, known: Mapping[int, Defaults]) -> tuple[int, Defaults, int | None]:
    flags, track, at = big(head, 0) & 0xFFFFFF, big(head, 4), 8
    given = known.get(track, Defaults())
    base = big(head, at, 8) if flags & _BASE else None
    at += 8 * bool(flags & _BASE) + 4 * bool(flags & _DESCRIPTION)
    if flags & _DURATION:
        given, at = given._replace(ticks=big(head, at)), at + 4
    if flags & _SIZE:
        given = given._replace(size_bytes=big(head, at))
    return track, given, base


def _extended(run: Run, table: bytes, given: Defaults, base: int) -> Run:
    flags, count, at = big(table, 0) & 0xFFFFFF, big(table, 4), 8
    start = run.end
    if flags & _RUN_OFFSET:
        start, at = base + int.from_bytes(table[at : at + 4], signed=True), at + 4
    at += 4 * bool(flags & _RUN_FIRST)
    has_ticks, has_size, has_flags, has_offset = (bool(flags & field) for field in _RUN_FIELDS)
    width = 4 * (has_ticks + has_size + has_flags + has_offset)
    count = min(count, max(0, len(table) - at) // width) if width else count
    ticks, size_bytes = count * given.ticks, count * given.size_bytes
    if count and width:
        rows = np.frombuffer(table, ">u4", count * width // 4, at).reshape(count, width // 4)
        ticks = int(rows[:, 0].sum(dtype=np.int64)) if has_ticks else ticks
        size_bytes = int(rows[:, int(has_ticks)].sum(dtype=np.int64)) if has_size else size_bytes
    first = start if not run.samples else run.start
    return run._replace(
        ticks=run.ticks + ticks, samples=run.samples + count, start=first, end=start + size_bytes
    )


def check_order(runs: Sequence[Run], scales: Mapping[int, int]) -> tuple[Note, ...]:
    """Hold numbers and clocks against each other: lost, doubled, swapped fragments; `scales` are ticks per second."""
    step = _usual_step(runs)
    met: list[Note] = []
    for track in sorted({run.track for run in runs}):
        own = [run for run in runs if run.track == track and run.samples]
        scale = scales.get(track) or 1
        met += _of_track(own, step, scale)
    # Two that are swapped look like one lost and one come back.
    return tuple(sorted(met, key=lambda one: one.code != "fragments-swapped"))


def _usual_step(runs: Sequence[Run]) -> int:
    """By how much the number of a fragment grows; 0 where writers do not number them."""
    numbers = [run.number for run in runs]
    steps = Counter(b - a for a, b in pairwise(numbers) if b != a)
    return max(steps, key=lambda one: (steps[one], -abs(one))) if steps else 0


def _of_track(own: Sequence[Run], step: int, scale: int) -> list[Note]:
    lengths = sorted(run.ticks for run in own)
    usual = lengths[len(lengths) // 2] if lengths else 0
    apart = _usual_apart(own, step)
    first = next((run.at for run in own if run.at is not None), None) or 0
    seen: set[tuple[int, int | None]] = set()
    met = []
    for before, run in pairwise(own):
        seen.add((before.number, before.at))
        hole = None if run.at is None or before.at is None else run.at - before.at - before.ticks
        code = _word(run, before, hole, usual, apart, is_known=(run.number, run.at) in seen)
        if code:
            ends = sorted(
                (((before.at or 0) + before.ticks - first) / scale, ((run.at or 0) - first) / scale)
            )
            begin, end = (max(0, round(one)) for one in ends)
            met.append(Note(code, {"from_seconds": begin, "to_seconds": end}))
    return met


def _usual_apart(own: Sequence[Run], step: int) -> int:
    """How far apart in number two fragments of one track usually are; 0 where numbers say nothing."""
    if not step:
        return 0
    apart = Counter(b.number - a.number for a, b in pairwise(own))
    return max(apart, key=lambda one: (apart[one], -abs(one))) if apart else step


def _word(run: Run, before: Run, hole: int | None, usual: int, apart: int, *, is_known: bool) -> str:
    """Name what lies between two fragments of one track, or nothing."""
    by = run.number - before.number
    if hole is None:
        return _by_number(by, apart, is_known=is_known)
    if is_known and hole < 0:
        return "fragments-doubled"
    if abs(hole) <= max(usual // 2, 1):
        return ""
    if hole > 0:
        return "fragments-clock-jump" if apart and by == apart else "fragments-missing"
    return "fragments-swapped" if by < 0 or not apart else "fragments-clock-jump"


def _by_number(by: int, apart: int, *, is_known: bool) -> str:
    """Without a clock the numbers alone speak."""
    if not apart or by == apart:
        return ""
    if is_known:
        return "fragments-doubled"
    return "fragments-missing" if by > apart else "fragments-swapped"


def seconds(runs: Sequence[Run], scales: Mapping[int, int]) -> float | None:
    """Length by the clock of the fragments: from the first of each track to its last, the longest of all tracks."""
    found = []
    for track in {run.track for run in runs}:
        own = [run for run in runs if run.track == track and run.at is not None]
        if own and scales.get(track):
            last = max((run.at or 0) + run.ticks for run in own)
            found.append((last - min(run.at or 0 for run in own)) / scales[track])
    return max(found, default=None)


def check_places(runs: Sequence[Run], spans: Sequence[tuple[int, int]], size_bytes: int) -> tuple[Note, ...]:
    """Find fragments whose samples do not lie in media data of this file."""
    beyond = sum(run.end > size_bytes or run.start < 0 for run in runs)
    if beyond:
        return (fault("index-outside", count=beyond, entries=len(runs)),)
    at = astray = 0
    for run in sorted(runs, key=lambda one: one.start):
        while at < len(spans) and spans[at][1] < run.end:
            at += 1
        astray += run.start != run.end and (at == len(spans) or run.start < spans[at][0])
    return (fault("index-astray", count=astray, entries=len(runs)),) if astray else ()
