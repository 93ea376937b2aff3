"""What a well-formed, well-signed manifest gives away when it is compared with what the server knows.

Every finding here is stored and shown; none refuses the manifest. A gap in `seq` may be a capture still on
its way, and evidence that shows an irregularity is still evidence.
"""

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from schemas.base import Frozen, Sha256Hex
from schemas.integrity import CheckResult, Severity, mismatch, not_checked, verified
from schemas.manifest import CaptureManifest, Datum, Location

FINDINGS = (
    "sequence-unknown",
    "sequence-gap",
    "sequence-fork",
    "clock-offset-warn",
    "clock-offset-large",
    "captured-in-future",
    "clock-mono-back",
    "officers-fewer-than-two",
    "officers-unknown-certificate",
    "officers-exception",
    "location-absent",
    "location-mock",
    "location-fix-in-future",
    "location-jump",
    "location-datum-gcj02",
    "location-datum-bd09",
)
"""Every code `manifest_findings` may give; each needs a sentence in Chinese and English."""

MIN_OFFICERS = 2
"""Administrative Penalty Law of the PRC, art. 42: not fewer than two officers."""

OFFSET_GOOD_MS = 5_000
OFFSET_LARGE_MS = 60_000
FUTURE_TOLERANCE = timedelta(seconds=5)
"""Beyond this and the clock's own uncertainty a capture lies in the future of its receipt."""

MAX_SPEED_MPS = 150 / 3.6
JUMP_SLACK_M = 500
_EARTH_RADIUS_M = 6_371_008
_E7_DEGREES = 10_000_000


class Previous(Frozen):
    """The nearest manifest of the same key with a smaller `seq`, or the enrolment (`seq` 0, challenge).

    `sibling_sha256` is another manifest of the key with the same `seq` as the one examined: it means a copied
    key or a restored phone. `manifest`, where at hand, lets times and places be compared as well.
    """

    seq: int
    sha256: Sha256Hex
    manifest: CaptureManifest | None = None
    sibling_sha256: Sha256Hex | None = None


class _Known(NamedTuple):
    previous: Previous | None
    received_at: datetime
    certificates: frozenset[str]


def manifest_findings(
    manifest: CaptureManifest,
    *,
    previous: Previous | None,
    received_at: datetime,
    known_certificates: frozenset[str],
) -> list[CheckResult]:
    """Compare a manifest with its predecessor, the server's clock and the register of certificates.

    Returns:
        One result each for manifest_sequence, clock, capture_time, officers and place, in this order.
    """
    known = _Known(previous, received_at, known_certificates)
    checks: tuple[Callable[[CaptureManifest, _Known], CheckResult], ...] = (
        _sequence,
        _clock,
        _capture_time,
        _officers,
        _place,
    )
    return [check(manifest, known) for check in checks]


def _sequence(manifest: CaptureManifest, known: _Known) -> CheckResult:
    name, previous = "manifest_sequence", known.previous
    if previous is None:
        return not_checked(name, "sequence-unknown", severity=Severity.WARN, seq=manifest.seq)
    if previous.sibling_sha256 is not None:
        return mismatch(name, "sequence-fork", seq=manifest.seq)
    if manifest.seq > previous.seq + 1:
        missing = manifest.seq - previous.seq - 1
        return mismatch(name, "sequence-gap", severity=Severity.WARN, seq=manifest.seq, missing=missing)
    if manifest.seq <= previous.seq or manifest.prev != previous.sha256:
        return mismatch(name, "sequence-fork", seq=manifest.seq)
    return verified(name, seq=manifest.seq)


def _clock(manifest: CaptureManifest, known: _Known) -> CheckResult:
    del known
    offset = manifest.clock.offset_ms
    if abs(offset) > OFFSET_LARGE_MS:
        return mismatch("clock", "clock-offset-large", severity=Severity.WARN, offset_ms=offset)
    if abs(offset) > OFFSET_GOOD_MS:
        return verified("clock", code="clock-offset-warn", severity=Severity.WARN, offset_ms=offset)
    return verified("clock", offset_ms=offset)


def _capture_time(manifest: CaptureManifest, known: _Known) -> CheckResult:
    allowed = FUTURE_TOLERANCE + timedelta(milliseconds=min(manifest.clock.uncertainty_ms, OFFSET_LARGE_MS))
    ahead = manifest.corrected_at - known.received_at
    if ahead > allowed:
        return mismatch("capture_time", "captured-in-future", ahead_seconds=int(ahead.total_seconds()))
    before = known.previous.manifest if known.previous else None
    if before and before.boot_id == manifest.boot_id and before.mono_ms > manifest.mono_ms:
        back_ms = before.mono_ms - manifest.mono_ms
        return mismatch("capture_time", "clock-mono-back", severity=Severity.WARN, back_ms=back_ms)
    return verified("capture_time")


def _officers(manifest: CaptureManifest, known: _Known) -> CheckResult:
    # Certificate numbers name persons: findings carry counts only.
    named = set(manifest.officers)
    unknown = len(named - known.certificates)
    if unknown:
        return mismatch("officers", "officers-unknown-certificate", severity=Severity.WARN, unknown=unknown)
    if len(named) >= MIN_OFFICERS:
        return verified("officers", officers=len(named))
    if manifest.exception is not None:
        article = manifest.exception.article
        return verified("officers", code="officers-exception", severity=Severity.INFO, article=article)
    return mismatch("officers", "officers-fewer-than-two", severity=Severity.WARN, officers=len(named))


def _place(manifest: CaptureManifest, known: _Known) -> CheckResult:
    loc = manifest.loc
    if loc is None:
        return not_checked("place", "location-absent")
    if loc.mock:
        return mismatch("place", "location-mock", severity=Severity.WARN)
    if loc.fix_at > manifest.captured_at + timedelta(milliseconds=OFFSET_LARGE_MS):
        return mismatch("place", "location-fix-in-future", severity=Severity.WARN)
    before = known.previous.manifest if known.previous else None
    if before and before.loc and _too_fast(before.loc, loc):
        metres = round(_distance_m(before.loc, loc))
        return mismatch("place", "location-jump", severity=Severity.WARN, distance_m=metres)
    if loc.crs in (Datum.GCJ02, Datum.BD09):
        return verified("place", code=f"location-datum-{loc.crs.lower()}", severity=Severity.INFO)
    return verified("place", crs=loc.crs.value)


def _too_fast(start: Location, end: Location) -> bool:
    if start.crs is not end.crs:  # a change of datum alone moves a point by half a kilometre
        return False
    slack_m = JUMP_SLACK_M + (start.acc_cm + end.acc_cm) / 100
    seconds = abs((end.fix_at - start.fix_at).total_seconds())
    return _distance_m(start, end) > slack_m + MAX_SPEED_MPS * seconds


def _distance_m(start: Location, end: Location) -> float:
    """Great-circle distance in metres by the haversine formula; good to 0.5 %."""
    lat1, lat2 = (math.radians(loc.lat_e7 / _E7_DEGREES) for loc in (start, end))
    lon = math.radians((end.lon_e7 - start.lon_e7) / _E7_DEGREES)
    arc = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(lon / 2) ** 2
    return 2 * _EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, arc)))
