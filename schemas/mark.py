"""Where in a recording a finding lies: what a reviewer opens it on.

A place is what the check says in its parameters; it is never guessed from anything else. A finding about the whole file,
or about what lies beside it, has none.
"""

import re
from collections.abc import Mapping
from enum import StrEnum

from schemas.base import Frozen
from schemas.integrity import CheckResult


class MarkKind(StrEnum):
    """On what a finding opens."""

    TIME = "time"
    POINTS = "points"
    ROWS = "rows"
    TIMES_BESIDE = "times"
    PLACES_BESIDE = "places"


class Mark(Frozen):
    """Where a finding lies: milliseconds of a film or a sound, points of a track, rows of a picture as stored – from, to.

    `original` is the point at which a stretch begins that stands twice. What opens on values side by side has no range.
    """

    code: str
    kind: MarkKind
    start: int = 0
    end: int = 0
    original: int | None = None


_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")

_STEP = frozenset({"track-teleport", "track-jump", "track-harsh", "track-time-order", "track-time-backwards"})
"""Findings of a step: it leads to the point that they name, from the one before."""

_ENDS = {
    "pictures-stop": ("pictures", "sound"),
    "pictures-shorter": ("pictures", "sound"),
    "sound-shorter": ("sound", "pictures"),
    "sound-short": ("heard", "given"),
    "timing-length-short": ("found", "promised"),
}
"""Something ends too early: where it ends, and where it should have."""

_WHOLE = frozenset(
    {
        "content-black",
        "content-even",
        "content-blown",
        "sound-silent",
        "sound-off",
        "sound-gated",
        "sound-clipped",
    }
)
"""Of a film or a sound they are about all of it."""

TIMES = frozenset(
    {
        *("exif-time-differs", "exif-time-zone", "exif-time-far", "stated-time-early", "stated-time-late"),
        *("gps-week-rollover", "gps-time-differs", "exif-date-impossible", "exif-date-unset"),
        *("track-time-rollover", "track-time-old", "track-time-far", "track-time-after-signing"),
    }
)
PLACES = frozenset(
    {
        *("exif-place-differs", "exif-place-impossible", "exif-place-unset", "exif-place-zero"),
        *("exif-datum-shifted", "track-datum-gcj02", "track-datum-bd09"),
    }
)
"""Findings that say that two times or two places differ, or that one cannot be: they are shown side by side."""


def mark_of(check: CheckResult, duration_ms: int | None) -> Mark | None:
    """Return where a finding lies; None where it has no place, or where its version of the check did not say it."""
    code, told = check.code, check.params
    if code in TIMES or code in PLACES:
        return Mark(code=code, kind=MarkKind.TIMES_BESIDE if code in TIMES else MarkKind.PLACES_BESIDE)
    return _in_time(code, told, duration_ms) or _in_points(code, told) or _in_rows(code, told)


def _in_time(code: str, told: Mapping[str, object], duration_ms: int | None) -> Mark | None:
    names = _ENDS.get(code, ("from_seconds", "to_seconds"))
    start, end = (_milliseconds(told.get(name)) for name in names)
    if start is None:
        start = end = _milliseconds(told.get("at_seconds"))
    if start is None and code in _WHOLE and duration_ms:
        start, end = 0, duration_ms
    if start is None or end is None:
        return None
    return Mark(code=code, kind=MarkKind.TIME, start=min(start, end), end=max(start, end))


def _in_points(code: str, told: Mapping[str, object]) -> Mark | None:
    if not code.startswith("track-"):
        return None
    point, start, end = (_whole(told.get(name)) for name in ("point", "from", "to"))
    if point:
        return Mark(code=code, kind=MarkKind.POINTS, start=max(1, point - (code in _STEP)), end=point)
    if not start or not end:
        return None
    return Mark(code=code, kind=MarkKind.POINTS, start=start, end=end, original=_whole(told.get("original")))


def _in_rows(code: str, told: Mapping[str, object]) -> Mark | None:
    first, last = (_whole(told.get(name)) for name in ("first_row", "last_row"))
    if first is None or last is None:
        return None
    return Mark(code=code, kind=MarkKind.ROWS, start=first, end=last)


def _whole(value: object) -> int | None:
    """Take a whole number, also as a report keeps one that is long; anything else names no place."""
    found = _number(value)
    return int(found) if found is not None and found == int(found) else None


def _milliseconds(value: object) -> int | None:
    """Take seconds, whole or with a fraction as a report keeps it: as text."""
    found = _number(value)
    return None if found is None else round(found * 1000)


def _number(value: object) -> float | None:
    return float(str(value)) if not isinstance(value, bool) and _NUMBER.fullmatch(str(value)) else None
