"""Rectifications: what is open, soonest due first, and one with its answers, proof and verdicts."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.console.guard import Acting, Visiting, Visitor, go, mistake
from api.console.recording import address, id_or_none
from api.console.view import ProblemView
from api.deps import After, Tx
from schemas.actor import Action, Subject, holds, may
from schemas.custody import subject
from schemas.errors import EvidenceError
from schemas.ids import RecordingId, RectificationId
from schemas.rectification import STEPS, Rectification, RectificationStep, RectificationStepIn
from schemas.refusals_audit import RECTIFICATION_PROOF_INVALID
from schemas.refusals_request import REQUEST_INVALID
from storage.store import Transaction

PAGE_ROWS = 50

router = APIRouter()


@router.get("/rectifications")
def rectifications(request: Request, tx: Tx, who: Visiting, after: After, closed: str = "") -> Response:
    """Show a page of rectifications, soonest due first; or those that are closed."""
    is_closed = closed == "yes"
    page = tx.rectifications.page(who.actor, is_open=not is_closed, after=after, limit=PAGE_ROWS)
    query = {"closed": "yes"} if is_closed else {}
    cursor = page.next_text
    return who.page(
        request,
        "rectifications.html",
        here="rectifications",
        rows=page.rows,
        is_closed=is_closed,
        next_url=address("/console/rectifications", {**query, "after": cursor}) if cursor else None,
        now=tx.now,
    )


@router.get("/rectifications/{rectification_id}")
def rectification(request: Request, tx: Tx, who: Visiting, rectification_id: RectificationId) -> Response:
    """Show one rectification with every step."""
    return _page(request, tx, who, rectification_id)


def _page(  # noqa: PLR0917 - the last are what a form left behind
    request: Request,
    tx: Transaction,
    who: Visitor,
    rectification_id: RectificationId,
    problem: ProblemView | None = None,
    text: str = "",
) -> Response:
    found = tx.rectifications.get(who.actor, rectification_id)
    entries = tx.custody.entries_for(subject("rectification", rectification_id))
    return who.page(
        request,
        "rectification.html",
        status=200 if problem is None else 409,
        here="rectifications",
        rectification=found,
        steps=_open_steps(tx, who, found),
        may_see_audit=holds(who.actor, Action.AUDIT_VIEW),
        entries=entries,
        names=tx.accounts.names(one.entry.actor for one in entries),
        problem=problem,
        text=text,
        now=tx.now,
    )


def _open_steps(tx: Transaction, who: Visitor, found: Rectification) -> list[RectificationStep]:
    """Return the steps this visitor may take now."""
    about, facts = Subject(agency_id=found.agency_id), tx.rectifications.gate_facts(who.actor, found)
    rows = STEPS.offered(found.state, lambda action: may(who.actor, action, about, tx.now))
    return [row.name for row in rows if STEPS.why_not(found.state, row.name, facts) is None]


@router.post("/rectifications/{rectification_id}/step")
def take_step(  # noqa: PLR0917 - form fields are named by the page
    request: Request,
    tx: Tx,
    who: Acting,
    rectification_id: RectificationId,
    step: Annotated[RectificationStep, Form()],
    version: Annotated[int, Form()],
    text: Annotated[str, Form(max_length=2000)] = "",
    proof: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Answer, return, verify or close; `proof` is a recording's id or the address of its page."""
    try:
        proof_id = id_or_none(RecordingId, proof.strip().rsplit("/", 1)[-1]) if proof.strip() else None
        if proof.strip() and proof_id is None:
            raise RECTIFICATION_PROOF_INVALID("the proof is no recording")
        wish = RectificationStepIn(text=text.strip(), proof_recording_id=proof_id)
        with tx.attempt():
            tx.rectifications.step(who.actor, rectification_id, step, wish, version)
    except ValidationError:
        err: EvidenceError = REQUEST_INVALID("say what was done")
        return _page(request, tx, who, rectification_id, mistake(request, err), text)
    except EvidenceError as err:
        return _page(request, tx, who, rectification_id, mistake(request, err), text)
    return go(f"/console/rectifications/{rectification_id}")
