"""Duties of procedure on the page of a case: their documents are filed and withdrawn there."""

from typing import Annotated

from fastapi import Form
from starlette.responses import Response

from api.console.case import shown
from api.console.guard import Acting
from api.console.procedure_form import ClosingForm, DecisionForm, DocumentForm, DocumentWithdrawForm
from api.console.visit import submit, to
from api.route import pages
from schemas.ids import CaseId, DocumentId
from schemas.procedure import DocumentWithdrawIn, ProcedureDocument

router = pages()


@router.post("/cases/{case_id}/documents")
def file(visit: Acting, case_id: CaseId, form: Annotated[DocumentForm, Form()]) -> Response:
    """File a document that shows a duty."""
    return submit(
        visit,
        form,
        lambda wish: visit.tx.procedures.file(visit.actor, case_id, wish),
        again=lambda mistake: shown(visit, case_id, mistake),
        then=to(f"/console/cases/{case_id}#procedure"),
    )


@router.post("/cases/{case_id}/documents/{document_id}/withdraw")
def withdraw(
    visit: Acting, case_id: CaseId, document_id: DocumentId, form: Annotated[DocumentWithdrawForm, Form()]
) -> Response:
    """Withdraw a document with a reason."""

    def act(wish: DocumentWithdrawIn) -> ProcedureDocument:
        return visit.tx.procedures.withdraw(visit.actor, case_id, document_id, wish.reason)

    return submit(
        visit,
        form,
        act,
        again=lambda mistake: shown(visit, case_id, mistake),
        then=to(f"/console/cases/{case_id}#procedure"),
    )


@router.post("/cases/{case_id}/decision")
def decide(visit: Acting, case_id: CaseId, form: Annotated[DecisionForm, Form()]) -> Response:
    """Decide a case."""
    return submit(
        visit,
        form,
        lambda asked: visit.tx.decisions.decide(visit.actor, case_id, *asked),
        again=lambda mistake: shown(visit, case_id, mistake),
        then=to(f"/console/cases/{case_id}"),
    )


@router.post("/cases/{case_id}/closing")
def close(visit: Acting, case_id: CaseId, form: Annotated[ClosingForm, Form()]) -> Response:
    """Close a case."""
    return submit(
        visit,
        form,
        lambda asked: visit.tx.decisions.close(visit.actor, case_id, *asked),
        again=lambda mistake: shown(visit, case_id, mistake),
        then=to(f"/console/cases/{case_id}"),
    )
