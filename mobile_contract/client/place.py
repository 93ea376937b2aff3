"""A position as a device states it, and the texts it is read from: what a person types, and ISO 6709."""

import re
from datetime import datetime
from typing import NamedTuple

E7 = 10_000_000
_ISO_6709 = re.compile(
    r"([+-]\d{1,2}(?:\.\d{1,12})?)([+-]\d{1,3}(?:\.\d{1,12})?)(?:[+-/C].*)?", re.ASCII | re.DOTALL
)


class Fix(NamedTuple):
    """A position in 1e-7 degrees, when it was taken, and by what; `at` is None where nobody says when."""

    lat_e7: int
    lon_e7: int
    at: datetime | None
    source: str


def fix_of(lat: float, lon: float, *, at: datetime | None, source: str) -> Fix:
    """Return the position of two numbers in degrees.

    Raises:
        ValueError: one is out of range, or none.
    """
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):  # noqa: PLR2004 - degrees
        raise ValueError("latitude or longitude is out of range")
    return Fix(round(lat * E7), round(lon * E7), at, source)


def parse_place(text: str) -> Fix:
    """Parse `LAT,LON` in decimal degrees of WGS 84; it holds for the time of the capture.

    Raises:
        ValueError: not two numbers in range.
    """
    lat, lon = (float(part) for part in text.split(","))
    return fix_of(lat, lon, at=None, source="manual")


def parse_iso_6709(text: str, *, source: str) -> Fix:
    """Parse `±DD.DDDD±DDD.DDDD` with an altitude or without (ISO 6709 annex H, the form of cameras).

    Raises:
        ValueError: another form, or out of range.
    """
    found = _ISO_6709.fullmatch(text.strip())
    if found is None:
        raise ValueError("not a position in degrees")
    return fix_of(float(found[1]), float(found[2]), at=None, source=source)
