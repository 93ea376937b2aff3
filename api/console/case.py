"""Cases: the list, opening one, its recordings and ties, and its export packages."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Literal, NamedTuple

from fastapi import APIRouter, Form, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.console.evidence import evidence_of, names_of, said
from api.console.form import local_time
from api.console.guard import Acting, Visiting, Visitor, go, mistake, problem_view
from api.console.language import language_of
from api.console.recording import address, may_watch_all, names_for
from api.console.view import ProblemView
from api.deps import After, Tx
from api.problems import status_of
from schemas.actor import Action, holds, scope
from schemas.case import EVIDENCE_STATES, OPINION_STEPS, STEPS, Case, CaseIn, CaseState, CaseStep
from schemas.errors import AnyRefusal, Conflict, EvidenceError
from schemas.fact import FactIn, ProofIn
from schemas.ids import CaseId, ExportId, FactId, RecordingId, ReviewId
from schemas.integrity import Verdict
from schemas.recording import Recording, RecordingFilter
from schemas.refusals_request import REQUEST_INVALID
from schemas.review import AnswerIn
from storage.export.export import Export
from storage.store import Transaction

PAGE_ROWS = 50
CANDIDATES = 10

router = APIRouter()


@router.get("/cases")
def cases(  # noqa: PLR0917 - filters are named by the page
    request: Request, tx: Tx, who: Visiting, after: After, number: str = "", state: str = ""
) -> Response:
    """Show a page of cases, newest first."""
    wanted = number.strip()[:64]
    at = CaseState(state) if state in set(CaseState) else None
    page = tx.cases.page(who.actor, number=wanted or None, state=at, after=after, limit=PAGE_ROWS)
    query = {name: text for name, text in (("number", wanted), ("state", at or "")) if text}
    return who.page(
        request,
        "cases.html",
        here="cases",
        rows=page.rows,
        number=wanted,
        state=at,
        states=list(CaseState),
        is_filtered=bool(query),
        next_url=address("/console/cases", {**query, "after": str(page.next)}) if page.next else None,
        may_open=holds(who.actor, Action.CASE_OPEN),
    )


@router.get("/cases/new")
def new(request: Request, who: Visiting) -> Response:
    """Show the form that opens a case."""
    return _form(request, who, dict.fromkeys((*CaseIn.model_fields,), ""), None)


def _form(request: Request, who: Visitor, entered: dict[str, str], refusal: AnyRefusal | None) -> Response:
    problem = None if refusal is None else problem_view(refusal, language_of(request.cookies))
    status = 200 if refusal is None else status_of(refusal)
    return who.page(
        request,
        "case_new.html",
        status=status,
        here="cases",
        entered=entered,
        problem=problem,
    )


@router.post("/cases")
def open_case(  # noqa: PLR0917 - form fields are named by the page
    request: Request,
    tx: Tx,
    who: Acting,
    number: Annotated[str, Form()] = "",
    party: Annotated[str, Form()] = "",
    matter: Annotated[str, Form()] = "",
    place: Annotated[str, Form()] = "",
    occurred_at: Annotated[str, Form()] = "",
) -> Response:
    """Open a case; what was typed is kept on the form when it cannot be opened."""
    entered = {
        "number": number.strip(),
        "party": party.strip(),
        "matter": matter.strip(),
        "place": place.strip(),
        "occurred_at": occurred_at,
    }
    try:
        wish = CaseIn.model_validate({**entered, "occurred_at": local_time(occurred_at)})
    except (ValidationError, ValueError):
        return _form(request, who, entered, REQUEST_INVALID)
    try:
        case = tx.cases.open(who.actor, wish)
    except Conflict as err:  # nothing was inserted: the number is taken
        return _form(request, who, entered, err.refusal)
    return go(f"/console/cases/{case.id}")


@router.get("/cases/{case_id}")
def case(request: Request, tx: Tx, who: Visiting, case_id: CaseId, find: str = "") -> Response:
    """Show one case: where it stands, what blocks it, what it rests on."""
    return _page(request, tx, who, case_id, find=find)


def _page(
    request: Request,
    tx: Transaction,
    who: Visitor,
    case_id: CaseId,
    *,
    find: str = "",
    problem: ProblemView | None = None,
) -> Response:
    found = tx.cases.get(who.actor, case_id)
    language = language_of(request.cookies)
    evidence = evidence_of(tx, found, language)
    names = names_of(found, evidence)
    linked = evidence.recordings
    may_link = holds(who.actor, Action.CASE_LINK) and found.state in EVIDENCE_STATES
    may_export = holds(who.actor, Action.CASE_EXPORT)
    wanted = find.strip()[:200]
    return who.page(
        request,
        "case.html",
        status=200 if problem is None else 409,
        here="cases",
        case=found,
        evidence=evidence,
        findings=said(tx.reviews.findings(who.actor, case_id), names, language),
        subjects=names,
        steps=_offers(request, tx, who, found),
        may_run=holds(who.actor, Action.CASE_RUN),
        may_assign=holds(who.actor, Action.CASE_DECIDE),
        may_review=holds(who.actor, Action.CASE_REVIEW),
        is_open=found.state in EVIDENCE_STATES,
        record_links=tx.monitoring_links.links_of_case(case_id),
        recordings=linked,
        bad=_count(linked, Verdict.MISMATCH),
        doubtful=_count(linked, Verdict.DOUBTFUL),
        may_link=may_link,
        find=wanted,
        candidates=_candidates(tx, who, found, wanted) if wanted and may_link else (),
        past=[link for link in tx.cases.links(case_id) if link.unlinked_at is not None],
        may_export=may_export,
        exports=_exports(tx, who, case_id) if may_export else (),
        may_watch=may_watch_all(who.actor),
        names=names_for(tx, linked),
        problem=problem,
        now=tx.now,
    )


class Offer(NamedTuple):
    """A step this visitor may try, and what forbids it now."""

    step: CaseStep
    problem: ProblemView | None


def _offers(request: Request, tx: Transaction, who: Visitor, found: Case) -> list[Offer]:
    rows = STEPS.offered(found.state, partial(holds, who.actor))
    facts = tx.cases.gate_facts(found.id)
    offers = []
    for row in rows:
        err = STEPS.why_not(found.state, row.name, facts)
        problem = None if err is None else problem_view(err.refusal, language_of(request.cookies))
        offers.append(Offer(row.name, problem))
    return [one for one in offers if one.step not in OPINION_STEPS]


def _changed(
    request: Request,
    tx: Transaction,
    who: Visitor,
    case_id: CaseId,
    change: Callable[[], object],
    *,
    anchor: str = "",
) -> Response:
    """Make one change and come back; a mistake shows the page again with what is wrong."""
    try:
        with tx.attempt():
            change()
    except (ValidationError, ValueError):
        err: EvidenceError = REQUEST_INVALID("a field is missing or wrong")
        return _page(request, tx, who, case_id, problem=mistake(request, err))
    except EvidenceError as err:
        return _page(request, tx, who, case_id, problem=mistake(request, err))
    return go(f"/console/cases/{case_id}{anchor}")


@router.post("/cases/{case_id}/step")
def take_step(  # noqa: PLR0917 - form fields are named by the page
    request: Request,
    tx: Tx,
    who: Acting,
    case_id: CaseId,
    step: Annotated[CaseStep, Form()],
    version: Annotated[int, Form()],
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Take one step of the case."""
    return _changed(
        request, tx, who, case_id, lambda: tx.cases.step(who.actor, case_id, step, reason, version)
    )


@router.post("/cases/{case_id}/handlers")
def assign(  # noqa: PLR0917
    request: Request,
    tx: Tx,
    who: Acting,
    case_id: CaseId,
    version: Annotated[int, Form()],
    login: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Name one more handler by log-in."""
    return _changed(
        request, tx, who, case_id, lambda: tx.cases.assign(who.actor, case_id, login.strip(), version)
    )


@router.post("/cases/{case_id}/facts")
def add_fact(  # noqa: PLR0917
    request: Request,
    tx: Tx,
    who: Acting,
    case_id: CaseId,
    version: Annotated[int, Form()],
    text: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Name a fact to be proven."""

    def change() -> None:
        tx.facts.add(who.actor, case_id, FactIn(text=text.strip()), version)

    return _changed(request, tx, who, case_id, change, anchor="#facts")


@router.post("/cases/{case_id}/facts/{fact_id}/{act}")
def change_fact(  # noqa: PLR0917
    request: Request,
    tx: Tx,
    who: Acting,
    case_id: CaseId,
    fact_id: FactId,
    act: Literal["prove", "unprove", "withdraw"],
    version: Annotated[int, Form()],
    proof: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """Name evidence of a fact, take it away, or withdraw the fact."""

    def change() -> None:
        if act == "withdraw":
            tx.facts.withdraw(who.actor, case_id, fact_id, version)
            return
        noun, _, ident = proof.partition("/")
        wish = ProofIn.model_validate({f"{noun}_id": ident})
        named = tx.facts.prove if act == "prove" else tx.facts.unprove
        named(who.actor, case_id, fact_id, wish, seen=version)

    return _changed(request, tx, who, case_id, change, anchor="#facts")


@router.post("/cases/{case_id}/answers")
def answer(  # noqa: PLR0917
    request: Request,
    tx: Tx,
    who: Acting,
    case_id: CaseId,
    review_id: Annotated[ReviewId, Form()],
    position: Annotated[int, Form()],
    version: Annotated[int, Form()],
    text: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Answer one ground of a review."""

    def change() -> None:
        tx.cases.get(who.actor, case_id)
        tx.reviews.answer(who.actor, review_id, position, AnswerIn(text=text.strip()), seen=version)

    return _changed(request, tx, who, case_id, change, anchor="#reviews")


def _count(rows: tuple[Recording, ...], verdict: Verdict) -> int:
    return sum(row.verdict is verdict for row in rows)


def _exports(tx: Transaction, who: Visitor, case_id: CaseId) -> list[Export]:
    """Return the packages this actor may download: with reach over own cases only, those it ordered."""
    own_only = scope(who.actor, Action.CASE_EXPORT).own_only
    return [one for one in tx.exports.of_case(case_id) if not own_only or one.requested_by == who.actor.id]


def _candidates(tx: Transaction, who: Visitor, case: Case, wanted: str) -> list[Recording]:
    linked = {row.id for row in tx.recordings.of_case(case.id)}
    page = tx.recordings.page(who.actor, RecordingFilter(text=wanted), limit=CANDIDATES + len(linked))
    rows = [row for row in page.rows if row.id not in linked and row.agency_id == case.agency_id]
    return rows[:CANDIDATES]


@router.get("/cases/{case_id}/candidates")
def candidates(request: Request, tx: Tx, who: Visiting, case_id: CaseId, find: str = "") -> Response:
    """Return the rows that could be linked: a fragment of the case's page."""
    found = tx.cases.get(who.actor, case_id)
    wanted = find.strip()[:200]
    rows = _candidates(tx, who, found, wanted) if wanted else []
    return who.page(request, "_candidates.html", case=found, candidates=rows, find=wanted)


@router.post("/cases/{case_id}/link")
def link(  # noqa: PLR0917 - form fields are named by the page
    request: Request,
    tx: Tx,
    who: Acting,
    case_id: CaseId,
    recording_id: Annotated[RecordingId, Form()],
    version: Annotated[int, Form()],
) -> Response:
    """Tie a recording that the actor may see to the case; `version` is that of the page."""

    def change() -> None:
        tx.recordings.get(who.actor, recording_id)
        tx.cases.link(who.actor, case_id, recording_id, version)

    return _changed(request, tx, who, case_id, change)


@router.post("/cases/{case_id}/unlink")
def unlink(  # noqa: PLR0917 - form fields are named by the page
    request: Request,
    tx: Tx,
    who: Acting,
    case_id: CaseId,
    recording_id: Annotated[RecordingId, Form()],
    reason: Annotated[str, Form(min_length=1, max_length=500)],
    version: Annotated[int, Form()],
) -> Response:
    """End a tie by a dated counter-entry with a reason; `version` is that of the page."""
    return _changed(
        request,
        tx,
        who,
        case_id,
        lambda: tx.cases.unlink(who.actor, case_id, recording_id, reason.strip(), version),
    )


@router.post("/cases/{case_id}/exports")
def request_export(tx: Tx, who: Acting, case_id: CaseId) -> Response:
    """Order the package of the case; the page then follows its progress."""
    tx.exports.request(who.actor, case_id)
    return go(f"/console/cases/{case_id}#exports")


@router.get("/exports/{export_id}")
def export(request: Request, tx: Tx, who: Visiting, export_id: ExportId) -> Response:
    """Return how far a package has come: a fragment of the case's page."""
    return who.page(request, "_export.html", export=tx.exports.get(who.actor, export_id))
