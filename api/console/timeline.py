"""The time picture of a case as geometry: one horizontal clock, a lane per device, steps as flags.

Pure functions over plain values; a template draws them as SVG.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from schemas.base import Frozen

WIDTH, LANE, TOP, LEFT, RIGHT = 1000, 30, 34, 150, 16
MIN_BAR = 6.0
_TICKS = tuple(
    timedelta(seconds=one)
    for one in (
        1,
        5,
        10,
        30,
        60,
        300,
        600,
        1800,
        3600,
        10_800,
        21_600,
        43_200,
        86_400,
        172_800,
        604_800,
        2_592_000,
    )
)
_MOST_TICKS = 8


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
    """A mark of the clock."""

    x: float
    at: datetime
    has_day: bool


class Timeline(Frozen):
    """The whole picture; `lanes` are names with their vertical middle."""

    width: int
    height: float
    left: int
    lanes: tuple[tuple[str, float], ...]
    bars: tuple[Bar, ...]
    poles: tuple[Pole, ...]
    ticks: tuple[Tick, ...]


def timeline(spans: Sequence[Span], flags: Sequence[Flag]) -> Timeline | None:
    """Lay out spans and flags on one clock; None when nothing has a time."""
    times = [*(one.start_at for one in spans), *(one.end_at for one in spans), *(one.at for one in flags)]
    if not times:
        return None
    first, last = min(times), max(times)
    margin = max((last - first) * 0.03, timedelta(seconds=30))
    first, last = first - margin, last + margin

    def x_of(at: datetime) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * ((at - first) / (last - first)), 1)

    names = list(dict.fromkeys(one.lane for one in sorted(spans, key=lambda one: one.start_at)))
    lanes = {name: TOP + LANE * (number + 0.5) for number, name in enumerate(names)}
    bottom = TOP + LANE * len(names)
    bars = tuple(
        Bar(
            x=x_of(one.start_at),
            y=lanes[one.lane],
            width=max(x_of(one.end_at) - x_of(one.start_at), MIN_BAR),
            span=one,
        )
        for one in spans
    )
    poles = _poles(flags, x_of)
    rows = 1 + max((pole.row for pole in poles), default=-1)
    return Timeline(
        width=WIDTH,
        height=bottom + 8 + 16 * rows,
        left=LEFT,
        lanes=tuple(lanes.items()),
        bars=bars,
        poles=poles,
        ticks=_ticks(first, last, x_of),
    )


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


def _ticks(first: datetime, last: datetime, x_of: Callable[[datetime], float]) -> tuple[Tick, ...]:
    step = next((one for one in _TICKS if (last - first) / one <= _MOST_TICKS), _TICKS[-1])
    local = timedelta(hours=8)
    seconds = step.total_seconds()
    start = -(-((first + local).timestamp()) // seconds) * seconds
    made = []
    at = datetime.fromtimestamp(start, first.tzinfo) - local
    day = None
    while at < last:
        shown = (at + local).date()
        made.append(Tick(x=x_of(at), at=at, has_day=shown != day))
        day = shown
        at += step
    return tuple(made)
