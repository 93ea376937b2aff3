"""Rectifications: raised by an audit, answered by the agency with proof, verified and closed."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from api.deps import After, CurrentActor, Limit, Tx
from api.etag import SeenVersion, tagged
from api.route import Route
from schemas.base import WireOut
from schemas.ids import AgencyId, AuditId, CaseId, MemberId, RecordingId, RectificationId
from schemas.rectification import (
    RectificationIn,
    RectificationState,
    RectificationStep,
    RectificationStepIn,
)

router = APIRouter(prefix="/v1", tags=["rectification"], route_class=Route)


class StepOut(WireOut):
    """One step that was taken."""

    step: RectificationStep
    text: str
    proof_recording_id: RecordingId | None
    taken_by: str
    taken_at: datetime


class RectificationOut(WireOut):
    """A rectification, with the case and recording it was found in; `steps` only when one is asked for."""

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
    steps: list[StepOut]


class RectificationsOut(WireOut):
    """A page, soonest due first; `next` is the cursor of the following page."""

    rectifications: list[RectificationOut]
    next: str | None


@router.post("/audits/{audit_id}/rectifications", operation_id="raiseRectification", status_code=201)
def raise_one(
    tx: Tx, actor: CurrentActor, response: Response, audit_id: AuditId, wish: RectificationIn
) -> RectificationOut:
    """Raise what was found on a drawn member."""
    made = tx.rectifications.raise_(actor, audit_id, wish)
    return tagged(response, RectificationOut.of(made))


class RectificationQuery(BaseModel):
    """Open ones, or the closed."""

    closed: bool = False


@router.get("/rectifications", operation_id="listRectifications")
def rectifications(
    tx: Tx,
    actor: CurrentActor,
    after: After,
    asked: Annotated[RectificationQuery, Query()],
    limit: Limit = 50,
) -> RectificationsOut:
    """List open rectifications, soonest due first; or the closed ones."""
    page = tx.rectifications.page(actor, is_open=not asked.closed, after=after, limit=limit)
    return RectificationsOut(
        rectifications=[RectificationOut.of(row) for row in page.rows], next=page.next_text
    )


@router.get("/rectifications/{rectification_id}", operation_id="getRectification")
def rectification(
    tx: Tx, actor: CurrentActor, response: Response, rectification_id: RectificationId
) -> RectificationOut:
    """Return one rectification with every step."""
    found = tx.rectifications.get(actor, rectification_id)
    return tagged(response, RectificationOut.of(found))


@router.post("/rectifications/{rectification_id}/steps/{step}", operation_id="stepRectification")
def take_step(
    tx: Tx,
    actor: CurrentActor,
    rectification_id: RectificationId,
    step: RectificationStep,
    *,
    wish: RectificationStepIn,
    seen: SeenVersion,
    response: Response,
) -> RectificationOut:
    """Answer, return, verify or close."""
    found = tx.rectifications.step(actor, rectification_id, step, wish, seen)
    return tagged(response, RectificationOut.of(found))
