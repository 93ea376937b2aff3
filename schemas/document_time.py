"""Whether the times that a document states can be, beside its receipt and its manifest.

A document is seldom made where the scene is: an interview is typed later, a scan made at the office. So a late change is
said and is no fault; what lies behind the receipt, or before there were such files, is.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from schemas.checks.documents import DOCUMENT_TIMES
from schemas.integrity import Check, CheckResult, examines
from schemas.manifest import CaptureManifest
from schemas.media import MediaFacts

FIRST_YEAR: Final = 1993
"""The year of the first PDF; office formats that are read here are younger."""

UNSET_YEARS: Final = frozenset({1601, 1899, 1900, 1904, 1970, 1980})
"""Years in which the clocks of programs begin: a time of theirs was never set."""

LATEST: Final = timedelta(days=1)
WIDEST_ZONE: Final = timedelta(hours=14)

_WRITTEN = re.compile(
    r"\s*(?:D:)?(\d{4})(?:-?(\d\d)(?:-?(\d\d)(?:[T ]?(\d\d)(?::?(\d\d)(?::?(\d\d)(?:\.\d+)?)?)?)?)?)?\s*"
    r"(Z|[+-]\d\d(?:['’:]?\d\d['’]?)?)?"
)


class Stated(NamedTuple):
    """A time as a document writes it: its wall clock, carried as if it were UTC, and how far that may be off."""

    local: datetime
    zone: timedelta | None

    def is_behind(self, other: datetime) -> bool:
        """Say whether it lies behind `other` whatever its zone."""
        true = self.local - (WIDEST_ZONE if self.zone is None else self.zone)
        return true > other


def read_time(raw: str | None) -> Stated | None:
    """Read a time of PDF (ISO 32000-2, 7.9.4) or of XML (ISO 8601); None where it is none."""
    found = _WRITTEN.match(raw or "")
    if found is None:
        return None
    year, *rest = found.groups()[:6]
    month, day, hour, minute, second = (int(one) if one else None for one in rest)
    try:
        local = datetime(int(year), month or 1, day or 1, hour or 0, minute or 0, second or 0, tzinfo=UTC)
    except ValueError:
        return None
    return Stated(local, _zone(found[7]))


def _zone(text: str | None) -> timedelta | None:
    if not text:
        return None
    digits = re.sub(r"\D", "", text)
    offset = timedelta(hours=int(digits[:2] or 0), minutes=int(digits[2:4] or 0))
    return -offset if text.startswith("-") else offset


def document_time(
    facts: MediaFacts, manifest: CaptureManifest | None, received_at: datetime
) -> list[CheckResult]:
    """Return at most one result: of a file that states no time none is given."""
    made = check_document_times(facts, manifest, received_at)
    return [] if made is None else [made]


@examines(DOCUMENT_TIMES)
def check_document_times(
    check: Check, facts: MediaFacts, manifest: CaptureManifest | None, received_at: datetime
) -> CheckResult | None:
    """Name a time that cannot be, else one that was never set, else what was changed after the declared time."""
    document = facts.document
    if document is None or not (document.created_raw or document.modified_raw):
        return None
    raws = [one for one in (document.created_raw, document.modified_raw) if one]
    times = {raw: read_time(raw) for raw in raws}
    for raw, stated in times.items():
        if stated is None:
            return check.found("document-time-unreadable", raw=raw)
        if stated.is_behind(received_at + LATEST):
            return check.found("document-time-late", raw=raw)
        if stated.local.year < FIRST_YEAR or stated.local.year in UNSET_YEARS:
            return check.found("document-time-unset", raw=raw)
    return _beside(check, [one for one in times.values() if one], manifest)


def _beside(check: Check, times: list[Stated], manifest: CaptureManifest | None) -> CheckResult:
    last = max(times, key=lambda one: one.local)
    if manifest is not None and last.is_behind(manifest.corrected_at + LATEST):
        days = (last.local - manifest.corrected_at).days
        return check.found("document-changed-later", days=days)
    return check.held()
