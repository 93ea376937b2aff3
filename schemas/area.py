"""The area of an agency, as it draws it round itself, and the places of a recording that lie outside of it.

An area is a list of its settings: its corners in order, one an item, as `119.9612,30.2385` – longitude, latitude, in
degrees of WGS 84 or CGCS2000. Who says nothing has no area, and nothing is judged: borders are nobody's to guess.
"""

import math
import unicodedata
from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

from schemas.refusals_setting import SETTING_AREA

LEAST_CORNERS = 3
_E7 = 10_000_000
_METRES = math.radians(1) * 6_371_008
_WIDEST_LAT, _WIDEST_LON = 90.0, 180.0

Point = tuple[int, int]
"""Latitude and longitude in degrees times 10^7."""
Flat = tuple[float, float]
"""Metres to the north and to the east of a place."""


class Area(NamedTuple):
    """What lies within a line round an agency; no corner: nothing is known of it.

    Attributes:
        corners: In order; the last is joined to the first.
        near_m: So far outside a place still counts as within [setting].
    """

    corners: tuple[Point, ...] = ()
    near_m: int = 0


NOWHERE = Area()
"""Of an agency that drew none."""


def corner(item: str) -> Point | None:
    """Return the place of a corner as it is written; None where it is none.

    Longitude comes first, as maps of this country write it. A pair that cannot be so but could be the other way round,
    as `30.2,119.9`, is read that way: east of 90° a number is no latitude.
    """
    parts = unicodedata.normalize("NFKC", item).replace("、", ",").split(",")
    try:
        first, second = (float(part) for part in parts)
    except ValueError:
        return None
    lon, lat = (second, first) if abs(second) > _WIDEST_LAT else (first, second)
    if not (abs(lat) <= _WIDEST_LAT and abs(lon) <= _WIDEST_LON):
        return None
    return round(lat * _E7), round(lon * _E7)


def corner_meant(written: str) -> str:
    """Return a corner as it is kept, longitude first; what is none stays as it was written."""
    place = corner(written)
    return written if place is None else f"{place[1] / _E7},{place[0] / _E7}"


def is_corner(item: str) -> bool:
    """Say whether an item is a corner."""
    return corner(item) is not None


def check_ring(items: Sequence[str]) -> None:
    """Refuse corners that enclose no area: fewer than three, one twice, or sides that cross; none at all may be.

    Raises:
        Invalid: slug `setting-area`.
    """
    corners = corners_of(items)
    if not corners:
        return
    if len(set(corners)) < max(len(corners), LEAST_CORNERS):
        raise SETTING_AREA("an area has three corners at least, and none twice", corners=len(corners))
    sides = tuple(zip(corners, (*corners[1:], corners[0]), strict=True))
    for one, other in combinations(sides, 2):
        if not set(one) & set(other) and _cross(*one, *other):
            at = [1 + corners.index(one[0]), 1 + corners.index(other[0])]
            raise SETTING_AREA("the side behind one corner crosses the side behind another", corners=at)


def corners_of(items: Sequence[str]) -> tuple[Point, ...]:
    """Return the corners that items name."""
    return tuple(place for place in map(corner, items) if place is not None)


def area_of(items: Sequence[str], near_m: int) -> Area:
    """Return the area that the items of an agency's list enclose."""
    return Area(corners_of(items), near_m)


def metres_outside(place: Point, corners: Sequence[Point]) -> float:
    """Return metres from a place to the nearest side of an area, on a flat map around the place; 0 within."""
    lat, lon = place[0] / _E7, place[1] / _E7
    wide = _METRES * math.cos(math.radians(lat))
    flat = [((north / _E7 - lat) * _METRES, (east / _E7 - lon) * wide) for north, east in corners]
    sides = tuple(zip(flat, (*flat[1:], flat[0]), strict=True))
    return 0.0 if _is_within(sides) else min(to_segment(start, end) for start, end in sides)


def to_segment(start: Flat, end: Flat) -> float:
    """Return metres from the origin to a segment."""
    north, east = end[0] - start[0], end[1] - start[1]
    length = north * north + east * east
    along = -(start[0] * north + start[1] * east) / length if length else 0.0
    along = min(1.0, max(0.0, along))
    return math.hypot(start[0] + along * north, start[1] + along * east)


def _is_within(sides: Sequence[tuple[Flat, Flat]]) -> bool:
    """Say whether a ray from the origin to the east meets an odd number of sides."""
    met = 0
    for (north, east), (north_to, east_to) in sides:
        if (north > 0) != (north_to > 0):
            met += east - north * (east_to - east) / (north_to - north) > 0
    return met % 2 == 1


def _cross(one: Point, to_one: Point, other: Point, to_other: Point) -> bool:
    """Say whether two segments that share no end meet."""
    return (
        _turn(one, to_one, other) * _turn(one, to_one, to_other) <= 0
        and _turn(other, to_other, one) * _turn(other, to_other, to_one) <= 0
        and _is_beside(one, to_one, other, to_other)
    )


def _turn(start: Point, end: Point, place: Point) -> int:
    """Return 1 where a place lies to the left of a line, -1 to the right, 0 on it."""
    side = (end[1] - start[1]) * (place[0] - start[0]) - (end[0] - start[0]) * (place[1] - start[1])
    return (side > 0) - (side < 0)


def _is_beside(one: Point, to_one: Point, other: Point, to_other: Point) -> bool:
    """Say whether the boxes of two segments meet: of segments on one line only those do that touch."""
    return all(
        max(one[axis], to_one[axis]) >= min(other[axis], to_other[axis])
        and max(other[axis], to_other[axis]) >= min(one[axis], to_one[axis])
        for axis in (0, 1)
    )
