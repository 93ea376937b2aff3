"""Whether a case needs legal review (art. 58), on its page: the answers, the head's agreement, and the way back."""

from typing import Annotated

from fastapi import Form
from starlette.responses import Response

from api.console.case import change_case
from api.console.case_form import ConcludeForm, Conclusion, ReasonForm
from api.console.guard import Acting
from api.console.typed import Change
from api.route import pages
from schemas.case import CaseStep
from schemas.ids import CaseId

router = pages()


@router.post("/cases/{case_id}/conclude")
def conclude(visit: Acting, case_id: CaseId, form: Annotated[ConcludeForm, Form()]) -> Response:
    """End the investigation, with an answer to each kind of art. 58 and a proposal."""

    def act(asked: Change[Conclusion]) -> None:
        told, seen = asked
        step, (reason, answers, proposal) = CaseStep.CONCLUDE, told
        visit.tx.cases.step(visit.actor, case_id, step, reason, seen, answers=answers, proposal=proposal)

    return change_case(visit, case_id, form, act)


@router.post("/cases/{case_id}/reopen")
def reopen(visit: Acting, case_id: CaseId, form: Annotated[ReasonForm, Form()]) -> Response:
    """Take the case back to its investigation."""

    def act(asked: Change[str]) -> None:
        visit.tx.cases.step(visit.actor, case_id, CaseStep.REOPEN, *asked)

    return change_case(visit, case_id, form, act)


@router.post("/cases/{case_id}/exempt")
def exempt(visit: Acting, case_id: CaseId, form: Annotated[ReasonForm, Form()]) -> Response:
    """Agree that the case needs no legal review."""

    def act(asked: Change[str]) -> None:
        visit.tx.cases.step(visit.actor, case_id, CaseStep.EXEMPT, *asked)

    return change_case(visit, case_id, form, act)
