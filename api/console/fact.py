"""Facts to be proven on the page of a case: named and withdrawn, with their evidence, and what of it a person accepts."""

from typing import Annotated

from fastapi import Form
from starlette.responses import Response

from api.console.case import change_case
from api.console.case_form import AcceptanceForm, FactForm, ProofForm
from api.console.guard import Acting
from api.console.typed import Change, VersionForm
from api.route import pages
from schemas.fact import AcceptanceIn, AcceptanceWhy, ProofIn
from schemas.ids import CaseId, FactId, RecordingId

router = pages()


@router.post("/cases/{case_id}/facts")
def add_fact(visit: Acting, case_id: CaseId, form: Annotated[FactForm, Form()]) -> Response:
    """Name a fact to be proven."""
    return change_case(
        visit, case_id, form, lambda asked: visit.tx.facts.add(visit.actor, case_id, *asked), anchor="#facts"
    )


@router.post("/cases/{case_id}/facts/{fact_id}/withdraw")
def withdraw_fact(
    visit: Acting, case_id: CaseId, fact_id: FactId, form: Annotated[VersionForm, Form()]
) -> Response:
    """Withdraw a fact."""

    def act(version: int) -> None:
        visit.tx.facts.withdraw(visit.actor, case_id, fact_id, version)

    return change_case(visit, case_id, form, act, anchor="#facts")


@router.post("/cases/{case_id}/facts/{fact_id}/prove")
def prove(visit: Acting, case_id: CaseId, fact_id: FactId, form: Annotated[ProofForm, Form()]) -> Response:
    """Name evidence of a fact, several pieces at once: all of them or, where one is none, none."""

    def act(asked: Change[tuple[ProofIn, ...]]) -> None:
        for one in asked.wish:
            visit.tx.facts.prove(visit.actor, case_id, fact_id, one, seen=asked.seen)

    return change_case(visit, case_id, form, act, anchor="#facts")


@router.post("/cases/{case_id}/facts/{fact_id}/unprove")
def unprove(visit: Acting, case_id: CaseId, fact_id: FactId, form: Annotated[ProofForm, Form()]) -> Response:
    """Take evidence away from a fact."""

    def act(asked: Change[tuple[ProofIn, ...]]) -> None:
        for one in asked.wish:
            visit.tx.facts.unprove(visit.actor, case_id, fact_id, one, seen=asked.seen)

    return change_case(visit, case_id, form, act, anchor="#facts")


@router.post("/cases/{case_id}/facts/{fact_id}/accept/{recording_id}")
def accept(
    visit: Acting,
    case_id: CaseId,
    fact_id: FactId,
    recording_id: RecordingId,
    form: Annotated[AcceptanceForm, Form()],
) -> Response:
    """Accept evidence of a fact that its checks alone do not carry."""

    def act(asked: Change[AcceptanceWhy]) -> None:
        wish = AcceptanceIn(recording_id=recording_id, **asked.wish.model_dump())
        visit.tx.facts.accept(visit.actor, case_id, fact_id, wish, seen=asked.seen)

    return change_case(visit, case_id, form, act, anchor="#facts")
