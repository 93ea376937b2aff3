"""The place that Exif states (CIPA DC-008, Exif 2.32, 4.6.6): as written, never moved to another datum.

What is not known is written as 0/0, or left at zero degrees both ways by a camera without a fix: neither is a place. One
axis of zero is one: people work on the equator.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from fractions import Fraction
from numbers import Rational
from typing import Any, NamedTuple

from schemas.media import Gps
from workers.media.metadata.exif_text import clean, maker_text

_LAT_REF, _LAT, _LON_REF, _LON, _ALT_REF, _ALT, _TIME, _DATUM, _DATE, _ERROR = 1, 2, 3, 4, 5, 6, 7, 18, 29, 31
_MAX_LAT, _MAX_LON = 900_000_000, 1_800_000_000
_SHIFTED = re.compile(r"GCJ[-_ ]?0?2|BD[-_ ]?0?9|MARS|火星|百度|BAIDU", re.IGNORECASE)
"""Names of the shifted datums of Chinese maps; a point in one of them lies half a kilometre off."""


class PlaceSeen(NamedTuple):
    """A place, and the finding about it: empty when it is one, None when none is stated."""

    gps: Gps | None = None
    code: str | None = None


def read_place(place: Mapping[int, Any]) -> PlaceSeen:
    """Return the stated place, and why it is none where it is not."""
    if _LAT not in place or _LON not in place:
        return PlaceSeen()
    if _is_unset(place[_LAT]) or _is_unset(place[_LON]):
        return PlaceSeen(code="exif-place-unset")
    lat = _degrees_e7(place[_LAT], place.get(_LAT_REF), negative="S")
    lon = _degrees_e7(place[_LON], place.get(_LON_REF), negative="W")
    if lat is None or lon is None or abs(lat) > _MAX_LAT or abs(lon) > _MAX_LON:
        return PlaceSeen(code="exif-place-impossible")
    if lat == lon == 0:
        return PlaceSeen(code="exif-place-zero")
    error = _scaled(place.get(_ERROR), 100)
    gps = Gps(
        lat_e7=lat,
        lon_e7=lon,
        alt_cm=_altitude(place),
        acc_cm=error if error is not None and error >= 0 else None,
        datum=maker_text(place.get(_DATUM, "")),
        fix_at=_fix_time(place),
    )
    return PlaceSeen(gps, "exif-datum-shifted" if _SHIFTED.search(gps.datum or "") else "")


def _is_unset(parts: object) -> bool:
    """Say that a rational is 0/0, or that nothing is written at all."""
    rationals = parts if isinstance(parts, tuple) else (parts,)
    return not rationals or any(
        isinstance(one, Rational) and not one.denominator and not one.numerator for one in rationals
    )


def _degrees_e7(parts: object, ref: object, *, negative: str) -> int | None:
    """Degrees, minutes, seconds as rationals; makers leave out trailing zeros and write 0/0 for unknown."""
    if not isinstance(parts, tuple) or not 1 <= len(parts) <= 3:  # noqa: PLR2004
        return None
    exact = [_fraction(part) for part in parts]
    if None in exact:
        return None
    degrees = sum(
        (part / 60**power for power, part in enumerate(p for p in exact if p is not None)), Fraction(0)
    )
    value = round(degrees * 10_000_000)
    return -value if (clean(ref) or "").upper().startswith(negative) else value


def _altitude(place: Mapping[int, Any]) -> int | None:
    value = _scaled(place.get(_ALT), 100)
    below = place.get(_ALT_REF) in {1, b"\x01"}
    return -value if value is not None and below else value


def _fix_time(place: Mapping[int, Any]) -> datetime | None:
    """GPSDateStamp and GPSTimeStamp are UTC (Exif 2.32, 4.6.6); one without the other is no time."""
    date, clock = clean(place.get(_DATE, "")), place.get(_TIME)
    if date is None or not isinstance(clock, tuple) or len(clock) != 3:  # noqa: PLR2004
        return None
    parts = [_scaled(part, 1) for part in clock]
    try:
        day = datetime.strptime(date, "%Y:%m:%d").replace(tzinfo=UTC)
        hour, minute, second = (part for part in parts if part is not None)
        return day.replace(hour=hour, minute=minute, second=second)
    except ValueError:
        return None


def _scaled(value: object, factor: int) -> int | None:
    exact = _fraction(value)
    scaled = None if exact is None else int(exact * factor)
    return scaled if scaled is not None and abs(scaled) < 2**31 else None


def _fraction(value: object) -> Fraction | None:
    """Pillow gives rationals, integers or floats; 0/0 and infinities are no number."""
    if not isinstance(value, Rational | float):
        return None
    try:
        if isinstance(value, float):
            return Fraction(value)
        return Fraction(int(value.numerator), int(value.denominator))
    except (ValueError, TypeError, ArithmeticError):
        return None
