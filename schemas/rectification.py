"""What an audit found and the agency mends: raised → answered → verified → closed, or returned and answered again."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.base import Frozen, WireIn
from schemas.event import Event
from schemas.ids import AccountId, AgencyId, AuditId, CaseId, MemberId, RecordingId, RectificationId
from schemas.policy import Action
from schemas.refusals_audit import RECTIFICATION_OWN_ANSWER, RECTIFICATION_STEP_REFUSED
from schemas.step import Begin, Step, Steps

MAX_SECOND = 10_000_000


class RectificationState(StrEnum):
    """Closed is final."""

    RAISED = "raised"
    ANSWERED = "answered"
    RETURNED = "returned"
    VERIFIED = "verified"
    CLOSED = "closed"


class RectificationStep(StrEnum):
    """What moves a rectification; the value is the verb of its custody entry."""

    ANSWER = "answer"
    RETURN = "return"
    VERIFY = "verify"
    CLOSE = "close"


Text = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"\S")]


class FoundIn(WireIn):
    """What was found, by item of the standard, on whatever was looked at; a recording of it, and a second of that."""

    item_code: Annotated[str, Field(min_length=1, max_length=4)]
    text: Text
    recording_id: RecordingId | None = None
    at_second: Annotated[int, Field(ge=0, le=MAX_SECOND)] | None = None

    @model_validator(mode="after")
    def _second_is_of_something(self) -> Self:
        if self.at_second is not None and self.recording_id is None:
            raise ValueError("a second is one of a recording")
        return self


class RectificationIn(FoundIn):
    """What was found on a drawn member, by item of the standard."""

    member_id: MemberId


class RectificationStepIn(WireIn):
    """A step with its words; an answer may name a recording as its proof."""

    text: Text
    proof_recording_id: RecordingId | None = None


class StepTaken(Frozen):
    """One step as kept."""

    step: RectificationStep
    text: str
    proof_recording_id: RecordingId | None
    taken_by: str
    taken_at: datetime


class Rectification(Frozen):
    """A rectification as kept, with every step, and what it names: case, recording, and where in that it lies."""

    id: RectificationId
    audit_id: AuditId
    audit_title: str
    member_id: MemberId
    agency_id: AgencyId
    agency_name: str
    item_code: str
    text: str
    case_id: CaseId | None
    case_number: str | None
    recording_id: RecordingId | None
    filename: str | None
    at_second: int | None
    state: RectificationState
    due_at: datetime
    raised_by: str
    raised_at: datetime
    closed_at: datetime | None
    version: int
    steps: tuple[StepTaken, ...] = ()


class RectificationFacts(Frozen):
    """What the gates look at: who takes the step, whether they are of the audited agency, who answered last."""

    taken_by: AccountId
    is_of_agency: bool = False
    answered_by: AccountId | None = None


def _check_answer(facts: RectificationFacts) -> None:
    if not facts.is_of_agency:
        raise RECTIFICATION_STEP_REFUSED("the audited agency answers")


def _check_verifier(facts: RectificationFacts) -> None:
    if facts.taken_by == facts.answered_by:
        raise RECTIFICATION_OWN_ANSWER("nobody verifies their own answer")


STEPS: Steps[RectificationStep, RectificationState, RectificationFacts] = Steps(
    begins=(Begin(RectificationState.RAISED, Event.RECTIFICATION_RAISE, dated="raised_at"),),
    refused=RECTIFICATION_STEP_REFUSED,
    rows=(
        Step(
            name=RectificationStep.ANSWER,
            starts=frozenset({RectificationState.RAISED, RectificationState.RETURNED}),
            end=RectificationState.ANSWERED,
            action=Action.RECTIFICATION_ANSWER,
            event=Event.RECTIFICATION_ANSWER,
            gate=_check_answer,
        ),
        Step(
            name=RectificationStep.VERIFY,
            starts=frozenset({RectificationState.ANSWERED}),
            end=RectificationState.VERIFIED,
            action=Action.RECTIFICATION_VERIFY,
            event=Event.RECTIFICATION_VERIFY,
            gate=_check_verifier,
        ),
        Step(
            name=RectificationStep.RETURN,
            starts=frozenset({RectificationState.ANSWERED}),
            end=RectificationState.RETURNED,
            action=Action.RECTIFICATION_VERIFY,
            event=Event.RECTIFICATION_RETURN,
            gate=_check_verifier,
        ),
        Step(
            name=RectificationStep.CLOSE,
            starts=frozenset({RectificationState.VERIFIED}),
            end=RectificationState.CLOSED,
            action=Action.RECTIFICATION_VERIFY,
            event=Event.RECTIFICATION_CLOSE,
            gate=_check_verifier,
            dated="closed_at",
        ),
    ),
)
"""The agency answers and never judges its own answer; the supervisor verifies or returns it, and closes."""
