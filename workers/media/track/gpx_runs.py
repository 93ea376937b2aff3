"""Runs of ordinary track points, read as columns: most of a long GPX is the same element over and over.

A run is a part of a document that stands between two elements and holds nothing but whole points of one grammar, which
is narrower than XML: it is well-formed by that. What is outside of the grammar in any way is left to the parser.
"""

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from workers.media.track.fixes import Ints
from workers.media.track.gpx_grid import grid_of

_TEXT = rb"[^<>&\"\]\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xff]*"
_FRACTION = rb"(?:\.\d{1,18})?"
_LAT = rb"-?(?:[0-8]?\d" + _FRACTION + rb"|90(?:\.0{1,18})?)"
_LON = rb"-?(?:(?:1[0-7]\d|\d{1,2})" + _FRACTION + rb"|180(?:\.0{1,18})?)"
_READ = rb"(?!(?:[\w.-]+:)?(?:gpx|time|trkpt|rtept|wpt|trkseg|rte)>)"
_DATE = rb"(?!0000)\d{4}-(?!02-(?:29|3)|(?:0[469]|11)-31)(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
"""Every date that is in the calendar, but the leap day: that one is left to the parser."""
_TIME = rb"<time>" + _DATE + rb"T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?Z</time>"
DEGREES_WIDE = 17
"""Characters of a coordinate that are read; those after them are below 10^-12 degrees."""


def _leaves(group: int) -> bytes:
    return rb"(?:<(%s[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?)>%s</\%d>\s*)*" % (_READ, _TEXT, group)


_EXTENSIONS = rb"(?:<extensions>\s*" + _leaves(3) + rb"</extensions>\s*)?"
_POINT = (
    rb'\s*<trkpt lat="' + _LAT + rb'" lon="' + _LON + rb'">\s*'
    + _leaves(1) + _TIME + rb"\s*" + _leaves(2) + _EXTENSIONS + rb"</trkpt>"
)  # fmt: skip
_ONE = re.compile(_POINT)
_RUN = re.compile(rb"(?:" + _POINT + rb"){1,64}")
"""Of more points at once the matcher remembers too much; possessive quantifiers would not, and fail in Python 3.11.2."""
_GRID, _MANY, _RARELY = 64, 16, 8
"""From so many points on a layout is worth a grid; else so many matches are read at once, and seldom asked between."""

_LESS, _QUOTE, _DOT, _MINUS, _ZERO, _Z = b'<".-0Z'


class Run(NamedTuple):
    """Where it ends, how many lines it goes over, and its points."""

    end: int
    lines: int
    lat: Ints
    lon: Ints
    at: Ints


def run_of(text: bytes, start: int) -> Run | None:
    """Return the run of points that begins at `start`; None where there is none. Its values are in their ranges."""
    parts: list[Run] = []
    end, tries = start, 1
    while (found := _ONE.match(text, end)) is not None:
        grid = grid_of(text, end, found.end() - end, _GRID) if not len(parts) % tries else None
        parts.append(Run(*grid) if grid else _columns(text, end, _MANY))
        tries = 1 if grid else min(_RARELY, 2 * tries)
        end = parts[-1].end
    if not parts:
        return None
    lat, lon, at = (np.concatenate([part[column] for part in parts]) for column in (2, 3, 4))
    return Run(end, sum(part.lines for part in parts), lat, lon, at)


def _columns(text: bytes, start: int, most: int) -> Run:
    """Read points however each is laid out, the pieces of `most` matches; at least one begins at `start`."""
    end = start
    for _ in range(most):
        found = _RUN.match(text, end)
        if found is None:
            break
        end = found.end()
    letters = np.frombuffer(text, np.uint8, end - start, start)
    quotes = np.flatnonzero(letters == _QUOTE).reshape(-1, 4)
    lat = _degrees_e7(letters, quotes[:, 0] + 1, quotes[:, 1])
    lon = _degrees_e7(letters, quotes[:, 2] + 1, quotes[:, 3])
    at = _micros(letters, _times(letters))
    return Run(end, text.count(b"\n", start, end), lat, lon, at)


def _degrees_e7(letters: NDArray[np.uint8], start: Ints, end: Ints) -> Ints:
    """Read decimals column by column: all first characters, all second ones, and so on."""
    whole = np.zeros(len(start), np.float64)
    places = np.zeros(len(start), np.int64)
    dotted = np.zeros(len(start), np.bool_)
    for column in range(min(DEGREES_WIDE, int((end - start).max()))):
        at = start + column
        letter = letters[np.minimum(at, len(letters) - 1)]
        is_digit = (at < end) & (letter >= _ZERO)
        whole = np.where(is_digit, whole * 10 + (letter.astype(np.int64) - _ZERO), whole)
        places += is_digit & dotted
        dotted |= (at < end) & (letter == _DOT)
    sign = np.where(letters[start] == _MINUS, -1.0, 1.0)
    return np.asarray(np.rint(sign * whole / 10.0**places * 1e7), np.int64)


def _times(letters: NDArray[np.uint8]) -> Ints:
    """Return where the text of each time begins."""
    opened = np.flatnonzero(letters[:-6] == _LESS)
    for offset, letter in enumerate(b"time>", 1):
        opened = opened[letters[opened + offset] == letter]
    return opened + len(b"<time>")


def _number(letters: NDArray[np.uint8], at: Ints, digits: int) -> Ints:
    value = np.zeros(len(at), np.int64)
    for offset in range(digits):
        value = value * 10 + (letters[at + offset].astype(np.int64) - _ZERO)
    return value


def _micros(letters: NDArray[np.uint8], at: Ints) -> Ints:
    """Return microseconds since 1970."""
    year, month, day = _number(letters, at, 4), _number(letters, at + 5, 2), _number(letters, at + 8, 2)
    hour, minute, second = (_number(letters, at + offset, 2) for offset in (11, 14, 17))
    months = ((year - 1970) * 12 + month - 1).astype("M8[M]")
    days = months.astype("M8[D]").astype(np.int64) + day - 1
    whole = days * 86_400 + hour * 3600 + minute * 60 + second
    return np.asarray(whole * 1_000_000 + _fraction(letters, at + 19), np.int64)


def _fraction(letters: NDArray[np.uint8], at: Ints) -> Ints:
    """Return the microseconds after a dot, as many of its digits as there are."""
    value = np.zeros(len(at), np.int64)
    running = letters[at] == _DOT
    if not running.any():
        return value
    for column in range(1, 7):
        letter = letters[np.minimum(at + column, len(letters) - 1)]
        running &= letter != _Z
        value = value * 10 + np.where(running, letter.astype(np.int64) - _ZERO, 0)
    return value
