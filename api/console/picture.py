"""Pictures as geometry: where a map's and a time line's marks fall. Templates draw them as SVG.

Pure functions over plain numbers: nothing here knows a request, a language or a colour.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from math import cos, floor, log10, radians

from schemas.base import Frozen

METRES_PER_DEGREE = 111_320.0
"""Length of one degree of latitude on a sphere of 40,075 km; the map is a sketch, not a survey."""

MAP_WIDTH, MAP_HEIGHT = 640, 360
_MIN_SPAN_METRES = 200.0
_MARGIN = 1.35
_E7 = 10_000_000
_NICE = (1, 2, 5, 10)


class MapPoint(Frozen):
    """A position to be marked: degrees times 10^7, accuracy in centimetres, and who says so."""

    lat_e7: int
    lon_e7: int
    accuracy_cm: int | None
    crs: str
    source: str


class Mark(Frozen):
    """A point on the map in pixels; `radius` is the accuracy circle, 0 when the accuracy is unknown."""

    x: float
    y: float
    radius: float
    point: MapPoint


class GridLine(Frozen):
    """A line of the graticule: pixel position and its degrees as text."""

    at: float
    text: str


class MapPicture(Frozen):
    """A local plane chart: north is up, one pixel is the same length in both directions."""

    width: int
    height: int
    marks: tuple[Mark, ...]
    line: str
    meridians: tuple[GridLine, ...]
    parallels: tuple[GridLine, ...]
    scale_pixels: float
    scale_metres: float
    datums: tuple[str, ...]


class _Frame(Frozen):
    west: float
    north: float
    per_lon: float
    per_lat: float

    def x(self, lon: float) -> float:
        return round((lon - self.west) * self.per_lon, 1)

    def y(self, lat: float) -> float:
        return round((self.north - lat) * self.per_lat, 1)


def map_picture(points: Sequence[MapPoint], line_e7: Sequence[Sequence[int]] = ()) -> MapPicture | None:
    """Lay out marks and a track; None when there is neither.

    Args:
        points: Positions to mark, each in its own datum; datums are named on the map, never converted.
        line_e7: Track of (lat, lon) pairs, degrees times 10^7.
    """
    lats = [p.lat_e7 / _E7 for p in points] + [pair[0] / _E7 for pair in line_e7]
    lons = [p.lon_e7 / _E7 for p in points] + [pair[1] / _E7 for pair in line_e7]
    if not lats:
        return None
    frame, metres_per_pixel = _frame(lats, lons, points)
    scale_metres = _nice_below(MAP_WIDTH / 4 * metres_per_pixel)
    return MapPicture(
        width=MAP_WIDTH,
        height=MAP_HEIGHT,
        marks=tuple(_mark(point, frame, metres_per_pixel) for point in points),
        line=" ".join(f"{frame.x(lon / _E7)},{frame.y(lat / _E7)}" for lat, lon in line_e7),
        meridians=_grid(frame.west, MAP_WIDTH / frame.per_lon, place=frame.x, letters="EW"),
        parallels=_grid(
            frame.north - MAP_HEIGHT / frame.per_lat,
            MAP_HEIGHT / frame.per_lat,
            place=frame.y,
            letters="NS",
        ),
        scale_pixels=round(scale_metres / metres_per_pixel, 1),
        scale_metres=scale_metres,
        datums=tuple(dict.fromkeys(point.crs for point in points)),
    )


def _frame(lats: Sequence[float], lons: Sequence[float], points: Sequence[MapPoint]) -> tuple[_Frame, float]:
    mid_lat, mid_lon = (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2
    shrink = max(cos(radians(mid_lat)), 0.01)  # at the poles a meridian degree has no width
    widest = max((point.accuracy_cm or 0) / 100 for point in points) if points else 0.0
    span_x = max((max(lons) - min(lons)) * METRES_PER_DEGREE * shrink, _MIN_SPAN_METRES, widest * 2)
    span_y = max((max(lats) - min(lats)) * METRES_PER_DEGREE, widest * 2)
    metres_per_pixel = _MARGIN * max(span_x / MAP_WIDTH, span_y / MAP_HEIGHT)
    per_lat = METRES_PER_DEGREE / metres_per_pixel
    per_lon = per_lat * shrink
    frame = _Frame(
        west=mid_lon - MAP_WIDTH / 2 / per_lon,
        north=mid_lat + MAP_HEIGHT / 2 / per_lat,
        per_lon=per_lon,
        per_lat=per_lat,
    )
    return frame, metres_per_pixel


def _mark(point: MapPoint, frame: _Frame, metres_per_pixel: float) -> Mark:
    radius = (point.accuracy_cm or 0) / 100 / metres_per_pixel
    return Mark(
        x=frame.x(point.lon_e7 / _E7),
        y=frame.y(point.lat_e7 / _E7),
        radius=round(radius, 1),
        point=point,
    )


def _grid(
    start: float, span: float, *, place: Callable[[float], float], letters: str
) -> tuple[GridLine, ...]:
    step = _nice_below(span / 3)
    digits = max(0, -floor(log10(step)))
    first = floor(start / step) + 1
    lines: list[GridLine] = []
    for position in range(first, first + int(span / step) + 1):
        degrees = position * step
        if degrees >= start + span:
            break
        letter = letters[0] if degrees >= 0 else letters[1]
        lines.append(GridLine(at=place(degrees), text=f"{abs(degrees):.{digits}f}°{letter}"))
    return tuple(lines)


def _nice_below(value: float) -> float:
    """Return the largest 1, 2 or 5 times a power of ten that is not above `value`."""
    power = 10.0 ** floor(log10(value))
    return max(step * power for step in _NICE if step * power <= value * (1 + 1e-9))


COURSE_WIDTH, COURSE_HEIGHT = 640, 64
_COURSE_EDGE = 70


class Station(Frozen):
    """One moment on the time line; `since` is the time since the station before, None for the first."""

    x: float
    name: str
    at: datetime
    since: timedelta | None


def course(moments: Sequence[tuple[str, datetime | None]]) -> tuple[Station, ...]:
    """Put moments on a line in the order of time, evenly spaced: gaps are written, not drawn to scale.

    A capture and its receipt may lie a second or a month apart; to scale, one of the two is unreadable.
    """
    known = sorted(((at, name) for name, at in moments if at is not None), key=lambda pair: pair[0])
    step = (COURSE_WIDTH - 2 * _COURSE_EDGE) / max(len(known) - 1, 1)
    return tuple(
        Station(
            x=round(_COURSE_EDGE + position * step, 1),
            name=name,
            at=at,
            since=None if position == 0 else at - known[position - 1][0],
        )
        for position, (at, name) in enumerate(known)
    )
