"""Where a track and its manifest disagree: the datum of its places, and the order of its times.

What is recognised is told and never set right: both sides are claims, and both are shown as they were written.
"""

import math
from collections.abc import Sequence

from schemas.area import to_segment
from schemas.checks.steps import TRACK_DATUM, TRACK_TIME_AGREES
from schemas.datum import Degrees, bd09_of, gcj02_of, gcj02_of_bd09, is_shifted, wgs84_of_gcj02
from schemas.integrity import Check, CheckResult, examines
from schemas.manifest import CaptureManifest, Datum
from schemas.media import MediaFacts
from schemas.tolerance import Tolerances

SHIFTED_TIMES = 4
"""A track is in another datum where the fix lies so many times nearer to it there."""

_METRES = math.radians(1) * 6_371_008
_E7 = 10_000_000

Line = Sequence[tuple[int, int]]


@examines(TRACK_DATUM)
def check_track_datum(
    check: Check, facts: MediaFacts, manifest: CaptureManifest, allowed: Tolerances
) -> CheckResult | None:
    """Look in which datum the manifest's fix lies on the track; where it lies on it in none, nobody can say."""
    loc, line = manifest.loc, facts.track.line_e7 if facts.track else ()
    if loc is None or not line:
        return None
    fix = _wgs84((loc.lat_e7 / _E7, loc.lon_e7 / _E7), loc.crs)
    if not is_shifted(fix):
        return None
    near = allowed.track_near_metres + loc.acc_cm // 100
    plain, gcj02 = _metres_to(fix, line), _metres_to(gcj02_of(fix), line)
    bd09 = _metres_to(bd09_of(gcj02_of(fix)), line)
    left = min(gcj02, bd09)
    if plain <= near:
        return check.held()
    if left > near or left * SHIFTED_TIMES > plain:
        return None
    code = "track-datum-gcj02" if gcj02 <= bd09 else "track-datum-bd09"
    return check.found(code, metres=round(plain), left=round(left))


@examines(TRACK_TIME_AGREES)
def check_track_time(
    check: Check, facts: MediaFacts, manifest: CaptureManifest, allowed: Tolerances
) -> CheckResult | None:
    """Say when a track begins after it was signed."""
    start = facts.track.start_at if facts.track else None
    if start is None:
        return None
    late = min((start - at).total_seconds() for at in (manifest.captured_at, manifest.corrected_at))
    if late <= allowed.track_late_seconds:
        return check.held()
    return check.found("track-time-after-signing", seconds=round(late))


def _wgs84(place: Degrees, crs: Datum) -> Degrees:
    if crs is Datum.BD09:
        return wgs84_of_gcj02(gcj02_of_bd09(place))
    return wgs84_of_gcj02(place) if crs is Datum.GCJ02 else place


def _metres_to(place: Degrees, line: Line) -> float:
    """Return metres from a place to the nearest part of a line, on a flat map around the place."""
    lat, lon = place
    wide = _METRES * math.cos(math.radians(lat))
    flat = [((north / _E7 - lat) * _METRES, (east / _E7 - lon) * wide) for north, east in line]
    pairs = zip(flat, flat[1:] or flat, strict=False)
    return min(to_segment(start, end) for start, end in pairs)
