"""The matter evidence serves. The full statutory machine follows; these are the states of its straight path."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, model_validator

from schemas.base import Frozen, UtcDatetime, WireIn
from schemas.ids import AgencyId, CaseId, RecordingId
from schemas.refusals_case import (
    CASE_FACTS_MISSING,
    CASE_GROUNDS_UNANSWERED,
    CASE_NOT_PASSED,
    CASE_STEP_REFUSED,
    FACT_UNPROVEN,
    REVIEW_GIVEN,
)


class CaseState(StrEnum):
    """lead → filed → investigating → investigation_closed → legal_review → decided → closed.

    A review that is not passed leads back to investigating.
    """

    LEAD = "lead"
    FILED = "filed"
    INVESTIGATING = "investigating"
    INVESTIGATION_CLOSED = "investigation_closed"
    LEGAL_REVIEW = "legal_review"
    DECIDED = "decided"
    CLOSED = "closed"


class CaseStep(StrEnum):
    """What moves a case; the value is the verb of its custody entry."""

    FILE = "file"
    INVESTIGATE = "investigate"
    CONCLUDE = "conclude"
    SUBMIT = "submit"
    PASS = "pass"  # noqa: S105 - an opinion, not a password
    SUPPLEMENT = "supplement"
    REJECT = "reject"
    DECIDE = "decide"
    CLOSE = "close"


STEPS: Mapping[CaseStep, tuple[CaseState, CaseState]] = MappingProxyType(
    {
        CaseStep.FILE: (CaseState.LEAD, CaseState.FILED),
        CaseStep.INVESTIGATE: (CaseState.FILED, CaseState.INVESTIGATING),
        CaseStep.CONCLUDE: (CaseState.INVESTIGATING, CaseState.INVESTIGATION_CLOSED),
        CaseStep.SUBMIT: (CaseState.INVESTIGATION_CLOSED, CaseState.LEGAL_REVIEW),
        CaseStep.PASS: (CaseState.LEGAL_REVIEW, CaseState.LEGAL_REVIEW),
        CaseStep.SUPPLEMENT: (CaseState.LEGAL_REVIEW, CaseState.INVESTIGATING),
        CaseStep.REJECT: (CaseState.LEGAL_REVIEW, CaseState.INVESTIGATING),
        CaseStep.DECIDE: (CaseState.LEGAL_REVIEW, CaseState.DECIDED),
        CaseStep.CLOSE: (CaseState.DECIDED, CaseState.CLOSED),
    }
)
"""Step → the state it starts from and the one it leads to."""

OPINION_STEPS = frozenset({CaseStep.PASS, CaseStep.SUPPLEMENT, CaseStep.REJECT})
"""Steps that only the opinion of a review takes."""

EVIDENCE_STATES = frozenset(
    {CaseState.LEAD, CaseState.FILED, CaseState.INVESTIGATING, CaseState.INVESTIGATION_CLOSED}
)
"""While a case is reviewed, and after its decision, nobody changes by hand what it rests on."""


class CaseFacts(Frozen):
    """What the gates of a step look at.

    `is_passed`: the last round was given `pass`. `unanswered`: grounds of the last round without an answer.
    `facts`: facts to be proven; `unproven`: those without sealed evidence that holds.
    """

    is_passed: bool = False
    is_open: bool = False
    unanswered: int = 0
    facts: int = 0
    unproven: int = 0


def case_after(state: CaseState, step: CaseStep, facts: CaseFacts) -> CaseState:
    """Return the state after `step`.

    Raises:
        TransitionRefused: the state does not allow it (`case-step-refused`), facts to be proven are missing
            (`case-facts-missing`), grounds are unanswered (`case-grounds-unanswered`), no round is open
            (`review-given`), legal review was not passed (`case-not-passed`, Administrative Penalty Law
            art. 58), or a fact is unproven (`fact-unproven`, art. 40).
    """
    start, end = STEPS[step]
    if state is not start:
        raise CASE_STEP_REFUSED(f"{step} is no step from {state}", state=state)
    if step is CaseStep.SUBMIT:
        _check_submission(facts)
    if step is CaseStep.DECIDE:
        _check_decision(facts)
    if step in OPINION_STEPS:
        _check_opinion_step(step, facts)
    return end


def _check_opinion_step(step: CaseStep, facts: CaseFacts) -> None:
    if not facts.is_open:
        raise REVIEW_GIVEN("no review is open")
    if step is CaseStep.PASS:  # nothing can be proven later: the evidence of a reviewed case stands
        _check_proofs(facts)


def _check_submission(facts: CaseFacts) -> None:
    if not facts.facts:
        raise CASE_FACTS_MISSING("no fact to be proven is named")
    if facts.unanswered:
        raise CASE_GROUNDS_UNANSWERED(
            f"{facts.unanswered} ground(s) of the last review are not answered", unanswered=facts.unanswered
        )


def _check_decision(facts: CaseFacts) -> None:
    if facts.is_open or not facts.is_passed:
        raise CASE_NOT_PASSED("legal review has not passed it (art. 58)")
    _check_proofs(facts)


def _check_proofs(facts: CaseFacts) -> None:
    if facts.unproven:
        raise FACT_UNPROVEN(
            f"{facts.unproven} fact(s) have no evidence that holds (art. 40)", unproven=facts.unproven
        )


Plate = Annotated[str, Field(min_length=2, max_length=16, pattern=r"^\S+$")]
PartyCode = Annotated[str, Field(min_length=8, max_length=18, pattern=r"^[0-9A-Z]+$")]
Words = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
LatE7 = Annotated[int, Field(ge=-900_000_000, le=900_000_000)]
LonE7 = Annotated[int, Field(ge=-1_800_000_000, le=1_800_000_000)]


class CaseIn(WireIn):
    """What a handler enters to open a case; position in degrees times 10^7, WGS-84, both or neither."""

    number: str = Field(min_length=1, max_length=64, pattern=r"\S")
    party: Words
    matter: Words
    place: Words
    occurred_at: UtcDatetime | None = None
    party_code: PartyCode | None = None
    plates: list[Plate] = Field(default_factory=list, max_length=8)
    lat_e7: LatE7 | None = None
    lon_e7: LonE7 | None = None

    @model_validator(mode="after")
    def _whole_position(self) -> Self:
        if (self.lat_e7 is None) is not (self.lon_e7 is None):
            raise ValueError("a position needs latitude and longitude")
        return self


class CaseAmendIn(WireIn):
    """What may be corrected later; the number stays. Fields that are left out stay as they are."""

    party: Words | None = None
    matter: Words | None = None
    place: Words | None = None
    occurred_at: UtcDatetime | None = None
    party_code: PartyCode | None = None
    plates: list[Plate] | None = Field(default=None, max_length=8)
    lat_e7: LatE7 | None = None
    lon_e7: LonE7 | None = None
    reason: str = Field(min_length=1, max_length=500, pattern=r"\S")

    @model_validator(mode="after")
    def _amends(self) -> Self:
        given = self.model_fields_set - {"reason"}
        if not given:
            raise ValueError("nothing is amended")
        if any(getattr(self, name) is None for name in given & {"party", "matter", "place", "plates"}):
            raise ValueError("party, matter, place and plates cannot be taken away")
        if ("lat_e7" in given) is not ("lon_e7" in given) or (self.lat_e7 is None) is not (
            self.lon_e7 is None
        ):
            raise ValueError("a position needs latitude and longitude")
        return self


class Case(Frozen):
    """A case as kept."""

    id: CaseId
    agency_id: AgencyId
    agency_name: str
    number: str
    party: str
    matter: str
    place: str
    occurred_at: datetime | None
    party_code: str | None
    plates: tuple[str, ...]
    lat_e7: int | None
    lon_e7: int | None
    state: CaseState
    version: int
    handlers: tuple[str, ...]
    opened_at: datetime
    filed_at: datetime | None
    decided_at: datetime | None
    closed_at: datetime | None
    recordings: int
    records: int


class CaseChange(Frozen):
    """A step, a correction or an assignment: `before` holds the fields as they were, `changed_by` who did it."""

    id: UUID
    verb: str
    before: Mapping[str, Any]
    reason: str
    changed_by: str
    changed_at: datetime


class CaseLink(Frozen):
    """A dated tie between a recording and a case; undone by a dated counter-entry, never deleted."""

    id: UUID
    case_id: CaseId
    case_number: str
    recording_id: RecordingId
    linked_by: str
    linked_at: datetime
    unlinked_at: datetime | None
