"""The end of an audit, in two steps: what is missing by now, then that it is meant, and why."""

from typing import Annotated

from fastapi import Form
from starlette.responses import Response

from api.console.audit_form import CloseForm
from api.console.guard import Acting, Visiting
from api.console.typed import Change, Forms
from api.console.visit import Mistake, Visit, submit, to
from api.route import pages
from schemas.audit import STEPS, AuditCloseIn, AuditStep
from schemas.ids import AuditId
from schemas.policy import Action, Subject, require

router = pages()


class CloseForms(Forms):
    """The form of an end."""

    close: CloseForm = CloseForm()


@router.get("/audits/{audit_id}/close")
def closing(visit: Visiting, audit_id: AuditId) -> Response:
    """Show what the end of an audit would leave undone, and ask for it."""
    return _page(visit, audit_id)


def _page(visit: Visit, audit_id: AuditId, mistake: Mistake | None = None) -> Response:
    tx, actor = visit.tx, visit.actor
    found = tx.audits.get(actor, audit_id)
    require(actor, Action.AUDIT_DEFINE, Subject(agency_id=found.agency_id), tx.now)
    STEPS.start(found.state, AuditStep.CLOSE)
    terms = tx.audits.terms(found)
    drawn = tx.audit_scores.drawn(actor, audit_id)
    open_ones = [one for one in tx.rectifications.of_audit(actor, audit_id) if one.closed_at is None]
    return visit.page(
        "audit_close.html",
        forms=CloseForms,
        mistake=mistake,
        here="audits",
        audit=found,
        lacking=tx.audit_ends.lacking(found),
        unscored=[one for one in drawn if one.scored_by < terms.inspectors],
        drawn=len(drawn),
        wide=[one for one in tx.audit_scores.members(actor, audit_id) if one.is_unsettled],
        terms=terms,
        rectifications=open_ones,
        now=tx.now,
    )


@router.post("/audits/{audit_id}/close")
def close(visit: Acting, audit_id: AuditId, form: Annotated[CloseForm, Form()]) -> Response:
    """End the audit by what its page showed; other numbers by now are shown again."""

    def act(asked: Change[AuditCloseIn]) -> None:
        visit.tx.audit_ends.close(visit.actor, audit_id, *asked)

    return submit(
        visit,
        form,
        act,
        again=lambda mistake: _page(visit, audit_id, mistake),
        then=to(f"/console/audits/{audit_id}"),
    )
