"""A case on paper: all that its page shows, and who prints it, when and why; with pictures only behind their entries."""

from typing import Annotated, NamedTuple

from fastapi import Form
from starlette.responses import Response

from api.console.case import told_of_case
from api.console.guard import Acting, Visiting
from api.console.look_form import PrintForm, PrintForms
from api.console.visit import Mistake, Visit, submit
from api.look import look_from
from api.route import pages
from schemas.case import Case
from schemas.ids import CaseId, RecordingId
from schemas.look import LookWay, Pictures, PrintIn
from schemas.recording import counted_once

router = pages()


class Printed(NamedTuple):
    """A case that is put on paper, why, and the recordings whose pictures it shows."""

    case: Case
    why: PrintIn
    pictured: frozenset[RecordingId]


@router.get("/cases/{case_id}/print")
def ask(visit: Visiting, case_id: CaseId) -> Response:
    """Ask why somebody prints."""
    return _ask(visit, case_id)


def _ask(visit: Visit, case_id: CaseId, mistake: Mistake | None = None) -> Response:
    found = visit.tx.cases.get(visit.actor, case_id)
    return visit.page(
        "case_print_why.html",
        forms=PrintForms,
        mistake=mistake,
        here="cases",
        case=found,
        pictured=len(_pictured(visit, found)),
        Pictures=Pictures,
    )


@router.post("/cases/{case_id}/print")
def print_case(visit: Acting, case_id: CaseId, form: Annotated[PrintForm, Form()]) -> Response:
    """Answer with the sheet; each recording whose picture is on it has its entry in this commit, before a byte."""

    def act(why: PrintIn) -> Printed:
        found = visit.tx.cases.get(visit.actor, case_id)
        pictured = _pictured(visit, found) if why.pictures is Pictures.WITH else frozenset()
        origin = look_from(visit.request, LookWay.CONSOLE)
        visit.tx.looks.print_all(visit.actor, found.agency_id, pictured, why, origin)
        return Printed(found, why, pictured)

    return submit(
        visit,
        form,
        act,
        again=lambda mistake: _ask(visit, case_id, mistake),
        then=lambda printed: _sheet(visit, printed),
    )


def _sheet(visit: Visit, printed: Printed) -> Response:
    tx = visit.tx
    told = told_of_case(visit, printed.case)
    records = [one for one in told.evidence.records if one.id in told.evidence.seen]
    counted = counted_once(told.recordings)
    return visit.page(
        "case_print.html",
        **told._asdict(),
        why=printed.why,
        pictured=printed.pictured,
        total_bytes=sum(one.size_bytes for one in counted),
        total_ms=sum(one.facts.duration_ms or 0 for one in counted),
        notifications={one.id: tx.notifications.of(one) for one in records},
        printed_at=tx.now,
    )


def _pictured(visit: Visit, found: Case) -> frozenset[RecordingId]:
    """Return the recordings of a case that have a picture which the visitor may see."""
    idents = [one.id for one in visit.tx.recordings.of_case(found.id) if one.has_thumbnail]
    seen = visit.tx.recordings.visible(visit.actor, idents)
    return seen & visit.tx.recordings.watched(visit.actor, idents)
