"""A film or a sound as a line of time: a lane for each kind of what was met, and one for the findings.

Pure functions over plain numbers; a template draws the lanes as SVG that is as wide as its page.
"""

from collections.abc import Sequence

from schemas.base import Frozen
from schemas.mark import Mark, MarkKind
from schemas.media import Stretch, StretchKind

WIDTH = 1000
_LEAST = 8
"""A moment is drawn so wide: on a phone these are two pixels."""

_MS = 1000
_TICKS = 4


class FilmBar(Frozen):
    """Something on a lane: from where, how wide, and the seconds that it stands for; `code` where it is a finding."""

    x: float
    width: float
    from_seconds: float
    to_seconds: float
    code: str = ""


class Lane(Frozen):
    """Bars of one kind; the lane of the findings has none."""

    kind: StretchKind | None
    bars: tuple[FilmBar, ...]


class FilmLine(Frozen):
    """The lanes of a film, how long it is, and the seconds at which its ticks stand, from the first to the last."""

    seconds: float
    lanes: tuple[Lane, ...]
    ticks: tuple[float, ...]


def film_line(length_ms: int | None, marks: Sequence[Mark], stretches: Sequence[Stretch]) -> FilmLine | None:
    """Lay out a film; None where nothing that was met has a place in time, or nobody knows how long it is."""
    timed = [one for one in marks if one.kind is MarkKind.TIME]
    ends = [one.end / _MS for one in timed] + [one.to_ms / _MS for one in stretches]
    if not ends or not (length_ms or max(ends)):
        return None
    length = max((length_ms or 0) / _MS, *ends)
    told = tuple(_bar(one.start / _MS, one.end / _MS, length, one.code) for one in timed)
    lanes = [Lane(kind=None, bars=told)] if told else []
    for kind in StretchKind:
        met = [one for one in stretches if one.kind is kind]
        if met:
            bars = tuple(_bar(one.from_ms / _MS, one.to_ms / _MS, length) for one in met)
            lanes.append(Lane(kind=kind, bars=bars))
    ticks = tuple(length * number / _TICKS for number in range(_TICKS + 1))
    return FilmLine(seconds=length, lanes=tuple(lanes), ticks=ticks)


def _bar(start: float, end: float, length: float, code: str = "") -> FilmBar:
    width = max(_LEAST, (end - start) / length * WIDTH)
    x = min(start / length * WIDTH, WIDTH - width)
    return FilmBar(x=round(x, 1), width=round(width, 1), from_seconds=start, to_seconds=end, code=code)
