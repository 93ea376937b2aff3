"""Places in the shifted datums of China, as they are published by nobody and used by everybody.

GCJ-02 moves a place of WGS 84 by up to some hundred metres, BD-09 moves that again. Both are known from their public
reimplementations, which agree to centimetres; outside of China nothing is moved. Nothing here corrects a place: it is
worked out where a place would lie, to say in which datum another was written.
"""

import math

_A, _EE = 6_378_245.0, 0.00669342162296594323
"""Krasovsky 1940."""
_SOUTH, _NORTH, _WEST, _EAST = 0.8293, 55.8271, 72.004, 137.8347
_BD = math.pi * 3000 / 180

Degrees = tuple[float, float]
"""Latitude and longitude."""


def is_shifted(place: Degrees) -> bool:
    """The datums of China move this place: it lies in the box in which they are defined."""
    return _SOUTH <= place[0] <= _NORTH and _WEST <= place[1] <= _EAST


def gcj02_of(place: Degrees) -> Degrees:
    """Return where a place of WGS 84 lies in GCJ-02."""
    lat, lon = place
    if not is_shifted(place):
        return place
    north, east = _north(lon - 105, lat - 35), _east(lon - 105, lat - 35)
    magic = 1 - _EE * math.sin(math.radians(lat)) ** 2
    north = north * 180 / (_A * (1 - _EE) / (magic * math.sqrt(magic)) * math.pi)
    east = east * 180 / (_A / math.sqrt(magic) * math.cos(math.radians(lat)) * math.pi)
    return lat + north, lon + east


def bd09_of(place: Degrees) -> Degrees:
    """Return where a place of GCJ-02 lies in BD-09."""
    lat, lon = place
    radius = math.hypot(lon, lat) + 0.00002 * math.sin(lat * _BD)
    angle = math.atan2(lat, lon) + 0.000003 * math.cos(lon * _BD)
    return radius * math.sin(angle) + 0.006, radius * math.cos(angle) + 0.0065


def wgs84_of_gcj02(place: Degrees) -> Degrees:
    """Return the place of WGS 84 that lies here in GCJ-02, to a millimetre: each turn takes back what is left over."""
    lat, lon = place
    for _ in range(10):
        there = gcj02_of((lat, lon))
        lat, lon = lat + place[0] - there[0], lon + place[1] - there[1]
    return lat, lon


def gcj02_of_bd09(place: Degrees) -> Degrees:
    """Return the place of GCJ-02 that lies here in BD-09, in the same way."""
    lat, lon = place
    for _ in range(10):
        there = bd09_of((lat, lon))
        lat, lon = lat + place[0] - there[0], lon + place[1] - there[1]
    return lat, lon


def _north(x: float, y: float) -> float:
    found = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + _waves(x)
    found += (20 * math.sin(y * math.pi) + 40 * math.sin(y / 3 * math.pi)) * 2 / 3
    return found + (160 * math.sin(y / 12 * math.pi) + 320 * math.sin(y * math.pi / 30)) * 2 / 3


def _east(x: float, y: float) -> float:
    found = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + _waves(x)
    found += (20 * math.sin(x * math.pi) + 40 * math.sin(x / 3 * math.pi)) * 2 / 3
    return found + (150 * math.sin(x / 12 * math.pi) + 300 * math.sin(x / 30 * math.pi)) * 2 / 3


def _waves(x: float) -> float:
    return (20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)) * 2 / 3
