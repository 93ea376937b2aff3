"""A verification certificate is annulled: which time it covers no longer, and which records rested on it alone.

Metrology Law art. 9, and the local overload rules: what unverified equipment measured may not be used. A record that
was found valid while its certificate stood is judged anew by both reviewers.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, NamedTuple

from pydantic import Field

from schemas.base import Frozen, Moment, Reason, WireIn
from schemas.equipment import Certificate
from schemas.monitoring import MonitoringState
from schemas.refusals_monitoring import ANNUL_OUTSIDE_VALIDITY, FACT_IN_FUTURE


class AnnulIn(WireIn):
    """From when a certificate is void – from the beginning where it is left out – and why.

    `records` and `cases` are how many whoever annuls it was shown: where others are touched by now, they look again.
    """

    from_at: Moment | None = None
    reason: Reason
    records: Annotated[int, Field(ge=0, le=2**31 - 1)]
    cases: Annotated[int, Field(ge=0, le=2**31 - 1)]


class Void(NamedTuple):
    """The time that an annulled certificate covers no longer: from the first time inclusive to the second exclusive."""

    since: datetime
    until: datetime

    def covers(self, at: datetime) -> bool:
        """Say whether a time lies in it."""
        return self.since <= at < self.until


class Judged(NamedTuple):
    """What decides whether a record is re-opened: its state, its capture, whether its kind needed a certificate then."""

    state: MonitoringState
    captured_at: datetime
    needs_certificate: bool


class Annulled(Frozen):
    """A certificate that is void, by its number and issuer as the register said them: since when, why, by whom and when."""

    number: str
    issuer: str
    void_from: datetime | None
    reason: str
    annuller: str
    annulled_at: datetime


class Touched(Frozen):
    """How many records an annulment re-opens, how many cases rest on them, and how many of those are decided."""

    since: datetime
    until: datetime
    records: int
    cases: int
    decided: int


def void_of(certificate: Certificate, from_at: datetime | None, at: datetime) -> Void:
    """Return the time that a certificate covers no longer when it is annulled at a time.

    Raises:
        Invalid: it would be void from a time to come (slug `fact-in-future`), or from none within its validity
            (`annul-outside-validity`).
    """
    if from_at is None:
        return Void(certificate.valid_from, certificate.valid_until)
    if from_at > at:
        raise FACT_IN_FUTURE("it is void from a time that is past")
    if not certificate.valid_from < from_at < certificate.valid_until:
        raise ANNUL_OUTSIDE_VALIDITY("it is void from a time within its validity")
    return Void(from_at, certificate.valid_until)


def uncovered(before: Certificate, after: Certificate | None) -> tuple[Void, ...]:
    """Return the times that a certificate covers no longer once it is corrected to `after`; None: it never was."""
    since, until = before.valid_from, before.valid_until
    if after is None:
        return (Void(since, until),)
    parts = (Void(since, min(until, after.valid_from)), Void(max(since, after.valid_until), until))
    return tuple(one for one in parts if one.since < one.until)


def is_touched(record: Judged, void: Void, others: Iterable[Certificate]) -> bool:
    """Say whether a record rested on an annulled certificate alone: `others` are those that are said beside it."""
    is_covered = any(one.valid_from <= record.captured_at < one.valid_until for one in others)
    return (
        record.state is MonitoringState.VALID
        and record.needs_certificate
        and void.covers(record.captured_at)
        and not is_covered
    )
