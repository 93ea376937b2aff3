"""What a well-formed, well-signed manifest gives away when it is compared with what the server knows.

Every finding here is stored and shown; none refuses the manifest. A gap in `seq` may be a capture still on
its way, and evidence that shows an irregularity is still evidence.
"""

import math
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from schemas.base import Frozen, Sha256Hex
from schemas.checks.manifest import CAPTURE_TIME, CLOCK, PLACE, SEQUENCE
from schemas.integrity import Check, CheckResult, examines
from schemas.manifest import CaptureManifest, Datum, Location
from schemas.officer import NamedOfficer, check_officers
from schemas.tolerance import Tolerances

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


class ClockLimits(NamedTuple):
    """Beyond `good_ms` a clock's error is told, beyond `large_ms` somebody explains it: settings of the agency."""

    good_ms: int
    large_ms: int


class _Known(NamedTuple):
    previous: Previous | None
    received_at: datetime
    clock: ClockLimits
    allowed: Tolerances
    is_quoted: bool | None = None


def manifest_findings(
    manifest: CaptureManifest,
    *,
    previous: Previous | None,
    received_at: datetime,
    officers: Collection[NamedOfficer],
    clock: ClockLimits,
    allowed: Tolerances,
    is_quoted: bool | None = None,
) -> list[CheckResult]:
    """Compare a manifest with its predecessor, the server's clock and the register of certificates.

    `officers` is what the register knows of the certificates it names, as of its corrected time;
    `clock` how far off its agency takes a clock, as of that time, `allowed` what else it allows, as of the receipt;
    `is_quoted` whether the checkpoint that it quotes is of the log, None where it quotes none, or another log's.

    Returns:
        One result each for manifest_sequence, clock, capture_time, officers and place, in this order.
    """
    known = _Known(previous, received_at, clock, allowed, is_quoted)
    return [
        check_sequence(manifest, known),
        check_clock(manifest, known),
        check_capture_time(manifest, known),
        check_officers(manifest, officers),
        check_place(manifest, known),
    ]


@examines(SEQUENCE)
def check_sequence(check: Check, manifest: CaptureManifest, known: _Known) -> CheckResult:
    """Compare the number and the predecessor's digest with what was declared before."""
    previous = known.previous
    if previous is None:
        return check.found("sequence-unknown", seq=manifest.seq)
    if previous.sibling_sha256 is not None:
        return check.found("sequence-fork", seq=manifest.seq)
    if manifest.seq > previous.seq + 1:
        return check.found("sequence-gap", seq=manifest.seq, missing=manifest.seq - previous.seq - 1)
    if manifest.seq <= previous.seq or manifest.prev != previous.sha256:
        return check.found("sequence-fork", seq=manifest.seq)
    return check.held(seq=manifest.seq)


@examines(CLOCK)
def check_clock(check: Check, manifest: CaptureManifest, known: _Known) -> CheckResult:
    """Grade how far the device's clock was off, by its own account."""
    if manifest.clock.is_unchecked:
        return check.found("clock-never-checked")
    offset = manifest.clock.offset_ms
    if abs(offset) > known.clock.large_ms:
        return check.found("clock-offset-large", offset_ms=offset)
    if abs(offset) > known.clock.good_ms:
        return check.found("clock-offset-warn", offset_ms=offset)
    return check.held(offset_ms=offset)


@examines(CAPTURE_TIME)
def check_capture_time(check: Check, manifest: CaptureManifest, known: _Known) -> CheckResult:
    """Hold the capture's time against its receipt, the capture before, and the checkpoint that it quotes."""
    trusted = timedelta(seconds=known.allowed.clock_trusted_seconds)
    uncertainty = timedelta(milliseconds=manifest.clock.uncertainty_ms)
    allowed = timedelta(seconds=known.allowed.ahead_seconds) + min(uncertainty, trusted)
    ahead = manifest.corrected_at - known.received_at
    if ahead > allowed:
        return check.found("captured-in-future", ahead_seconds=int(ahead.total_seconds()))
    before = known.previous.manifest if known.previous else None
    if before and before.boot_id == manifest.boot_id and before.mono_ms > manifest.mono_ms:
        return check.found("clock-mono-back", back_ms=before.mono_ms - manifest.mono_ms)
    if known.is_quoted is False and manifest.anchor is not None:
        return check.found("quoted-checkpoint-unknown", size=manifest.anchor.size)
    return check.held()


@examines(PLACE)
def check_place(check: Check, manifest: CaptureManifest, known: _Known) -> CheckResult:
    """Grade the stated place by itself and against the capture before."""
    loc = manifest.loc
    if loc is None:
        return check.found("location-absent")
    if loc.mock:
        return check.found("location-mock")
    if loc.fix_at > manifest.captured_at + timedelta(seconds=known.allowed.clock_trusted_seconds):
        return check.found("location-fix-in-future")
    before = known.previous.manifest if known.previous else None
    if before and before.loc and _too_fast(before.loc, loc, known.allowed):
        return check.found("location-jump", distance_m=round(_distance_m(before.loc, loc)))
    if loc.crs in (Datum.GCJ02, Datum.BD09):
        return check.found(f"location-datum-{loc.crs.lower()}")
    return check.held(crs=loc.crs.value)


def _too_fast(start: Location, end: Location, allowed: Tolerances) -> bool:
    if start.crs is not end.crs:  # a change of datum alone moves a point by half a kilometre
        return False
    slack_m = allowed.jump_metres + (start.acc_cm + end.acc_cm) / 100
    seconds = abs((end.fix_at - start.fix_at).total_seconds())
    return _distance_m(start, end) > slack_m + allowed.jump_speed_kmh / 3.6 * seconds


def _distance_m(start: Location, end: Location) -> float:
    """Great-circle distance in metres by the haversine formula; good to 0.5 %."""
    lat1, lat2 = (math.radians(loc.lat_e7 / _E7_DEGREES) for loc in (start, end))
    lon = math.radians((end.lon_e7 - start.lon_e7) / _E7_DEGREES)
    arc = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(lon / 2) ** 2
    return 2 * _EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, arc)))
