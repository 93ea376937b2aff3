"""Cases and the recordings linked to them."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api.deps import CurrentActor, Tx
from api.recording import RecordingOut
from schemas.base import WireIn, WireOut
from schemas.case import Case, CaseIn, CaseState

router = APIRouter(prefix="/v1/cases", tags=["case"])


class CaseOut(WireOut):
    """A case."""

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
    handlers: list[str]
    opened_at: datetime
    recordings: int

    @classmethod
    def of(cls, case: Case) -> Self:
        """Return the wire form of a case."""
        return cls(**case.model_dump(exclude={"handlers"}), handlers=list(case.handlers))


class CasesOut(WireOut):
    """A page, newest first; `next` is the cursor of the following page."""

    cases: list[CaseOut]
    next: UUID | None


class CaseDetailOut(WireOut):
    """A case and the recordings linked to it now."""

    case: CaseOut
    recordings: list[RecordingOut]


class LinkIn(WireIn):
    """The recording to link."""

    recording_id: UUID


class UnlinkIn(WireIn):
    """Why a link ends; the log keeps a salted commitment of it only."""

    reason: str = Field(min_length=1, max_length=500)


class LinkOut(WireOut):
    """A dated tie between a recording and a case."""

    id: UUID
    case_id: UUID
    recording_id: UUID
    linked_at: datetime


@router.post("", operation_id="openCase", status_code=201)
def open_case(tx: Tx, actor: CurrentActor, wish: CaseIn) -> CaseOut:
    """Open a case; who opens it becomes its handler."""
    return CaseOut.of(tx.cases.open(actor, wish))


@router.get("", operation_id="listCases")
def cases(
    tx: Tx,
    actor: CurrentActor,
    number: str | None = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CasesOut:
    """List the cases the actor may see."""
    page = tx.cases.page(actor, number=number, after=after, limit=limit)
    return CasesOut(cases=[CaseOut.of(row) for row in page.rows], next=page.next)


@router.get("/{case_id}", operation_id="getCase")
def case(tx: Tx, actor: CurrentActor, case_id: UUID) -> CaseDetailOut:
    """Return a case and its recordings."""
    found = tx.cases.get(actor, case_id)
    linked = tx.recordings.of_case(case_id)
    return CaseDetailOut(case=CaseOut.of(found), recordings=[RecordingOut.of(row) for row in linked])


@router.post("/{case_id}/recordings", operation_id="linkRecording", status_code=201)
def link(tx: Tx, actor: CurrentActor, case_id: UUID, wish: LinkIn) -> LinkOut:
    """Link a recording to a case; linking it twice gives the link that stands."""
    tx.recordings.get(actor, wish.recording_id)
    made = tx.cases.link(actor, case_id, wish.recording_id)
    return LinkOut(**made.model_dump(include=set(LinkOut.model_fields)))


@router.post("/{case_id}/recordings/{recording_id}/unlink", operation_id="unlinkRecording", status_code=204)
def unlink(tx: Tx, actor: CurrentActor, case_id: UUID, recording_id: UUID, wish: UnlinkIn) -> Response:
    """End a link by a dated counter-entry; nothing is deleted."""
    tx.cases.unlink(actor, case_id, recording_id, wish.reason)
    return Response(status_code=204)
