"""The matter evidence serves. The full statutory machine follows; these are the states of its straight path."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from schemas.base import Frozen, WireIn


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


class CaseIn(WireIn):
    """What a handler enters to open a case."""

    number: str = Field(min_length=1, max_length=64)
    party: str = Field(min_length=1, max_length=200)
    matter: str = Field(min_length=1, max_length=200)
    place: str = Field(min_length=1, max_length=200)
    occurred_at: datetime | None = None


class Case(Frozen):
    """A case as kept."""

    id: UUID
    agency_id: UUID
    agency_name: str
    number: str
    party: str
    matter: str
    place: str
    occurred_at: datetime | None
    state: CaseState
    version: int
    handlers: tuple[str, ...]
    opened_at: datetime
    recordings: int


class CaseLink(Frozen):
    """A dated tie between a recording and a case; undone by a dated counter-entry, never deleted."""

    id: UUID
    case_id: UUID
    case_number: str
    recording_id: UUID
    linked_by: str
    linked_at: datetime
    unlinked_at: datetime | None
