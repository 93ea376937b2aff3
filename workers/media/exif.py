"""Exif facts of a still (CIPA DC-008, Exif 2.32): raw text kept, integers out, nothing guessed."""

import re
import struct
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from numbers import Rational
from typing import Any, NamedTuple

from PIL import Image

from schemas.checks.facts import EXIF, EXIF_PLACE, EXIF_TIME
from schemas.integrity import Check, CheckResult, examines
from schemas.media import MAX_TEXT, Exif, Gps

EXIF_ERRORS = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    ArithmeticError,
    struct.error,
)
"""What Pillow raises on a broken directory; each ends in the finding `exif-unreadable`."""

_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_MAKE, _MODEL, _ORIENTATION, _SOFTWARE = 0x010F, 0x0110, 0x0112, 0x0131
_TAKEN, _TAKEN_OFFSET, _TAKEN_SUBSEC = 0x9003, 0x9011, 0x9291
_LAT_REF, _LAT, _LON_REF, _LON, _ALT_REF, _ALT, _TIME, _DATUM, _DATE, _ERROR = 1, 2, 3, 4, 5, 6, 7, 18, 29, 31

_DATE_TIME = re.compile(r"(\d{4})[:\-/](\d{2})[:\-/](\d{2})[ T](\d{2}):(\d{2}):(\d{2})")
_OFFSET = re.compile(r"([+-])(\d{2}):(\d{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")
FIRST_YEAR, LAST_YEAR = 1990, 2100
"""A digital photo dated outside these years was dated by a clock that was never set."""


class ExifSeen(NamedTuple):
    """What the directories say, and how far they could be read.

    `code` is the finding of the exif check, empty when all was read. A time or a place is possible, impossible,
    or not stated (None).
    """

    exif: Exif | None = None
    gps: Gps | None = None
    code: str = ""
    is_time_possible: bool | None = None
    is_place_possible: bool | None = None


UNREADABLE = ExifSeen(code="exif-unreadable")


def clean(value: object) -> str | None:
    """Return text fit for storage: no control characters, at most `MAX_TEXT` characters, None when blank."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return _CONTROL.sub(" ", text).strip()[:MAX_TEXT].strip() or None


def read_exif(exif: Image.Exif) -> ExifSeen:
    """Return what the directories say and what is wrong with them."""
    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        try:
            main = dict(exif)
            taken, place = exif.get_ifd(_EXIF_IFD), exif.get_ifd(_GPS_IFD)
        except EXIF_ERRORS:
            return UNREADABLE
    if not (main or taken or place):
        return UNREADABLE if complaints else ExifSeen(code="exif-absent")
    facts, is_time_possible = _facts(main, taken)
    gps, is_place_possible = _gps(place)
    code = "exif-partly-unreadable" if complaints else ""
    return ExifSeen(facts, gps, code, is_time_possible, is_place_possible)


def exif_checks(seen: ExifSeen) -> list[CheckResult]:
    """Return every check of what a photo says about itself."""
    stated = (check_exif_time(seen), check_exif_place(seen))
    return [check_exif(seen), *(made for made in stated if made is not None)]


@examines(EXIF)
def check_exif(check: Check, seen: ExifSeen) -> CheckResult:
    """Say whether the directories could be read."""
    return check.found(seen.code) if seen.code else check.held()


@examines(EXIF_TIME)
def check_exif_time(check: Check, seen: ExifSeen) -> CheckResult | None:
    """Say whether the stated time can be one; a photo that states none claims nothing."""
    if seen.exif is None or seen.is_time_possible is None:
        return None
    raw = seen.exif.datetime_original
    return check.held() if seen.is_time_possible else check.found("exif-date-impossible", raw=raw)


@examines(EXIF_PLACE)
def check_exif_place(check: Check, seen: ExifSeen) -> CheckResult | None:
    """Say whether the stated place can be one; a photo that states none claims nothing."""
    if seen.is_place_possible is None:
        return None
    return check.held() if seen.is_place_possible else check.found("exif-place-impossible")


def parse_exif_time(text: str, offset: str | None) -> tuple[bool, datetime | None]:
    """Read an Exif date-time: (is it a possible time, the time in UTC when the offset is known).

    Hours of 24 and seconds of 60 are refused; offsets run from -12:00 to +14:00 (Exif 2.32, 4.6.5).
    """
    match = _DATE_TIME.match(text)
    if match is None:
        return False, None
    try:
        local = datetime(*(int(part) for part in match.groups()), tzinfo=UTC)  # type: ignore[misc, arg-type]
    except ValueError:
        return False, None
    if not FIRST_YEAR <= local.year < LAST_YEAR:
        return False, None
    shift = _offset(offset)
    return True, None if shift is None else local - shift


def _facts(main: Mapping[int, Any], taken: Mapping[int, Any]) -> tuple[Exif, bool | None]:
    raw = clean(taken.get(_TAKEN, ""))
    offset = clean(taken.get(_TAKEN_OFFSET, ""))
    # Blanks with colons mean "unknown" (Exif 2.32, 4.6.5): not a claim that could be wrong.
    blank = raw is None or not raw.strip(": ")
    possible, captured_at = (True, None) if blank else parse_exif_time(raw or "", offset)
    orientation = main.get(_ORIENTATION)
    facts = Exif(
        make=clean(main.get(_MAKE, "")),
        model=clean(main.get(_MODEL, "")),
        software=clean(main.get(_SOFTWARE, "")),
        datetime_original=raw,
        offset_original=offset,
        subsec_original=clean(taken.get(_TAKEN_SUBSEC, "")),
        orientation=orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else None,  # noqa: PLR2004
        captured_at=captured_at,
    )
    return facts, None if blank else possible


def _offset(text: str | None) -> timedelta | None:
    match = _OFFSET.fullmatch(text or "")
    if match is None:
        return None
    shift = timedelta(hours=int(match[2]), minutes=int(match[3]))
    signed = shift if match[1] == "+" else -shift
    return signed if timedelta(hours=-12) <= signed <= timedelta(hours=14) else None


def _gps(place: Mapping[int, Any]) -> tuple[Gps | None, bool | None]:
    if _LAT not in place or _LON not in place:
        return None, None
    lat = _degrees_e7(place[_LAT], place.get(_LAT_REF), negative="S")
    lon = _degrees_e7(place[_LON], place.get(_LON_REF), negative="W")
    if lat is None or lon is None or abs(lat) > 900_000_000 or abs(lon) > 1_800_000_000:  # noqa: PLR2004
        return None, False
    error = _scaled(place.get(_ERROR), 100)
    gps = Gps(
        lat_e7=lat,
        lon_e7=lon,
        alt_cm=_altitude(place),
        acc_cm=error if error is not None and error >= 0 else None,
        datum=clean(place.get(_DATUM, "")),
        fix_at=_fix_time(place),
    )
    return gps, True


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
