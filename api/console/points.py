"""The points of a track around those that a finding names: a chart of them, and a row for each with its speed."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import pairwise

from api.console.picture import MapPicture, MapPoint, map_picture
from schemas.agreement import distance_m
from schemas.base import Frozen
from schemas.mark import Mark, MarkKind
from schemas.media import Track, TrackPoint

_BESIDE = 3
"""Neighbours on either side."""

_ROWS = 24
"""Of a long stretch its beginning and its end are shown."""

_KMH = 3.6


class PointRow(Frozen):
    """A point, how it is reached from the one before, and whether the finding names it.

    `since`, `metres` and `kmh` are absent where the point before is not known, or one of them has no time.
    """

    point: TrackPoint
    is_named: bool
    since: timedelta | None = None
    metres: int | None = None
    kmh: int | None = None


class PointsView(Frozen):
    """What a finding of a track opens on; `leaps` are the lines of steps that it names, in pixels of the chart."""

    mark: Mark
    rows: tuple[PointRow, ...]
    chart: MapPicture
    leaps: tuple[tuple[float, float, float, float], ...]


def points_views(track: Track | None, marks: Iterable[Mark]) -> tuple[PointsView, ...]:
    """Return a view for each finding whose points were kept."""
    around = {one.number: one for one in _kept(track)}
    made = (_view(around, mark) for mark in marks if mark.kind is MarkKind.POINTS)
    return tuple(one for one in made if one is not None)


def _kept(track: Track | None) -> Sequence[TrackPoint]:
    """Return the points with their numbers; of a track verified before these were kept, those of a line not thinned."""
    if track is None or track.around is not None:
        return track.around or () if track else ()
    if len(track.line_e7) != track.points:
        return ()
    return [TrackPoint(number=n, lat_e7=lat, lon_e7=lon) for n, (lat, lon) in enumerate(track.line_e7, 1)]


def _view(around: dict[int, TrackPoint], mark: Mark) -> PointsView | None:
    named = set(range(mark.start, mark.end + 1)) if mark.end - mark.start < _ROWS else {mark.start, mark.end}
    wanted = {near for one in named for near in range(one - _BESIDE, one + _BESIDE + 1)}
    points = [around[number] for number in sorted(wanted & around.keys())]
    if not named & {one.number for one in points}:
        return None
    chart = map_picture([_spot(one, is_named=one.number in named) for one in points])
    if chart is None:
        return None
    rows = (PointRow(point=points[0], is_named=points[0].number in named), *_steps(points, named))
    return PointsView(mark=mark, rows=rows, chart=chart, leaps=_leaps(points, named, chart))


def _steps(points: Sequence[TrackPoint], named: set[int]) -> Iterable[PointRow]:
    for before, here in pairwise(points):
        is_next = here.number == before.number + 1
        metres = distance_m((before.lat_e7, before.lon_e7), (here.lat_e7, here.lon_e7))
        since = here.at - before.at if here.at is not None and before.at is not None else None
        took = since.total_seconds() if since is not None else 0.0
        yield PointRow(
            point=here,
            is_named=here.number in named,
            since=since if is_next else None,
            metres=round(metres) if is_next else None,
            kmh=round(_KMH * metres / took) if is_next and took > 0 else None,
        )


def _leaps(
    points: Sequence[TrackPoint], named: set[int], chart: MapPicture
) -> tuple[tuple[float, float, float, float], ...]:
    pairs = pairwise(zip(points, chart.marks, strict=True))
    return tuple(
        (before.x, before.y, here.x, here.y)
        for (one, before), (other, here) in pairs
        if {one.number, other.number} <= named and other.number == one.number + 1
    )


def _spot(point: TrackPoint, *, is_named: bool) -> MapPoint:
    return MapPoint(
        lat_e7=point.lat_e7,
        lon_e7=point.lon_e7,
        accuracy_cm=None,
        crs="WGS84",
        source="named" if is_named else "beside",
    )
