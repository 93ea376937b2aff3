"""Who was there: what the people whom a capture names say of it, and what that makes of its two officers (art. 42).

A name in a manifest is a claim of whoever held the device. Each person is asked once, by own log-in; a denial after
the seal is a finding, never an undo.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, NamedTuple, Self
from uuid import UUID

from pydantic import Field, model_validator

from schemas.base import Frozen, Reason, WireIn
from schemas.checks.review import PRESENCE
from schemas.ids import AccountId, ManifestId, RecordingId
from schemas.integrity import Check, CheckResult, examines
from schemas.leaves_presence import PresenceWay
from schemas.officer import MIN_OFFICERS

MOST_ANSWERS = 200
"""Confirmed by one form: a day of captures and more."""


class PresenceState(StrEnum):
    """named → confirmed, denied; confirmed → denied; unknown: nobody holds the certificate."""

    NAMED = "named"
    CONFIRMED = "confirmed"
    DENIED = "denied"
    UNKNOWN = "unknown"


class PresenceAnswer(StrEnum):
    """What a person may answer."""

    CONFIRMED = "confirmed"
    DENIED = "denied"


class PresenceIn(WireIn):
    """Whether one was there; a denial says why."""

    answer: PresenceAnswer
    reason: Reason | None = None

    @model_validator(mode="after")
    def _explained(self) -> "PresenceIn":
        if (self.answer is PresenceAnswer.DENIED) is (self.reason is None):
            raise ValueError("a denial says why, a confirmation does not")
        return self


class PresencesIn(WireIn):
    """Captures at which one was: confirmed together, all or none."""

    manifest_ids: Annotated[tuple[ManifestId, ...], Field(min_length=1, max_length=MOST_ANSWERS)]


class SettlementIn(WireIn):
    """What came of a denial."""

    text: Reason


class Named(Frozen):
    """A person whom a capture names. `person` is absent where nobody holds the certificate.

    `is_officer`: by the certificate, and by the role at the time; an auxiliary never counts. `partner` showed the code by
    which it was confirmed on the spot.
    """

    certificate: str
    person: AccountId | None
    state: PresenceState
    is_officer: bool = True
    answered_at: datetime | None = None
    way: PresenceWay | None = None
    partner: AccountId | None = None
    reason: str | None = None
    settlement: str | None = None


class Question(Frozen):
    """A capture that asks somebody whether they were there: when, where, with what, and what it made."""

    manifest_id: ManifestId
    certificate: str
    at: datetime
    device_name: str
    agency_name: str
    is_within: bool
    lat_e7: int | None
    lon_e7: int | None
    crs: str | None
    recording_id: RecordingId
    filename: str
    has_thumbnail: bool
    files: int


class Denial(Frozen):
    """A denial that waits for the head of the agency."""

    id: UUID
    recording_id: RecordingId
    filename: str
    person: str
    at: datetime
    reason: str
    answered_at: datetime


class Attendance(Frozen):
    """What is known of the people at a capture: each counts once, whatever certificates name them."""

    named: tuple[Named, ...] = ()
    article: str | None = None

    def within(self, certificates: Collection[str]) -> Self:
        """Return the same to a reader whose reach goes so far: of others the answer is told, and no words of it."""
        return self.model_copy(
            update={
                "named": tuple(
                    one
                    if one.certificate in certificates
                    else one.model_copy(update={"reason": None, "settlement": None})
                    for one in self.named
                )
            }
        )

    def people(self, state: PresenceState) -> int:
        """Return how many people are in a state; of unknown ones, how many certificates."""
        return len({one.person or one.certificate for one in self.named if one.state is state})

    @property
    def officers(self) -> int:
        """How many officers confirmed that they were there."""
        return len(
            {one.person for one in self.named if one.is_officer and one.state is PresenceState.CONFIRMED}
        )


@examines(PRESENCE)
def check_presence(check: Check, attendance: Attendance, articles: Collection[str]) -> CheckResult:
    """Say whether two people confirmed that they were there, or an article that the agency lists allows fewer."""
    denied = attendance.people(PresenceState.DENIED)
    if denied:
        return check.found("presence-denied", denied=denied)
    confirmed = attendance.officers
    if confirmed >= MIN_OFFICERS:
        return check.held(confirmed=confirmed)
    if attendance.article is not None:
        if is_listed(attendance.article, articles):
            return check.held(confirmed=confirmed)
        return check.found("presence-article-unlisted", article=attendance.article)
    named = attendance.people(PresenceState.NAMED)
    return check.found("presence-not-confirmed", confirmed=confirmed, named=named)


def is_listed(article: str, articles: Collection[str]) -> bool:
    """Say whether an article is one of a list; blanks make no other article."""
    return "".join(article.split()) in {"".join(one.split()) for one in articles}


class Holder(NamedTuple):
    """Who holds a certificate, and whether as an officer: not by another one's, nor as an auxiliary at the time."""

    person: AccountId
    is_officer: bool


def attendance_of(
    numbers: Sequence[str],
    holders: Mapping[str, Holder],
    answers: Mapping[AccountId, Named],
    article: str | None,
) -> Attendance:
    """Return who was there: the certificates of a capture, who holds each, and the last answer of each person."""
    return Attendance(named=tuple(_named(number, holders, answers) for number in numbers), article=article)


def _named(number: str, holders: Mapping[str, Holder], answers: Mapping[AccountId, Named]) -> Named:
    holder = holders.get(number)
    if holder is None:
        return Named(certificate=number, person=None, state=PresenceState.UNKNOWN)
    unanswered = Named(certificate=number, person=holder.person, state=PresenceState.NAMED)
    answer = answers.get(holder.person, unanswered)
    return answer.model_copy(update={"certificate": number, "is_officer": holder.is_officer})
