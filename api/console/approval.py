"""Approvals to watch one recording: what was asked for, with the head's buttons, and the form that asks."""

from typing import Annotated

from fastapi import Form, Query
from starlette.responses import Response

from api.console.guard import Acting, Visiting
from api.console.listing import PAGE_ROWS, Asked, Sought, id_or_none, listed
from api.console.typed import Forms, NoFields, Typed, into, label
from api.console.visit import Mistake, Visit, go, submit, to
from api.route import pages
from schemas.approval import ApprovalEndIn, ApprovalIn, ApprovalState
from schemas.ids import ApprovalId, RecordingId
from schemas.policy import Action

PLACE = "/console/approvals"

router = pages()


class AskForm(Typed[ApprovalIn]):
    """Why somebody asks, and for how long."""

    reason: str = label("申请事由")
    days: str = label("查看天数（1–90）")

    def wish(self) -> ApprovalIn:
        return into(self, ApprovalIn)


class EndForm(Typed[ApprovalEndIn]):
    """Why it ends."""

    reason: str = label("不批准、撤回或终止的理由")

    def wish(self) -> ApprovalEndIn:
        return into(self, ApprovalEndIn)


class AskForms(Forms):
    """The form of the page that asks."""

    ask: AskForm = AskForm(days="7")


class ApprovalForms(Forms):
    """The forms of the list, one a row."""

    end: EndForm = EndForm()


class ApprovalFilters(Asked):
    """`recording` is an id, or the address of a page: it leads to the form that asks."""

    recording: Sought = ""


@router.get("/approvals")
def approvals(visit: Visiting, asked: Annotated[ApprovalFilters, Query()]) -> Response:
    """Show what the visitor asked for, and what waits for them as head."""
    named = id_or_none(RecordingId, asked.recording.rstrip("/").rsplit("/", 1)[-1])
    return _list(visit, asked) if named is None else go(f"/console/recordings/{named}/approval")


def _list(visit: Visit, asked: ApprovalFilters, mistake: Mistake | None = None) -> Response:
    tx, actor = visit.tx, visit.actor
    page = tx.approvals.page(actor, after=asked.cursor(), limit=PAGE_ROWS)
    rows = list(page.rows)
    waiting = [one for one in rows if one.state(tx.now) is ApprovalState.ASKED and one.account_id != actor.id]
    return visit.page(
        "approvals.html",
        forms=ApprovalForms,
        mistake=mistake,
        here="approvals",
        listing=listed(PLACE, asked, page),
        may_ask=visit.holds(Action.APPROVAL_ASK),
        grantable=tx.approvals.grantable(actor, waiting),
        seen=tx.recordings.visible(actor, [one.recording_id for one in rows]),
        now=tx.now,
    )


@router.get("/recordings/{recording_id}/approval")
def form(visit: Visiting, recording_id: RecordingId) -> Response:
    """Show the form that asks for one recording."""
    return _form(visit, recording_id)


def _form(visit: Visit, recording_id: RecordingId, mistake: Mistake | None = None) -> Response:
    return visit.page(
        "approval.html",
        forms=AskForms,
        mistake=mistake,
        here="approvals",
        recording_id=recording_id,
        filename=visit.tx.approvals.asked_about(visit.actor, recording_id),
    )


@router.post("/recordings/{recording_id}/approval")
def ask(visit: Acting, recording_id: RecordingId, form: Annotated[AskForm, Form()]) -> Response:
    """Ask to watch a recording."""
    return submit(
        visit,
        form,
        lambda wish: visit.tx.approvals.ask(visit.actor, recording_id, wish),
        again=lambda mistake: _form(visit, recording_id, mistake),
        then=to(PLACE),
    )


@router.post("/approvals/{approval_id}/grant")
def grant(visit: Acting, approval_id: ApprovalId, form: Annotated[NoFields, Form()]) -> Response:
    """Grant what was asked for."""
    return submit(
        visit,
        form,
        lambda _: visit.tx.approvals.grant(visit.actor, approval_id),
        again=lambda mistake: _list(visit, ApprovalFilters(), mistake),
        then=to(PLACE),
    )


@router.post("/approvals/{approval_id}/end")
def end(visit: Acting, approval_id: ApprovalId, form: Annotated[EndForm, Form()]) -> Response:
    """Refuse, withdraw or give back."""
    return submit(
        visit,
        form,
        lambda wish: visit.tx.approvals.end(visit.actor, approval_id, wish.reason),
        again=lambda mistake: _list(visit, ApprovalFilters(), mistake),
        then=to(PLACE),
    )
