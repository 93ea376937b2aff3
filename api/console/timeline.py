"""The time picture of a case as geometry: one horizontal clock, a lane per device, steps as flags.

A case is recorded in an hour and decided after weeks. To scale, the hour would be a line of one pixel: so the clock
runs only while something happens, and every idle stretch is a break of the same width that says how long it was.

Pure functions over plain values; a template draws them as SVG.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from itertools import pairwise

from schemas.base import Frozen

WIDTH, LANE, TOP, LEFT, RIGHT = 1000, 30, 34, 150, 16
MIN_BAR = 6.0
BREAK, MIN_PART, PAD = 24.0, 90.0, 12.0
MOST_PARTS = 7
"""Seven parts of the least width, with their breaks, still fit."""

IDLE = timedelta(hours=2)
_LABEL = 70.0
_ZONE = timezone(timedelta(hours=8))
_MIDNIGHT = datetime(2026, 1, 5, tzinfo=_ZONE)
"""Round times are whole steps from here: a Monday, for steps of a week."""

_STEPS = tuple(
    timedelta(seconds=one)
    for one in (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800)
)


class Span(Frozen):
    """Something that happened: in which lane, from when to when, what it is and where it leads."""

    lane: str
    start_at: datetime
    end_at: datetime
    label: str
    href: str
    kind: str


class Flag(Frozen):
    """A step at one moment."""

    at: datetime
    label: str


class Bar(Frozen):
    """A span in pixels."""

    x: float
    y: float
    width: float
    span: Span


class Pole(Frozen):
    """A flag in pixels; `row` keeps neighbours apart, `is_left` lets a text at the edge run to the left."""

    x: float
    row: int
    is_left: bool
    flag: Flag


class Tick(Frozen):
    """A mark of the clock; day and year are written where they are new, seconds where minutes say too little."""

    x: float
    at: datetime
    has_day: bool
    has_year: bool
    has_seconds: bool


class Break(Frozen):
    """An idle stretch: the middle of its gap in pixels, and how long it was."""

    x: float
    length: timedelta


class Timeline(Frozen):
    """The whole picture; `lanes` are names with their vertical middle, `holes` what is hatched between bars."""

    width: int
    height: float
    bottom: float
    left: int
    lanes: tuple[tuple[str, float], ...]
    bars: tuple[Bar, ...]
    holes: tuple[Bar, ...]
    poles: tuple[Pole, ...]
    ticks: tuple[Tick, ...]
    breaks: tuple[Break, ...]


class _Part(Frozen):
    """A stretch in which something happens; `x` to `x_end` are its pixels without padding."""

    start: datetime
    end: datetime
    x: float = 0.0
    x_end: float = 0.0

    def x_of(self, at: datetime) -> float:
        length = (self.end - self.start) or timedelta(seconds=1)
        return round(self.x + (self.x_end - self.x) * ((at - self.start) / length), 1)


def timeline(spans: Sequence[Span], flags: Sequence[Flag], holes: Sequence[Span] = ()) -> Timeline | None:
    """Lay out spans and flags on one clock; None when nothing has a time.

    Args:
        spans: What was recorded.
        flags: Steps.
        holes: What is missing: in lanes of `spans`, from the end of one to the start of another.
    """
    busy = [(min(one.start_at, one.end_at), max(one.start_at, one.end_at)) for one in spans]
    busy += [(one.at, one.at) for one in flags]
    if not busy:
        return None
    parts = _placed(_parts(busy))

    def x_of(at: datetime) -> float:
        return next(part for part in reversed(parts) if part.start <= at).x_of(at)

    names = list(dict.fromkeys(one.lane for one in sorted(spans, key=lambda one: one.start_at)))
    lanes = {name: TOP + LANE * (number + 0.5) for number, name in enumerate(names)}

    def bars_of(many: Sequence[Span]) -> tuple[Bar, ...]:
        return tuple(
            Bar(
                x=x_of(one.start_at),
                y=lanes[one.lane],
                width=max(round(x_of(one.end_at) - x_of(one.start_at), 1), MIN_BAR),
                span=one,
            )
            for one in many
        )

    poles = _poles(flags, x_of)
    bottom = TOP + LANE * len(names)
    rows = 1 + max((pole.row for pole in poles), default=-1)
    return Timeline(
        width=WIDTH,
        height=bottom + 8 + 16 * rows,
        bottom=bottom,
        left=LEFT,
        lanes=tuple(lanes.items()),
        bars=bars_of(spans),
        holes=bars_of(holes),
        poles=poles,
        ticks=_ticks(parts),
        breaks=tuple(
            Break(x=after.x - PAD - BREAK / 2, length=after.start - before.end)
            for before, after in pairwise(parts)
        ),
    )


def _parts(busy: Sequence[tuple[datetime, datetime]]) -> list[_Part]:
    """Return the stretches between idle times; what counts as idle grows until they fit side by side."""
    idle = IDLE
    while len(parts := _merged(busy, idle)) > MOST_PARTS:
        idle *= 2
    return parts


def _merged(busy: Sequence[tuple[datetime, datetime]], idle: timedelta) -> list[_Part]:
    parts: list[_Part] = []
    for start, end in sorted(busy):
        if parts and start - parts[-1].end <= idle:
            parts[-1] = _Part(start=parts[-1].start, end=max(parts[-1].end, end))
        else:
            parts.append(_Part(start=start, end=end))
    return parts


def _placed(parts: Sequence[_Part]) -> list[_Part]:
    """Give every part the least width, and share out the rest by length."""
    room = WIDTH - LEFT - RIGHT - BREAK * (len(parts) - 1) - MIN_PART * len(parts)
    total = sum((part.end - part.start for part in parts), timedelta())
    placed, x = [], float(LEFT)
    for part in parts:
        share = (part.end - part.start) / total if total else 1 / len(parts)
        width = MIN_PART + room * share
        placed.append(_Part(start=part.start, end=part.end, x=x + PAD, x_end=x + width - PAD))
        x += width + BREAK
    return placed


def _poles(flags: Sequence[Flag], x_of: Callable[[datetime], float]) -> tuple[Pole, ...]:
    made: list[Pole] = []
    ends: list[float] = []
    for flag in sorted(flags, key=lambda one: one.at):
        x = x_of(flag.at)
        needed = 14.0 * len(flag.label) + 12
        is_left = x + needed > WIDTH
        start = x - needed if is_left else x
        row = next((number for number, end in enumerate(ends) if start > end), len(ends))
        if row == len(ends):
            ends.append(0.0)
        ends[row] = start + needed
        made.append(Pole(x=x, row=row, is_left=is_left, flag=flag))
    return tuple(made)


def _ticks(parts: Sequence[_Part]) -> tuple[Tick, ...]:
    """Mark the start of every part, and round times within where there is room to write them."""
    made: list[Tick] = []
    before: datetime | None = None
    for part in parts:
        step = _step(part)
        is_fine = step is not None and step < timedelta(minutes=1)
        for at in (part.start, *_round_times(part, step)):
            local = at.astimezone(_ZONE)
            has_day = before is None or local.date() != before.date()
            has_year = before is not None and local.year != before.year
            x = part.x_of(at)
            made.append(Tick(x=x, at=at, has_day=has_day, has_year=has_year, has_seconds=is_fine))
            before = local
    if made and any(tick.has_year for tick in made):
        made[0] = made[0].model_copy(update={"has_year": True})
    return tuple(made)


def _step(part: _Part) -> timedelta | None:
    length, pixels = part.end - part.start, part.x_end - part.x
    return next((one for one in _STEPS if length and pixels * (one / length) >= _LABEL), None)


def _round_times(part: _Part, step: timedelta | None) -> list[datetime]:
    if step is None:
        return []
    at = part.start + step - (part.start - _MIDNIGHT) % step
    found = []
    while at <= part.end:
        if part.x_of(at) - part.x >= _LABEL:
            found.append(at)
        at += step
    return found
