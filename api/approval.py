"""Approvals to watch one recording: asked for with a reason, granted by the head, ended before or by their time."""

from datetime import datetime

from fastapi import APIRouter

from api.deps import After, CurrentActor, Limit, Tx
from api.route import Route
from schemas.approval import Approval, ApprovalEndIn, ApprovalIn, ApprovalState
from schemas.base import WireOut
from schemas.ids import AccountId, AgencyId, ApprovalId, RecordingId

router = APIRouter(prefix="/v1", tags=["approval"], route_class=Route)


class ApprovalOut(WireOut):
    """What was asked for, how far it has come, and by whom; `until_at` ends it by itself."""

    id: ApprovalId
    state: ApprovalState
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


class ApprovalsOut(WireOut):
    """A page, newest first; `next` is the cursor of the following page."""

    approvals: list[ApprovalOut]
    next: str | None


def _out(tx: Tx, found: Approval) -> ApprovalOut:
    return ApprovalOut.of(found, state=found.state(tx.now))


@router.get("/approvals", operation_id="listApprovals")
def approvals(tx: Tx, actor: CurrentActor, after: After, limit: Limit = 50) -> ApprovalsOut:
    """List what one asked for, and what was asked of the agencies whose head one is, newest first."""
    page = tx.approvals.page(actor, after=after, limit=limit)
    return ApprovalsOut(approvals=[_out(tx, row) for row in page.rows], next=page.next_text)


@router.post("/recordings/{recording_id}/approvals", operation_id="askApproval", status_code=201)
def ask(tx: Tx, actor: CurrentActor, recording_id: RecordingId, wish: ApprovalIn) -> ApprovalOut:
    """Ask to watch a recording that one may not watch."""
    return _out(tx, tx.approvals.ask(actor, recording_id, wish))


@router.post("/approvals/{approval_id}/grant", operation_id="grantApproval")
def grant(tx: Tx, actor: CurrentActor, approval_id: ApprovalId) -> ApprovalOut:
    """Grant what was asked for, until the time that was named."""
    return _out(tx, tx.approvals.grant(actor, approval_id))


@router.post("/approvals/{approval_id}/end", operation_id="endApproval")
def end(tx: Tx, actor: CurrentActor, approval_id: ApprovalId, wish: ApprovalEndIn) -> ApprovalOut:
    """Refuse, withdraw or give back, with a reason."""
    return _out(tx, tx.approvals.end(actor, approval_id, wish.reason))
