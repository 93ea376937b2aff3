"""What an audit found and the agency mends: raised → answered → verified → closed, or returned and answered again."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated

from pydantic import Field

from schemas.base import Frozen, WireIn
from schemas.ids import AccountId, AgencyId, AuditId, MemberId, RecordingId, RectificationId
from schemas.refusals_audit import RECTIFICATION_OWN_ANSWER, RECTIFICATION_STEP_REFUSED


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


_STEPS: Mapping[tuple[RectificationState, RectificationStep], RectificationState] = MappingProxyType(
    {
        (RectificationState.RAISED, RectificationStep.ANSWER): RectificationState.ANSWERED,
        (RectificationState.RETURNED, RectificationStep.ANSWER): RectificationState.ANSWERED,
        (RectificationState.ANSWERED, RectificationStep.RETURN): RectificationState.RETURNED,
        (RectificationState.ANSWERED, RectificationStep.VERIFY): RectificationState.VERIFIED,
        (RectificationState.VERIFIED, RectificationStep.CLOSE): RectificationState.CLOSED,
    }
)

Text = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"\S")]


class RectificationIn(WireIn):
    """What was found on a drawn member, by item of the standard."""

    member_id: MemberId
    item_code: Annotated[str, Field(min_length=1, max_length=4)]
    text: Text


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
    """A rectification as kept, with every step."""

    id: RectificationId
    audit_id: AuditId
    audit_title: str
    member_id: MemberId
    agency_id: AgencyId
    agency_name: str
    item_code: str
    text: str
    state: RectificationState
    due_at: datetime
    raised_by: str
    raised_at: datetime
    closed_at: datetime | None
    version: int
    steps: tuple[StepTaken, ...] = ()


def rectification_after(state: RectificationState, step: RectificationStep) -> RectificationState:
    """Return the state after `step`.

    Raises:
        TransitionRefused: slug `rectification-step-refused`.
    """
    after = _STEPS.get((state, step))
    if after is None:
        raise RECTIFICATION_STEP_REFUSED(f"{step} is no step from {state}", state=state)
    return after


def check_verifier(step: RectificationStep, *, verifier: AccountId, answered_by: AccountId | None) -> None:
    """Refuse somebody who judges their own answer.

    Raises:
        Refused: slug `rectification-own-answer`.
    """
    if step is not RectificationStep.ANSWER and verifier == answered_by:
        raise RECTIFICATION_OWN_ANSWER("nobody verifies their own answer")
