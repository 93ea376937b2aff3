"""Track points that are written alike, to the byte: a logger's points differ in nothing but their digits.

One point is read by the grammar of `gpx_runs`; what follows in the same layout – every other byte the same, digits where
digits are – is then a grid of bytes, well-formed like the first. Digits that count are checked by what they are worth.
"""

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from workers.media.track.fixes import MAX_LAT_E7, MAX_LON_E7, Ints

_VALUE = re.compile(rb'>[^<>]*<|"[^"]*"')
"""Where digits may differ: in a text, or in the value of an attribute; names of elements are the same."""

_PLACE = re.compile(rb'<trkpt lat="([^"]*)" lon="([^"]*)"')
_TIME = re.compile(rb"<time>(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?Z</time>")
_FIRST, _MOST = 64, 2048
"""Points that are compared at once: few where a layout begins, and as many as stay near the processor."""

_WIDE = 15
"""Digits of a number that a float holds exactly."""

_E7_PLACES, _MICRO_PLACES = 7, 6
_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
"""Days of each month, counted from 1; the leap day is left to the parser."""

_NINE, _ZERO = 9, ord("0")


class Grid(NamedTuple):
    """Points of one layout: where they end, how many lines they go over, and their columns."""

    end: int
    lines: int
    lat: Ints
    lon: Ints
    at: Ints


class _Number(NamedTuple):
    """Where the digits of a number stand in its point, how many of them follow the dot, and whether it is negative."""

    places: tuple[int, ...]
    fraction: int = 0
    is_negative: bool = False


def grid_of(text: bytes, start: int, length: int, least: int) -> Grid | None:
    """Return the points laid out like the one of `length` bytes at `start`, which is one of the grammar.

    None where they are fewer than `least`, or where a number has more digits than are read here.
    """
    first = text[start : start + length]
    numbers = _numbers(first)
    rows = np.frombuffer(text, np.uint8, (len(text) - start) // length * length, start).reshape(-1, length)
    if numbers is None or len(rows) < least:
        return None
    low, wide = _bounds(first)
    lat, lon, at = list[Ints](), list[Ints](), list[Ints]()
    done, ahead = 0, _FIRST
    while done < len(rows):
        block = rows[done : done + ahead]
        wrong = (block - low > wide).reshape(-1)
        good = int(wrong.argmax()) // length if wrong.any() else len(block)
        values = _read(block[:good], numbers)
        good = min(good, len(values[0]))
        for column, value in zip((lat, lon, at), values, strict=True):
            column.append(value)
        done, ahead = done + good, min(_MOST, 4 * ahead)
        if good < len(block):
            break
    if done < least:
        return None
    lines = done * first.count(b"\n")
    return Grid(start + done * length, lines, np.concatenate(lat), np.concatenate(lon), np.concatenate(at))


def _bounds(first: bytes) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the least byte of each place, and by how much another may be more."""
    letters = np.frombuffer(first, np.uint8)
    is_free = np.zeros(len(first), np.bool_)
    for found in _VALUE.finditer(first):
        is_free[found.start() : found.end()] = True
    is_digit = is_free & (letters - np.uint8(_ZERO) <= _NINE)
    return np.where(is_digit, _ZERO, letters).astype(np.uint8), np.where(is_digit, _NINE, 0).astype(np.uint8)


def _numbers(first: bytes) -> tuple[_Number, ...] | None:
    """Find latitude, longitude, the six parts of the time, and what follows its dot."""
    place, time = _PLACE.search(first), _TIME.search(first)
    if place is None or time is None:
        return None
    made = [_number(first, *place.span(group)) for group in (1, 2)]
    made += [_number(first, *time.span(group)) for group in range(1, 7)]
    micro = time.span(7)
    made.append(_Number(tuple(range(micro[0], micro[1])[:_MICRO_PLACES])) if micro[0] >= 0 else _Number(()))
    return None if any(len(one.places) > _WIDE for one in made) else tuple(made)


def _number(first: bytes, start: int, end: int) -> _Number:
    places = tuple(at for at in range(start, end) if first[at : at + 1].isdigit())
    dot = first.find(b".", start, end)
    return _Number(places, end - dot - 1 if dot >= 0 else 0, first[start : start + 1] == b"-")


def _read(block: NDArray[np.uint8], numbers: tuple[_Number, ...]) -> tuple[Ints, Ints, Ints]:
    """Return latitude, longitude (10^-7 degrees) and time (microseconds since 1970) of all rows before one out of range."""
    places = [at for one in numbers for at in one.places]
    weights = np.zeros((len(places), len(numbers)))
    row = 0
    for column, one in enumerate(numbers):
        count = len(one.places)
        weights[row : row + count, column] = 10.0 ** np.arange(count - 1, -1, -1)
        row += count
    made = (block[:, places] - np.uint8(_ZERO)) @ weights
    lat, lon = (_e7(made[:, column], numbers[column]) for column in (0, 1))
    year, month, day, hour, minute, second, fraction = made[:, 2:].astype(np.int64).T
    fits = (np.abs(lat) <= MAX_LAT_E7) & (np.abs(lon) <= MAX_LON_E7) & (year > 0)
    fits &= (month >= 1) & (month <= 12) & (day >= 1) & (day <= _DAYS[np.clip(month, 0, 12)])  # noqa: PLR2004
    fits &= (hour < 24) & (minute < 60) & (second < 60)  # noqa: PLR2004 - of a day and its parts
    count = len(fits) if fits.all() else int(fits.argmin())
    months = ((year - 1970) * 12 + month - 1)[:count].astype("M8[M]")
    days = months.astype("M8[D]").astype(np.int64) + day[:count] - 1
    seconds = days * 86_400 + (hour * 3600 + minute * 60 + second)[:count]
    micros = fraction[:count] * 10 ** (_MICRO_PLACES - len(numbers[-1].places))
    return lat[:count], lon[:count], np.asarray(seconds * 1_000_000 + micros, np.int64)


def _e7(values: NDArray[np.float64], number: _Number) -> Ints:
    sign = -1.0 if number.is_negative else 1.0
    return np.asarray(np.rint(sign * values / 10.0**number.fraction * 1e7), np.int64)
