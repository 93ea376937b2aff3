"""Whether the time that a photo states can be one, beside its receipt, its satellites and its manifest.

A probe knows the file alone. When a recording is concluded the receipt is known as well: nothing was taken a day after
it came, and no device of ours is older than `FIRST_YEAR`.
"""

from datetime import UTC, datetime, timedelta

from schemas.checks.agreement import TIME_POSSIBLE
from schemas.integrity import Check, CheckResult, examines
from schemas.manifest import CaptureManifest
from schemas.media import MediaFacts

FIRST_YEAR = 2015
"""The first devices for recording enforcement that are still in use; an earlier year was never set."""

LATEST = timedelta(days=1)
WIDEST_ZONE = timedelta(hours=14)
STALE_FIX = timedelta(days=2)
"""A position may be older than its photo, and its date may be the one of another zone."""

ROLLOVER = timedelta(weeks=1024)
"""A receiver counts weeks in ten bits (IS-GPS-200): an old one is that much behind, once or twice."""

NEAR_ROLLOVER = timedelta(days=2)
_WRITTEN = "%Y:%m:%d %H:%M:%S"


def local_time(facts: MediaFacts) -> datetime | None:
    """Return the wall clock as written, carried as if it were UTC: its zone is not known by it."""
    raw = facts.exif.datetime_original if facts.exif else None
    text = (raw or "")[:19].replace("-", ":").replace("/", ":").replace("T", " ")
    try:
        return datetime.strptime(text, _WRITTEN).replace(tzinfo=UTC)
    except ValueError:
        return None


def stated_time(
    facts: MediaFacts, manifest: CaptureManifest | None, received_at: datetime
) -> list[CheckResult]:
    """Return at most one result: of a file that states no time none is given."""
    made = check_time_possible(facts, manifest, received_at)
    return [] if made is None else [made]


@examines(TIME_POSSIBLE)
def check_time_possible(
    check: Check, facts: MediaFacts, manifest: CaptureManifest | None, received_at: datetime
) -> CheckResult | None:
    """Name a count of weeks that began anew, else a year or a receipt that the time cannot be before or behind."""
    local = local_time(facts)
    if local is None:
        return None
    raw = facts.exif.datetime_original if facts.exif else ""
    fix_at = facts.gps.fix_at if facts.gps else None
    weeks = _weeks_behind(local, fix_at, manifest)
    if weeks:
        return check.found("gps-week-rollover", weeks=weeks)
    if local.year < FIRST_YEAR:
        return check.found("stated-time-early", raw=raw, first_year=FIRST_YEAR)
    if local - WIDEST_ZONE > received_at + LATEST:
        return check.found("stated-time-late", raw=raw)
    if fix_at is not None and abs(local - fix_at) > STALE_FIX:
        return check.found("gps-time-differs", days=abs(local - fix_at).days)
    return check.held()


def _weeks_behind(local: datetime, fix_at: datetime | None, manifest: CaptureManifest | None) -> int:
    """Return by how many weeks a time of the file lies behind, 0 where none is off by a full count."""
    pairs = [(fix_at, local)] if fix_at else []
    if manifest is not None:
        pairs += [(one, manifest.corrected_at) for one in (fix_at, local) if one]
    for early, true in pairs:
        for times in (1, 2):
            if abs(true - early - times * ROLLOVER) <= NEAR_ROLLOVER:
                return times * 1024
    return 0
