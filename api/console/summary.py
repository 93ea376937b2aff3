"""A penalty on the spot (arts 51 and 52): its own page of a case, in two steps; filed and taken back on the case's page."""

from typing import Annotated, NamedTuple

from fastapi import Form
from starlette.responses import Response

from api.console.case import change_case
from api.console.evidence import evidence_of, names_of
from api.console.guard import Acting, Visiting
from api.console.summary_form import RecordForm, RetractForm, SummaryForm, SummaryForms
from api.console.typed import Change
from api.console.view import problem_view
from api.console.visit import Mistake, Visit, go, submit
from api.route import pages
from schemas.case import CaseStep
from schemas.ids import CaseId
from schemas.policy import Action
from schemas.summary import SUMMARY_KINDS, PartyKind, PenaliseIn, RecordIn, RetractIn
from storage.case.summary import Checked

router = pages()


class Looked(NamedTuple):
    """What would be fixed, and what was found of it."""

    wish: PenaliseIn
    checked: Checked


@router.get("/cases/{case_id}/summary")
def form_of(visit: Visiting, case_id: CaseId) -> Response:
    """Show the form, and what is still missing."""
    found = visit.tx.cases.writable(visit.actor, case_id, Action.CASE_RUN)
    return _page(visit, case_id, SummaryForm(place=found.place))


def _page(
    visit: Visit,
    case_id: CaseId,
    form: SummaryForm,
    *,
    looked: Looked | None = None,
    mistake: Mistake | None = None,
) -> Response:
    tx, actor = visit.tx, visit.actor
    found = tx.cases.writable(actor, case_id, Action.CASE_RUN)
    evidence = evidence_of(tx, actor, found, visit.language)
    err = tx.cases.why_not(actor, found, CaseStep.PENALISE, tx.cases.gate_facts(found))
    return visit.page(
        "case_summary.html",
        forms=SummaryForms,
        mistake=mistake,
        here="cases",
        case=found,
        form=form,
        names=[name for name in SummaryForm.model_fields if name not in ("version", "is_sure")],
        wish=looked and looked.wish,
        checked=looked and looked.checked,
        problem=err and problem_view(err.refusal, visit.language),
        evidence=evidence,
        subjects=names_of(found, evidence),
        lines=tx.procedures.of_summary(actor, case_id),
        limits=tx.summaries.limits(found),
        officers=tx.summaries.officers(found),
        articles=tx.summaries.articles(found),
        penalty_kinds=SUMMARY_KINDS,
        party_kinds=list(PartyKind),
    )


@router.post("/cases/{case_id}/summary")
def penalise(visit: Acting, case_id: CaseId, form: Annotated[SummaryForm, Form()]) -> Response:
    """Look at a penalty on the spot, or enter it once somebody is sure."""

    def act(asked: Change[PenaliseIn]) -> Looked | None:
        if form.is_sure == "yes":
            visit.tx.summaries.penalise(visit.actor, case_id, *asked)
            return None
        visit.only_looked()
        return Looked(asked.wish, visit.tx.summaries.check(visit.actor, case_id, asked.wish))

    def then(looked: Looked | None) -> Response:
        if looked is None:
            return go(f"/console/cases/{case_id}#summary")
        return _page(visit, case_id, form, looked=looked)

    return submit(
        visit, form, act, again=lambda mistake: _page(visit, case_id, form, mistake=mistake), then=then
    )


@router.post("/cases/{case_id}/summary/record")
def record(visit: Acting, case_id: CaseId, form: Annotated[RecordForm, Form()]) -> Response:
    """File the decision on the spot with the agency."""

    def act(asked: Change[RecordIn]) -> None:
        visit.tx.summaries.record(visit.actor, case_id, asked.wish.reason, asked.seen)

    return change_case(visit, case_id, form, act, anchor="#summary")


@router.post("/cases/{case_id}/summary/retract")
def retract(visit: Acting, case_id: CaseId, form: Annotated[RetractForm, Form()]) -> Response:
    """Take the entry back before it is filed."""

    def act(asked: Change[RetractIn]) -> None:
        visit.tx.summaries.retract(visit.actor, case_id, asked.wish.reason, asked.seen)

    return change_case(visit, case_id, form, act, anchor="#summary")
