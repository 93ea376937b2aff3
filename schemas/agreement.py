"""Where a file and its manifest disagree about time and place.

Both are claims: the file's by its maker's firmware, the manifest's by the device key. A difference overwrites
neither; it is shown, because a picture of a picture carries the wrong one of the two.
"""

import math
from datetime import timedelta

from schemas.integrity import CheckResult, Severity, mismatch, verified
from schemas.manifest import CaptureManifest, Datum, Location
from schemas.media import Gps, MediaFacts

NEAR_M = 500
"""Metres that a fix from memory and a fresh one may lie apart, beyond the accuracy that both state."""

CLOSE = timedelta(minutes=2)
"""A shutter and the signing of its manifest are seconds apart; a clock set in between is caught elsewhere."""

_EARTH_M = 6_371_008
_WGS84_LIKE = frozenset({Datum.WGS84, Datum.CGCS2000})
"""CGCS2000 agrees with WGS 84 to centimetres; GCJ-02 and BD-09 would first have to be converted."""


def agreement(facts: MediaFacts, manifest: CaptureManifest) -> list[CheckResult]:
    """Compare what both sides state; where one is silent, or in another datum, no result is given.

    Returns:
        At most one result each for place_agrees (warn) and time_agrees (info: files are often handed in with
        the time of their copy, and both times are shown side by side anyway).
    """
    checks = []
    if facts.gps is not None and manifest.loc is not None and manifest.loc.crs in _WGS84_LIKE:
        checks.append(_place(facts.gps, manifest.loc))
    if facts.exif is not None and facts.exif.captured_at is not None:
        # The camera may know the network's time or the device's: the nearer of the two counts.
        stated = (manifest.captured_at, manifest.corrected_at)
        apart = min(abs(facts.exif.captured_at - at) for at in stated)
        checks.append(_time(apart))
    return checks


def _place(gps: Gps, loc: Location) -> CheckResult:
    metres = round(distance_m((gps.lat_e7, gps.lon_e7), (loc.lat_e7, loc.lon_e7)))
    allowed = NEAR_M + (loc.acc_cm + (gps.acc_cm or 0)) // 100
    if metres <= allowed:
        return verified("place_agrees")
    return mismatch("place_agrees", "exif-place-differs", severity=Severity.WARN, metres=metres)


def _time(apart: timedelta) -> CheckResult:
    if apart <= CLOSE:
        return verified("time_agrees")
    seconds = int(apart.total_seconds())
    return mismatch("time_agrees", "exif-time-differs", severity=Severity.INFO, seconds=seconds)


def distance_m(start: tuple[int, int], end: tuple[int, int]) -> float:
    """Return the great-circle distance in metres between two (lat, lon) pairs in degrees times 10^7."""
    lat1, lon1, lat2, lon2 = (math.radians(value / 10_000_000) for value in (*start, *end))
    arc = math.sin((lat2 - lat1) / 2) ** 2
    arc += math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * _EARTH_M * math.asin(math.sqrt(min(1.0, arc)))
