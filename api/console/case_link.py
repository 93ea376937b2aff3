"""Linking recordings to a case, several at once, and undoing a tie."""

from typing import Annotated

from fastapi import Form, Query
from starlette.responses import Response

from api.console.case import change_case
from api.console.case_candidates import Candidates, candidates_of
from api.console.case_form import CaseForms, LinkForm
from api.console.guard import Acting, Visiting
from api.console.typed import Change
from api.route import pages
from schemas.ids import CaseId, RecordingId
from schemas.policy import Action

router = pages()


@router.get("/cases/{case_id}/candidates")
def candidates(visit: Visiting, case_id: CaseId, sought: Annotated[Candidates, Query()]) -> Response:
    """Return the rows that could be linked: a fragment of the case's page."""
    found = visit.tx.cases.writable(visit.actor, case_id, Action.CASE_LINK)
    rows = candidates_of(visit, found, sought)
    return visit.page("_candidates.html", forms=CaseForms, case=found, candidates=rows, sought=sought)


@router.post("/cases/{case_id}/link")
def link(visit: Acting, case_id: CaseId, form: Annotated[LinkForm, Form()]) -> Response:
    """Tie recordings that the actor may see to the case: all of them or, where one cannot be tied, none."""

    def act(asked: Change[tuple[RecordingId, ...]]) -> None:
        # In one order, so that two who tie the same recordings to two cases do not wait for each other.
        for recording_id in sorted(set(asked.wish)):
            visit.tx.recordings.get(visit.actor, recording_id)
            visit.tx.cases.link(visit.actor, case_id, recording_id, asked.seen)

    return change_case(visit, case_id, form, act, anchor="#recordings")
