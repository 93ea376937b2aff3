"""Certificates of people: how each stood at a time, as far as it was known at another, and what may be done to it.

What the register holds of a certificate are rows with two half-open ranges: for which time a state held, and from when
to when the register said so. An act closes what was known and adds what is known from then on; nothing is overwritten.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from pydantic import model_validator

from schemas.base import Frozen, Moment, Reason, WireIn
from schemas.event import Event
from schemas.ids import AccountId, AgencyId, CertificateId
from schemas.leaves_certificate import CertificateState
from schemas.leaves_certificate_issue import CertificateKind
from schemas.manifest import CertificateNumber
from schemas.policy import Action
from schemas.refusals_certificate import CERTIFICATE_STEP_REFUSED
from schemas.step import Begin, Step, Steps


class CertificateTerms(NamedTuple):
    """Until when an end is warned of, and after when a certificate was to be verified (年审), as an agency sets them.

    What was not verified is listed, never locked.
    """

    soon: datetime
    verified_after: datetime


YEARLY = frozenset({CertificateKind.ENFORCEMENT, CertificateKind.AUXILIARY, CertificateKind.SUPERVISION})
"""The kinds that are verified every year."""


class CertificateStep(StrEnum):
    """What may be done to a certificate that moves its state."""

    SUSPEND = "suspend"
    RESTORE = "restore"
    WITHDRAW = "withdraw"
    CANCEL = "cancel"


class CertificateNeed(StrEnum):
    """What a custodian has to do about a certificate."""

    ENDING = "ending"
    UNVERIFIED = "unverified"


class CertificateIssueIn(WireIn):
    """A certificate as issued: valid from the first time inclusive to the second exclusive, at whatever hour."""

    account_id: AccountId
    number: CertificateNumber
    kind: CertificateKind = CertificateKind.ENFORCEMENT
    valid_from: Moment
    valid_until: Moment

    @model_validator(mode="after")
    def _lasts(self) -> "CertificateIssueIn":
        if self.valid_until <= self.valid_from:
            raise ValueError("a certificate ends after it begins")
        return self


class CertificateStepIn(WireIn):
    """From when a certificate is in another state – from now where it is left out – and why."""

    from_at: Moment | None = None
    reason: Reason


class CertificateVerifyIn(WireIn):
    """When a certificate passed its annual verification – now where it is left out."""

    verified_at: Moment | None = None
    reason: Reason | None = None


class CertificateFact(Frozen):
    """A row of the register: `state` holds in [`valid_from`, `valid_until`), as said in [`known_from`, `known_until`).

    `leaf` is the digest of the leaf that stated it, hex; `known_until` is absent while the register says so.
    """

    state: CertificateState
    valid_from: datetime
    valid_until: datetime
    known_from: datetime
    known_until: datetime | None
    reason: str | None
    leaf: str

    def covers(self, at: datetime, known: datetime) -> bool:
        """Say whether it speaks of the time `at`, and was what the register said at `known`."""
        was_said = self.known_from <= known and (self.known_until is None or known < self.known_until)
        return was_said and self.valid_from <= at < self.valid_until


class Qualification(Frozen):
    """What qualified somebody when they gave a legal review, as the register had said it since `known_from` (art. 58).

    `is_said`: it still says so of that time; else it was suspended, withdrawn or corrected since.
    """

    kind: CertificateKind
    valid_from: datetime
    valid_until: datetime
    known_from: datetime
    is_said: bool


class Certificate(Frozen):
    """A certificate; `state` is the one that its last entry states."""

    id: CertificateId
    account_id: AccountId
    holder: str
    agency_id: AgencyId
    agency_name: str
    number: str
    kind: CertificateKind
    valid_from: datetime
    valid_until: datetime
    state: CertificateState
    verified_at: datetime | None
    version: int

    def is_over(self, at: datetime) -> bool:
        """Say whether it has run out or was cancelled."""
        return self.valid_until <= at or self.state is CertificateState.CANCELLED

    def needs(self, at: datetime, terms: CertificateTerms) -> tuple[CertificateNeed, ...]:
        """Return what has to be done about it: to renew what ends soon, to verify what was not verified in time."""
        if self.valid_until <= at or self.state not in VERIFIABLE:
            return ()
        verified = max(self.verified_at or self.valid_from, self.valid_from)
        wanted = {
            CertificateNeed.ENDING: self.valid_until <= terms.soon,
            CertificateNeed.UNVERIFIED: self.kind in YEARLY and verified <= terms.verified_after,
        }
        return tuple(need for need, is_wanted in wanted.items() if is_wanted)


class CitedCertificate(Frozen):
    """A certificate that a capture names: how it stood at its corrected time, as known when it was declared, and now."""

    number: str
    holder: str
    kind: CertificateKind
    then: CertificateFact | None
    now: CertificateFact | None

    @property
    def has_changed(self) -> bool:
        """The register says something else of that time by now."""
        return (self.then and self.then.state) != (self.now and self.now.state)


def fact_at(facts: Sequence[CertificateFact], at: datetime, known: datetime) -> CertificateFact | None:
    """Return what the register said at `known` of how a certificate stood at `at`; nothing outside its dates.

    One row at most: no two rows of a certificate speak of one time as known at one time.
    """
    return next((one for one in facts if one.covers(at, known)), None)


def was_valid(facts: Sequence[CertificateFact], at: datetime, known: datetime) -> bool:
    """Say whether a certificate was valid at `at`, as known at `known`."""
    fact = fact_at(facts, at, known)
    return fact is not None and fact.state is CertificateState.VALID


_KEPT = (CertificateState.VALID, CertificateState.SUSPENDED)
STEPS: Steps[CertificateStep, CertificateState, None] = Steps(
    begins=(Begin(CertificateState.VALID, Event.CERTIFICATE_ISSUE),),
    refused=CERTIFICATE_STEP_REFUSED,
    rows=tuple(
        Step(name=name, starts=frozenset(starts), end=end, action=Action.CERTIFICATE_KEEP, event=event)
        for name, starts, end, event in (
            (
                CertificateStep.SUSPEND,
                (CertificateState.VALID,),
                CertificateState.SUSPENDED,
                Event.CERTIFICATE_SUSPEND,
            ),
            (
                CertificateStep.RESTORE,
                (CertificateState.SUSPENDED, CertificateState.WITHDRAWN),
                CertificateState.VALID,
                Event.CERTIFICATE_RESTORE,
            ),
            (CertificateStep.WITHDRAW, _KEPT, CertificateState.WITHDRAWN, Event.CERTIFICATE_WITHDRAW),
            (
                CertificateStep.CANCEL,
                (*_KEPT, CertificateState.WITHDRAWN),
                CertificateState.CANCELLED,
                Event.CERTIFICATE_CANCEL,
            ),
        )
    ),
)
VERIFIABLE = frozenset(_KEPT)
"""In which states a certificate is verified."""
