"""The end of a case without a decision, on its page: a lead not filed, a case annulled, and the way back."""

from typing import Annotated

from fastapi import Form
from starlette.responses import Response

from api.console.case import change_case
from api.console.case_form import ReasonForm
from api.console.guard import Acting
from api.console.typed import Change
from api.console.visit import Visit
from api.route import pages
from schemas.case import CaseStep
from schemas.ids import CaseId

router = pages()


def _taken(visit: Visit, case_id: CaseId, form: ReasonForm, step: CaseStep) -> Response:
    def act(asked: Change[str]) -> None:
        visit.tx.cases.step(visit.actor, case_id, step, *asked)

    return change_case(visit, case_id, form, act)


@router.post("/cases/{case_id}/refuse")
def refuse(visit: Acting, case_id: CaseId, form: Annotated[ReasonForm, Form()]) -> Response:
    """Do not file a lead."""
    return _taken(visit, case_id, form, CaseStep.REFUSE)


@router.post("/cases/{case_id}/annul")
def annul(visit: Acting, case_id: CaseId, form: Annotated[ReasonForm, Form()]) -> Response:
    """End a case before a decision."""
    return _taken(visit, case_id, form, CaseStep.ANNUL)


@router.post("/cases/{case_id}/restore")
def restore(visit: Acting, case_id: CaseId, form: Annotated[ReasonForm, Form()]) -> Response:
    """Take up a case that was ended so."""
    return _taken(visit, case_id, form, CaseStep.RESTORE)
