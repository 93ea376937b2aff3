"""Approvals: whoever may not watch a recording asks with a reason, the head of its agency grants, and it ends by itself."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.base import Frozen, Reason, WireIn
from schemas.ids import AccountId, AgencyId, ApprovalId, RecordingId


class ApprovalState(StrEnum):
    """How far an approval has come; what nobody granted in time is over, too."""

    ASKED = "asked"
    STANDING = "standing"
    OVER = "over"


class ApprovalIn(WireIn):
    """Why somebody asks, and for how many days from now."""

    reason: Reason
    days: Annotated[int, Field(ge=1, le=90)] = 7

    def until(self, now: datetime) -> datetime:
        """Return when it ends if it is granted."""
        return now + timedelta(days=self.days)


class ApprovalEndIn(WireIn):
    """Why it is refused, withdrawn or given back."""

    reason: Reason


class Approval(Frozen):
    """One person, one recording, one time; who asked, granted and ended it, by name."""

    id: ApprovalId
    agency_id: AgencyId
    agency_name: str
    recording_id: RecordingId
    filename: str
    account_id: AccountId
    asker: str
    reason: str
    asked_at: datetime
    until_at: datetime
    granter: str | None
    granted_at: datetime | None
    ender: str | None
    ended_at: datetime | None
    end_reason: str | None

    def state(self, at: datetime) -> ApprovalState:
        """Return how far it has come at a time."""
        if self.ended_at is not None or at >= self.until_at:
            return ApprovalState.OVER
        return ApprovalState.ASKED if self.granted_at is None else ApprovalState.STANDING
