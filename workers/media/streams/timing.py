"""Time stamps of a film: holes, places where the clock runs back, doubled ones, and lengths that differ.

Pictures are put into the order in which they are shown, so that reordered ones (B-frames) are none of it. A film whose
pictures come at no constant rate – phones in the dark, recorders of screens – has no holes that anybody could see.
"""

from collections import Counter
from collections.abc import Sequence
from heapq import heappush, heappushpop, nlargest, nsmallest
from typing import NamedTuple

from schemas.checks.timing import TIMING
from schemas.integrity import Check, CheckResult, examines
from workers.media.container import Note
from workers.media.streams.walk import Stamp
from workers.media.structure.walked import Length, Structure, fault, gravest

_REORDERED = 16
"""Pictures that may be sent before one shown earlier: what H.264 and H.265 allow."""

_KINDS, _HOLES = 256, 64
_CONSTANT = 0.9
"""So much of all distances between pictures are alike, within a quarter, in a film of constant rate."""

_LIKE = 0.25
_HOLE_S, _HOLE_FRAMES = 0.75, 5
_BEGIN_S = 3.0
"""A camera may take so long from its first picture to the second."""

_BACK_S, _BACK_SENT_S = 0.5, 0.25
"""By how much shown and sent times have to run back to be none of a writer's carelessness."""

_STRAY = 2
_FEW = 10
_LENGTH_S, _LENGTH_SHARE = 1.0, 0.05
_ABSURD, _ABSURD_S = 4, 60.0


class Hole(NamedTuple):
    """Nothing is shown between two times, in seconds from the beginning of the file on."""

    length_s: float
    from_s: float
    to_s: float


class Timing:
    """Listens to the packets of one stream; memory holds a few of them.

    `unit_s` is one tick of its clock, `start_s` where the clock of the file begins, in seconds. Of sound
    (`is_picture` is false) only the length is asked.
    """

    def __init__(self, unit_s: float, start_s: float, *, is_picture: bool) -> None:
        self._unit_s, self._start_s = unit_s, start_s
        self.is_picture = is_picture
        self._waiting: list[int] = []
        self._steps: Counter[int] = Counter()
        self._holes: list[tuple[int, int]] = []
        self._last: int | None = None
        self._sent: int | None = None
        self._first: int | None = None
        self._end = 0
        self.shown = self.doubled = 0
        self.doubled_at_s = 0.0
        self.back: Hole | None = None

    def told(self, stamp: Stamp) -> None:
        """Take one packet; one without a time of its own says nothing."""
        at = stamp.pts if stamp.pts is not None else stamp.dts
        if at is None:
            return
        self._first = at if self._first is None else min(at, self._first)
        self._end = max(self._end, at + stamp.duration)
        if not self.is_picture:
            return
        if stamp.dts is not None:
            if self._sent is not None and stamp.dts < self._sent:
                self._run_back(self._sent, stamp.dts, _BACK_SENT_S)
            self._sent = stamp.dts
        if len(self._waiting) < _REORDERED:
            heappush(self._waiting, at)
        else:
            self._show(heappushpop(self._waiting, at))

    def close(self) -> None:
        """Take what still waits for its turn."""
        for at in nsmallest(len(self._waiting), self._waiting):
            self._show(at)
        self._waiting.clear()

    def _show(self, at: int) -> None:
        self.shown += 1
        last, self._last = self._last, at
        if last is None:
            return
        step = at - last
        if step == 0:
            self.doubled_at_s = self.doubled_at_s if self.doubled else self._at_s(at)
            self.doubled += 1
        elif step < 0:
            self._run_back(last, at, _BACK_S)
        else:
            key = step if len(self._steps) < _KINDS or step in self._steps else 0
            self._steps[key] += 1
            heappush(self._holes, (step, last))
            if len(self._holes) > _HOLES:
                self._holes = nlargest(_HOLES // 2, self._holes)[::-1]

    def _run_back(self, last: int, at: int, least_s: float) -> None:
        by = (last - at) * self._unit_s
        if by >= least_s and (self.back is None or by > self.back.length_s):
            self.back = Hole(by, self._at_s(at), self._at_s(last))

    def _at_s(self, units: int) -> float:
        return max(0.0, units * self._unit_s - self._start_s)

    @property
    def usual(self) -> int:
        """The distance between two pictures that is met most, in units; 0 where there are too few."""
        steps = {step: count for step, count in self._steps.items() if step}
        if sum(self._steps.values()) < _FEW or not steps:
            return 0
        middle, seen = sum(steps.values()) / 2, 0
        for step in sorted(steps):
            seen += steps[step]
            if seen >= middle:
                return step
        return 0

    @property
    def is_constant(self) -> bool:
        """Pictures come at one rate."""
        usual = self.usual
        near = sum(count for step, count in self._steps.items() if abs(step - usual) <= usual * _LIKE)
        return bool(usual) and near >= _CONSTANT * sum(self._steps.values())

    def holes(self) -> list[Hole]:
        """Return the holes in a film of constant rate, the longest first."""
        usual = self.usual
        if not self.is_constant:
            return []
        return [
            Hole(step * self._unit_s, self._at_s(at), self._at_s(at + step))
            for step, at in sorted(self._holes, reverse=True)
            if step * self._unit_s >= (_HOLE_S if at != self._first else _BEGIN_S)
            and step >= _HOLE_FRAMES * usual
        ]

    @property
    def length_s(self) -> float:
        """From the first picture to the end of the last, in seconds."""
        return max(0, self._end - (self._first or 0)) * self._unit_s


@examines(TIMING)
def check_timing(check: Check, timings: Sequence[Timing], structure: Structure) -> CheckResult | None:
    """Say the gravest of what the clocks of all streams of pictures, and the lengths in the headers, gave."""
    for one in timings:
        one.close()
    met = [note for one in timings for note in _of_clock(one, structure)]
    met += [note for one in structure.lengths for note in _of_length(one)]
    if not any(one.shown for one in timings if one.is_picture):
        return None
    return gravest(check, tuple(met))


def _of_clock(one: Timing, structure: Structure) -> list[Note]:
    met = []
    if one.back is not None:
        met.append(fault("timing-runs-back", **_span(one.back)))
    holes = [] if structure.empty else one.holes()
    if holes:
        is_said = structure.has_pauses or any(
            met.code == "fragments-clock-jump" for met in structure.fragments_met or ()
        )
        code = "timing-pause" if is_said else "timing-hole"
        met.append(Note(code, {**_span(holes[0]), "count": len(holes)}))
    if one.doubled > _STRAY:
        met.append(fault("timing-doubled", count=one.doubled, at_seconds=int(one.doubled_at_s)))
    return met


def _of_length(length: Length) -> list[Note]:
    """A header that promises more than is there is told apart from one that was not brought up to date."""
    by = length.promised - length.found
    if abs(by) <= max(_LENGTH_S, _LENGTH_SHARE * length.promised):
        return []
    is_absurd = length.found > _ABSURD * length.promised and -by > _ABSURD_S
    code = (
        "timing-length-short" if by > 0 else "timing-length-absurd" if is_absurd else "timing-length-differs"
    )
    return [Note(code, {"promised": round(length.promised), "found": round(length.found)})]


def _span(hole: Hole) -> dict[str, int]:
    return {"from_seconds": int(hole.from_s), "to_seconds": round(hole.to_s)}
