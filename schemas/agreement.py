"""Where a file and its manifest disagree about time and place.

Both are claims: the file's by its maker's firmware, the manifest's by the device key. A difference overwrites
neither; it is shown, because a picture of a picture carries the wrong one of the two.
"""

import math
from datetime import datetime, timedelta

from schemas.checks.agreement import PLACE_AGREES, TIME_AGREES
from schemas.integrity import Check, CheckResult, examines
from schemas.manifest import CaptureManifest, Datum
from schemas.media import MediaFacts
from schemas.stated_time import local_time
from schemas.tolerance import Tolerances
from schemas.track_agreement import check_track_datum, check_track_time

CHINA = timedelta(hours=8)
_HOUR = timedelta(hours=1)
_WIDEST_HOURS = 14

_EARTH_M = 6_371_008
_WGS84_LIKE = frozenset({Datum.WGS84, Datum.CGCS2000})
"""CGCS2000 agrees with WGS 84 to centimetres; GCJ-02 and BD-09 would first have to be converted."""


def agreement(facts: MediaFacts, manifest: CaptureManifest, allowed: Tolerances) -> list[CheckResult]:
    """Compare what both sides state; where one is silent, or in another datum, no result is given.

    `allowed` is how far its agency lets them lie apart, as of the receipt.

    Returns:
        At most one result each for place_agrees (warn) and time_agrees (info up to a year: files are often handed in
        with the time of their copy, and both times are shown side by side anyway), and of tracks for track_datum and
        track_time_agrees (remarks).
    """
    made = (
        check_place_agrees(facts, manifest, allowed),
        check_time_agrees(facts, manifest, allowed),
        check_track_datum(facts, manifest, allowed),
        check_track_time(facts, manifest, allowed),
    )
    return [one for one in made if one is not None]


@examines(PLACE_AGREES)
def check_place_agrees(
    check: Check, facts: MediaFacts, manifest: CaptureManifest, allowed: Tolerances
) -> CheckResult | None:
    """Measure how far apart the two places are, beyond the accuracy that both state."""
    gps, loc = facts.gps, manifest.loc
    if gps is None or loc is None or loc.crs not in _WGS84_LIKE:
        return None
    metres = round(distance_m((gps.lat_e7, gps.lon_e7), (loc.lat_e7, loc.lon_e7)))
    near = allowed.place_apart_metres + (loc.acc_cm + (gps.acc_cm or 0)) // 100
    return check.held() if metres <= near else check.found("exif-place-differs", metres=metres)


@examines(TIME_AGREES)
def check_time_agrees(
    check: Check, facts: MediaFacts, manifest: CaptureManifest, allowed: Tolerances
) -> CheckResult | None:
    """Measure how far apart the two times are, and name a whole number of hours as what it looks like.

    The camera may know the network's time or the device's: the nearer of the two counts. A wall clock without a zone is
    no time that could be late; a year away, or hours off the time of this country, it says something all the same.
    """
    stated, is_zoned = _stated(facts)
    if stated is None:
        return None
    apart = min((stated - at for at in (manifest.captured_at, manifest.corrected_at)), key=abs)
    close = timedelta(seconds=allowed.time_apart_seconds)
    if abs(apart) <= close:
        return check.held()
    if abs(apart) >= timedelta(days=allowed.time_far_days):
        return check.found("exif-time-far", days=abs(apart).days)
    hours = round(apart / _HOUR)
    if 0 < abs(hours) <= _WIDEST_HOURS and abs(apart - hours * _HOUR) <= close:
        return check.found("exif-time-zone", hours=abs(hours))
    return check.found("exif-time-differs", seconds=int(abs(apart).total_seconds())) if is_zoned else None


def _stated(facts: MediaFacts) -> tuple[datetime | None, bool]:
    """Return the file's time, and whether it states its zone; without one it is read as this country's."""
    if facts.exif is not None and facts.exif.captured_at is not None:
        return facts.exif.captured_at, True
    local = local_time(facts)
    return (None if local is None else local - CHINA), False


def distance_m(start: tuple[int, int], end: tuple[int, int]) -> float:
    """Return the great-circle distance in metres between two (lat, lon) pairs in degrees times 10^7."""
    lat1, lon1, lat2, lon2 = (math.radians(value / 10_000_000) for value in (*start, *end))
    arc = math.sin((lat2 - lat1) / 2) ** 2
    arc += math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * _EARTH_M * math.asin(math.sqrt(min(1.0, arc)))
