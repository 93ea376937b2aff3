"""The points of a track as they are read: counted, measured and thinned in batches; none is held for long.

Every reader of tracks gives its points here, in 10^-7 degrees and microseconds since 1970 UTC. A batch of some
thousand points is one array operation, so that 10^6 points cost memory for one batch and a second of time.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemas.media import MAX_LINE_POINTS, BoundsE7, Track
from workers.media.work import Work

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

NO_TIME = int(np.iinfo(np.int64).min)
BATCH = 8192
MAX_LAT_E7, MAX_LON_E7 = 900_000_000, 1_800_000_000
_EARTH_M = 6_371_008
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_US, _LAST_US = -62_135_596_800_000_000, 253_402_300_799_999_999
"""The years 1 to 9999."""


class Batch(NamedTuple):
    """Points in the order of the file; `line` tells apart what is not joined, `number` counts from 1."""

    lat: Ints
    lon: Ints
    at: Ints
    line: Ints
    number: Ints

    def where(self, keep: NDArray[np.bool_]) -> "Batch":
        """Return the points that are to be kept."""
        return Batch(*(column[keep] for column in self))


class Watcher:
    """Looks at every batch; `batch` begins with the last point of the one before, if there was one."""

    def see(self, batch: Batch, metres: Floats) -> None:
        """Take points and the metres between each two of them."""
        raise NotImplementedError


class Fixes:
    """Takes points, marks and what was no point; gives the facts, and shows each batch to its watchers once.

    A mark is a point that no line goes through. A place at 0, 0 is what a receiver writes without a fix: counted, and
    never joined or drawn.
    """

    def __init__(self, work: Work, watchers: Sequence[Watcher] = ()) -> None:
        self._work = work
        self._watchers = watchers
        self.points = self.lines = self.marks = self.bad = self.bad_times = self.zeros = 0
        self._missed = 0
        self.first_bad: int | None = None
        self.first_zero: int | None = None
        self.metres = self.fastest = 0.0
        self.kept: list[tuple[int, int]] = []
        self._every = 1
        self._drawn = 0
        self._bounds: list[int] = []
        self._span: list[int] = []
        self._mark_span: list[int] = []
        self._rows: list[tuple[int, int, int, int, int]] = []
        self._last: Batch | None = None

    def begin(self) -> None:
        """Begin another line: what follows is not joined to what was before."""
        self.lines += 1

    def add(self, lat_e7: int, lon_e7: int, at_us: int = NO_TIME) -> None:
        """Take one point; one off the globe is counted as none."""
        self._work.pieces()
        self.points += 1
        if not _is_place(lat_e7, lon_e7):
            self._miss()
            return
        self._rows.append((lat_e7, lon_e7, at_us, self.lines, self.points))
        if len(self._rows) >= BATCH:
            self._flush()

    def add_many(self, lat: Ints, lon: Ints, at: Ints) -> None:
        """Take points of the line that was begun last; all of them are on the globe."""
        self._flush()
        count = len(lat)
        self._work.pieces(count)
        numbers = np.arange(self.points + 1, self.points + count + 1)
        self.points += count
        self._take(Batch(lat, lon, at, np.full(count, self.lines), numbers))

    def add_none(self) -> None:
        """Count a point whose place cannot be read."""
        self._work.pieces()
        self.points += 1
        self._miss()

    def mark(self, lat_e7: int, lon_e7: int, at_us: int = NO_TIME) -> None:
        """Take one mark."""
        self._work.pieces()
        self.marks += 1
        if not _is_place(lat_e7, lon_e7):
            self.bad += 1
            return
        self._bound(np.array([lat_e7]), np.array([lon_e7]))
        self._mark_span = _spanned(self._mark_span, np.array([at_us]))

    def mark_none(self) -> None:
        """Count a mark whose place cannot be read."""
        self._work.pieces()
        self.marks += 1
        self.bad += 1

    def finish(self) -> None:
        """Take what is left; nothing is added afterwards."""
        self._flush()

    def track(self) -> Track:
        """Return the facts; lengths are whole metres. A file of marks alone begins and ends with its marks."""
        south, north, west, east = self._bounds or (0, 0, 0, 0)
        start, end = self._span or self._mark_span or (None, None)
        return Track(
            points=self.points - self._missed,
            waypoints=self.marks or None,
            segments=self.lines,
            start_at=instant(start),
            end_at=instant(end),
            bounds_e7=BoundsE7(south=south, west=west, north=north, east=east) if self._bounds else None,
            length_m=round(self.metres),
            max_kmh=round(self.fastest) if self._span else None,
            line_e7=tuple(self.kept),
        )

    @property
    def is_timed(self) -> bool:
        """Some point of a line has a time."""
        return bool(self._span)

    @property
    def span_us(self) -> tuple[int, int] | None:
        """The first and the last time of the points, of the marks where no point has one."""
        found = self._span or self._mark_span
        return (found[0], found[1]) if found else None

    def _miss(self) -> None:
        self.bad += 1
        self._missed += 1
        self.first_bad = self.first_bad or self.points

    def _flush(self) -> None:
        if self._rows:
            columns = np.array(self._rows, np.int64).T
            self._rows.clear()
            self._take(Batch(*columns))

    def _take(self, batch: Batch) -> None:
        is_zero = (batch.lat == 0) & (batch.lon == 0)
        if is_zero.any():
            self.zeros += int(is_zero.sum())
            self.first_zero = self.first_zero or int(batch.number[is_zero][0])
            batch = batch.where(~is_zero)
        if not len(batch.lat):
            return
        self._bound(batch.lat, batch.lon)
        self._span = _spanned(self._span, batch.at)
        self._draw(batch)
        joined = batch if self._last is None else Batch(*map(_joined, self._last, batch))
        metres = distances_m(joined.lat, joined.lon)
        is_step = joined.line[1:] == joined.line[:-1]
        self.metres += float(metres[is_step].sum())
        self._hurry(joined, metres, is_step)
        for watcher in self._watchers:
            watcher.see(joined, metres)
        self._last = batch.where(np.arange(len(batch.lat)) == len(batch.lat) - 1)

    def _hurry(self, batch: Batch, metres: Floats, is_step: NDArray[np.bool_]) -> None:
        seconds = seconds_between(batch.at)
        slow = is_step & (seconds >= 1)
        if slow.any():
            self.fastest = max(self.fastest, float((3.6 * metres[slow] / seconds[slow]).max()))

    def _bound(self, lat: Ints, lon: Ints) -> None:
        found = [int(lat.min()), int(lat.max()), int(lon.min()), int(lon.max())]
        if self._bounds:
            found = [
                pick(pair)
                for pick, pair in zip((min, max) * 2, zip(found, self._bounds, strict=True), strict=True)
            ]
        self._bounds = found

    def _draw(self, batch: Batch) -> None:
        """Keep an evenly thinned line: every 1st point, then every 2nd, 4th … as the track grows."""
        first = -self._drawn % self._every
        self.kept += zip(
            batch.lat[first :: self._every].tolist(), batch.lon[first :: self._every].tolist(), strict=True
        )
        self._drawn += len(batch.lat)
        while len(self.kept) > MAX_LINE_POINTS:
            self.kept = self.kept[::2]
            self._every *= 2


def distances_m(lat: Ints, lon: Ints) -> Floats:
    """Return the great-circle metres between each two neighbours, as `schemas.agreement.distance_m` does for one."""
    north, east = np.radians(lat / 1e7), np.radians(lon / 1e7)
    arc = np.sin(np.diff(north) / 2) ** 2
    arc += np.cos(north[:-1]) * np.cos(north[1:]) * np.sin(np.diff(east) / 2) ** 2
    return np.asarray(2 * _EARTH_M * np.arcsin(np.sqrt(np.minimum(1.0, arc))), np.float64)


def seconds_between(at: Ints) -> Floats:
    """Return the seconds from each point to the next; NaN where one of them has no time."""
    known = np.where(at == NO_TIME, np.nan, at / 1e6)
    return np.asarray(np.diff(known), np.float64)


def instant(at_us: int | None) -> datetime | None:
    """Return a time of a track; absent outside the years that a calendar has."""
    if at_us is None or not _FIRST_US <= at_us <= _LAST_US:
        return None
    return _EPOCH + timedelta(microseconds=at_us)


def micros(at: datetime) -> int:
    """Return microseconds since 1970 of a time with a zone."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def e7(degrees: str | bytes | float) -> int | None:
    """Return 10^-7 degrees; None where it is no number."""
    try:
        return round(float(degrees) * 1e7)
    except (ValueError, OverflowError):
        return None


def _is_place(lat_e7: int, lon_e7: int) -> bool:
    return abs(lat_e7) <= MAX_LAT_E7 and abs(lon_e7) <= MAX_LON_E7


def _joined(before: Ints, after: Ints) -> Ints:
    return np.concatenate((before, after))


def _spanned(span: list[int], at: Ints) -> list[int]:
    known = at[at != NO_TIME]
    if not len(known):
        return span
    low, high = int(known.min()), int(known.max())
    return [min(span[0], low), max(span[1], high)] if span else [low, high]
