"""The matter evidence serves. The full statutory machine follows; these are the states of its straight path."""

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from schemas.base import Frozen, UtcDatetime, WireIn
from schemas.case_gate import (
    CaseFacts,
    check_closing,
    check_decision,
    check_exemption,
    check_open,
    check_pass,
    check_penalty,
    check_recordable,
    check_submission,
)
from schemas.declaration import DocumentKind
from schemas.event import Event
from schemas.ids import AgencyId, CaseId, RecordingId
from schemas.policy import Action
from schemas.refusals_case import CASE_STEP_REFUSED
from schemas.refusals_scope import STEP_REASON_MISSING
from schemas.step import Begin, Step, Steps


class CaseState(StrEnum):
    """lead → filed → investigating → investigation_closed → legal_review → decided → closed.

    A review that is not passed leads back to investigating. Where art. 58 asks for none and the head agrees, the case is
    `review_not_needed` instead of under review. A penalty on the spot (arts 51 and 52) leads from lead to decided. A lead
    that the head does not file is `not_filed`, a case that the head ends before a decision `annulled`; both may go on.
    """

    LEAD = "lead"
    FILED = "filed"
    INVESTIGATING = "investigating"
    INVESTIGATION_CLOSED = "investigation_closed"
    LEGAL_REVIEW = "legal_review"
    REVIEW_NOT_NEEDED = "review_not_needed"
    DECIDED = "decided"
    CLOSED = "closed"
    NOT_FILED = "not_filed"
    ANNULLED = "annulled"


class CaseStep(StrEnum):
    """What moves a case; the value is the verb of its custody entry."""

    FILE = "file"
    REFUSE = "refuse"
    PENALISE = "penalise"
    INVESTIGATE = "investigate"
    CONCLUDE = "conclude"
    REOPEN = "reopen"
    EXEMPT = "exempt"
    SUBMIT = "submit"
    PASS = "pass"  # noqa: S105 - an opinion, not a password
    SUPPLEMENT = "supplement"
    REJECT = "reject"
    DECIDE = "decide"
    RECORD = "record"
    RETRACT = "retract"
    CLOSE = "close"
    ANNUL = "annul"
    RESTORE = "restore"


EVIDENCE_STATES = frozenset(
    {CaseState.LEAD, CaseState.FILED, CaseState.INVESTIGATING, CaseState.INVESTIGATION_CLOSED}
)
"""While a case is reviewed, and after its decision, nobody changes by hand what it rests on."""

OVER_STATES = frozenset({CaseState.CLOSED, CaseState.NOT_FILED, CaseState.ANNULLED})
"""A case that is over: nothing is done in it, and what it rests on has an end."""


STEPS: Steps[CaseStep, CaseState, CaseFacts] = Steps(
    begins=(Begin(CaseState.LEAD, Event.CASE_OPEN, dated="opened_at"),),
    refused=CASE_STEP_REFUSED,
    rows=(
        Step(
            name=CaseStep.FILE,
            starts=frozenset({CaseState.LEAD, CaseState.NOT_FILED}),
            end=CaseState.FILED,
            action=Action.CASE_DECIDE,
            event=Event.CASE_FILE,
            dated="filed_at",
            undated="closed_at",
        ),
        Step(
            name=CaseStep.REFUSE,
            starts=frozenset({CaseState.LEAD}),
            end=CaseState.NOT_FILED,
            action=Action.CASE_DECIDE,
            event=Event.CASE_REFUSE,
            dated="closed_at",
        ),
        Step(
            name=CaseStep.PENALISE,
            starts=frozenset({CaseState.LEAD}),
            end=CaseState.DECIDED,
            action=Action.CASE_RUN,
            event=Event.CASE_PENALISE,
            gate=check_penalty,
            dated="decided_at",
        ),
        Step(
            name=CaseStep.INVESTIGATE,
            starts=frozenset({CaseState.FILED}),
            end=CaseState.INVESTIGATING,
            action=Action.CASE_RUN,
            event=Event.CASE_INVESTIGATE,
        ),
        Step(
            name=CaseStep.CONCLUDE,
            starts=frozenset({CaseState.INVESTIGATING}),
            end=CaseState.INVESTIGATION_CLOSED,
            action=Action.CASE_RUN,
            event=Event.CASE_CONCLUDE,
        ),
        Step(
            name=CaseStep.REOPEN,
            starts=frozenset({CaseState.INVESTIGATION_CLOSED, CaseState.REVIEW_NOT_NEEDED}),
            end=CaseState.INVESTIGATING,
            action=Action.CASE_RUN,
            event=Event.CASE_REOPEN,
        ),
        Step(
            name=CaseStep.EXEMPT,
            starts=frozenset({CaseState.INVESTIGATION_CLOSED}),
            end=CaseState.REVIEW_NOT_NEEDED,
            action=Action.CASE_DECIDE,
            event=Event.CASE_EXEMPT,
            gate=check_exemption,
        ),
        Step(
            name=CaseStep.SUBMIT,
            starts=frozenset({CaseState.INVESTIGATION_CLOSED, CaseState.REVIEW_NOT_NEEDED}),
            end=CaseState.LEGAL_REVIEW,
            action=Action.CASE_RUN,
            event=Event.CASE_SUBMIT,
            gate=check_submission,
        ),
        Step(
            name=CaseStep.PASS,
            starts=frozenset({CaseState.LEGAL_REVIEW}),
            end=CaseState.LEGAL_REVIEW,
            action=Action.CASE_REVIEW,
            event=Event.REVIEW_PASS,
            gate=check_pass,
        ),
        Step(
            name=CaseStep.SUPPLEMENT,
            starts=frozenset({CaseState.LEGAL_REVIEW}),
            end=CaseState.INVESTIGATING,
            action=Action.CASE_REVIEW,
            event=Event.REVIEW_SUPPLEMENT,
            gate=check_open,
        ),
        Step(
            name=CaseStep.REJECT,
            starts=frozenset({CaseState.LEGAL_REVIEW}),
            end=CaseState.INVESTIGATING,
            action=Action.CASE_REVIEW,
            event=Event.REVIEW_REJECT,
            gate=check_open,
        ),
        Step(
            name=CaseStep.DECIDE,
            starts=frozenset({CaseState.LEGAL_REVIEW, CaseState.REVIEW_NOT_NEEDED}),
            end=CaseState.DECIDED,
            action=Action.CASE_DECIDE,
            event=Event.CASE_DECIDE,
            gate=check_decision,
            dated="decided_at",
        ),
        Step(
            name=CaseStep.RECORD,
            starts=frozenset({CaseState.DECIDED}),
            end=CaseState.DECIDED,
            action=Action.CASE_DECIDE,
            event=Event.CASE_RECORD,
            gate=check_recordable,
        ),
        Step(
            name=CaseStep.RETRACT,
            starts=frozenset({CaseState.DECIDED}),
            end=CaseState.LEAD,
            action=Action.CASE_RUN,
            event=Event.CASE_RETRACT,
            gate=check_recordable,
            undated="decided_at",
        ),
        Step(
            name=CaseStep.CLOSE,
            starts=frozenset({CaseState.DECIDED}),
            end=CaseState.CLOSED,
            action=Action.CASE_RUN,
            event=Event.CASE_CLOSE,
            gate=check_closing,
            dated="closed_at",
        ),
        Step(
            name=CaseStep.ANNUL,
            starts=frozenset(
                {
                    CaseState.FILED,
                    CaseState.INVESTIGATING,
                    CaseState.INVESTIGATION_CLOSED,
                    CaseState.REVIEW_NOT_NEEDED,
                }
            ),
            end=CaseState.ANNULLED,
            action=Action.CASE_DECIDE,
            event=Event.CASE_ANNUL,
            dated="closed_at",
        ),
        Step(
            name=CaseStep.RESTORE,
            starts=frozenset({CaseState.ANNULLED}),
            end=CaseState.INVESTIGATING,
            action=Action.CASE_DECIDE,
            event=Event.CASE_RESTORE,
            undated="closed_at",
        ),
    ),
)
"""Every step of a case. Those that ask for a review are taken by the opinion of a round, under its event."""

FILING_STEPS = frozenset({CaseStep.RECORD, CaseStep.RETRACT})
"""What becomes of a decision on the spot that nobody filed yet."""

SUMMARY_STEPS = FILING_STEPS | {CaseStep.PENALISE}
"""Steps of the summary procedure (arts 51 and 52): each says more than a reason."""

AWAITED: Mapping[CaseState, CaseStep] = MappingProxyType(
    {
        CaseState.LEAD: CaseStep.FILE,
        CaseState.FILED: CaseStep.INVESTIGATE,
        CaseState.INVESTIGATING: CaseStep.CONCLUDE,
        CaseState.INVESTIGATION_CLOSED: CaseStep.SUBMIT,
        CaseState.LEGAL_REVIEW: CaseStep.PASS,
        CaseState.REVIEW_NOT_NEEDED: CaseStep.DECIDE,
        CaseState.DECIDED: CaseStep.CLOSE,
    }
)
"""The step by which a case goes on its usual way, by its state; what is over waits for none."""

OPINION_STEPS = frozenset(row.name for row in STEPS if row.action is Action.CASE_REVIEW)
"""Steps that only the opinion of a review takes."""

ENDING_STEPS = frozenset({CaseStep.REFUSE, CaseStep.ANNUL, CaseStep.RESTORE})
"""The head ends a case without a decision, or takes up one that was ended so."""

REASONED = ENDING_STEPS | {CaseStep.REOPEN, CaseStep.EXEMPT}
"""Steps that nobody takes without saying why."""


def check_reason(step: CaseStep, reason: str) -> None:
    """Refuse a step that needs a reason and has none.

    Raises:
        Invalid: slug `step-reason-missing`.
    """
    if step in REASONED and not reason:
        raise STEP_REASON_MISSING(f"{step} needs a reason")


def course(state: CaseState, *, is_exempt: bool, is_summary: bool = False) -> tuple[CaseState, ...]:
    """Return the states of the way that a case goes, as far as it is known: with a review, without one, on the spot."""
    if state is CaseState.NOT_FILED:
        return (CaseState.LEAD, CaseState.NOT_FILED)
    if state is CaseState.ANNULLED:
        return (CaseState.LEAD, CaseState.FILED, CaseState.INVESTIGATING, CaseState.ANNULLED)
    if is_summary:
        return (CaseState.LEAD, CaseState.DECIDED, CaseState.CLOSED)
    without = is_exempt or state is CaseState.REVIEW_NOT_NEEDED
    left_out = CaseState.LEGAL_REVIEW if without else CaseState.REVIEW_NOT_NEEDED
    aside = {left_out, CaseState.NOT_FILED, CaseState.ANNULLED}
    return tuple(one for one in CaseState if one not in aside)


Plate = Annotated[str, Field(min_length=2, max_length=16, pattern=r"^\S+$")]
PartyCode = Annotated[str, Field(min_length=8, max_length=18, pattern=r"^[0-9A-Z]+$")]
_CODE = re.compile(r"[0-9A-Z]{8,18}")
Words = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
LatE7 = Annotated[int, Field(ge=-900_000_000, le=900_000_000)]
LonE7 = Annotated[int, Field(ge=-1_800_000_000, le=1_800_000_000)]


def is_code(text: str) -> bool:
    """Say whether a text has the form of a party's code, of a person or of a company."""
    return _CODE.fullmatch(text) is not None


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
    number_is_sure: bool = False
    """Whether the number stands although it is like none of the agency's."""

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
    """A case as kept; `is_masked`: who reads it does not see who the party is."""

    id: CaseId
    agency_id: AgencyId
    agency_name: str
    number: str
    party: str
    is_masked: bool
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

    @property
    def is_summary(self) -> bool:
        """It was decided on the spot (art. 51): nothing else is decided that was not filed."""
        return self.decided_at is not None and self.filed_at is None


class CaseLink(Frozen):
    """A dated tie between a recording and a case; undone by a dated counter-entry, never deleted.

    `document`: as which paper it was tied after the decision.
    """

    id: UUID
    case_id: CaseId
    case_number: str
    recording_id: RecordingId
    linked_by: str
    linked_at: datetime
    unlinked_at: datetime | None
    document: DocumentKind | None
