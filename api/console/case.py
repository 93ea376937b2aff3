"""Cases: the list, opening one, its recordings and ties, and its export packages."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Annotated, NamedTuple

from fastapi import Form, Query
from starlette.responses import Response

from api.case import AssignIn, UnlinkIn
from api.console.case_candidates import Candidates, candidates_of
from api.console.case_form import (
    AnswerForm,
    CaseForm,
    CaseForms,
    HandlerForm,
    LiftForm,
    RecusalForm,
    StepForm,
    UnlinkForm,
)
from api.console.case_rows import PartAsked, part_of
from api.console.case_way import Awaited, awaited, ending
from api.console.evidence import Evidence, SaidFinding, evidence_of, names_of, said
from api.console.guard import Acting, Visiting
from api.console.office import each_once
from api.console.recording import names_for
from api.console.typed import Change, NoFields, Typed, W
from api.console.view import ProblemView, problem_view
from api.console.visit import Mistake, Visit, go, submit, to
from api.route import pages
from schemas.acceptance import AcceptanceGround
from schemas.annotation import About, Annotations
from schemas.case import (
    EVIDENCE_STATES,
    FILING_STEPS,
    OPINION_STEPS,
    OVER_STATES,
    STEPS,
    Case,
    CaseLink,
    CaseState,
    CaseStep,
    course,
)
from schemas.case_change import CaseChange, exemption_in
from schemas.case_gate import CaseFacts
from schemas.case_number import example
from schemas.decision import Decision, DecisionOutcome, PenaltyKind
from schemas.ids import CaseId, ExportId, RecordingId, RecusalId, ReviewId
from schemas.integrity import Shown
from schemas.leaves_recusal import RecusalGround
from schemas.office import Office
from schemas.overlap import Overlapping
from schemas.policy import Action
from schemas.procedure import AFTER_DECISION, FILED, FormalityLine
from schemas.recording import Recording, RecordingState, counted_once
from schemas.recusal import Recusal, RecusalLiftIn
from schemas.refusals_case import CASE_NUMBER_TAKEN
from schemas.review import AnswerIn
from schemas.review_scope import Scope, ScopeKind
from schemas.summary import SummaryPenalty
from schemas.trail import day_of
from schemas.verdict import shown as reads_as
from storage.export.export import Export
from storage.monitoring.values import MonitoringLink
from storage.retention.values import KeptOfCase
from storage.transaction import Transaction

router = pages()


@router.get("/cases/new")
def new(visit: Visiting) -> Response:
    """Show the form that opens a case."""
    visit.tx.cases.require_opening(visit.actor)
    return _new(visit, CaseForm())


def _new(visit: Visit, form: CaseForm, mistake: Mistake | None = None) -> Response:
    taken = None
    if mistake is not None and mistake.slug == CASE_NUMBER_TAKEN.slug:
        taken = visit.tx.cases.numbered(visit.actor, visit.actor.agency_id, form.number)
    return visit.page(
        "case_new.html",
        mistake=mistake,
        here="cases",
        form=form,
        taken=taken,
        usual=[example(one) for one in visit.tx.cases.number_patterns(visit.actor)],
    )


@router.post("/cases")
def open_case(visit: Acting, form: Annotated[CaseForm, Form()]) -> Response:
    """Open a case; what was typed is kept on the form when it cannot be opened."""
    return submit(
        visit,
        form,
        lambda wish: visit.tx.cases.open(visit.actor, wish),
        again=lambda mistake: _new(visit, form, mistake),
        then=lambda case: go(f"/console/cases/{case.id}"),
    )


def _worse(tx: Transaction, found: Case, linked: Iterable[Recording]) -> list[Recording]:
    """Return what was found worse since a case was decided."""
    if found.state not in {CaseState.DECIDED, CaseState.CLOSED}:
        return []
    worse = tx.examinations.worse_among([one.id for one in linked])
    return [one for one in linked if one.id in worse]


class CaseAsked(Candidates, PartAsked):
    """What is looked for to be linked, and which part of the recordings is shown."""


_NOTHING_ASKED = CaseAsked()


@router.get("/cases/{case_id}")
def case(visit: Visiting, case_id: CaseId, asked: Annotated[CaseAsked, Query()]) -> Response:
    """Show one case: where it stands, what blocks it, what it rests on."""
    return shown(visit, case_id, asked=asked)


class ToldCase(NamedTuple):
    """What a case's page says of it, and its print."""

    case: Case
    evidence: Evidence
    findings: list[SaidFinding]
    subjects: dict[str, tuple[str, str]]
    recordings: tuple[Recording, ...]
    counted: int
    tally: list[tuple[Shown, int]]
    denied: int
    worse: list[Recording]
    recusals: tuple[Recusal, ...]
    procedure: tuple[FormalityLine, ...]
    decision: Decision | None
    summaries: tuple[SummaryPenalty, ...]
    past: list[CaseLink]
    later: frozenset[RecordingId]
    ended: list[MonitoringLink]
    exports: tuple[Export, ...]
    history: tuple[CaseChange, ...]
    names: dict[str, str]
    scope: Scope | None
    exemption: CaseChange | None
    course: tuple[CaseState, ...]
    roles: list[tuple[str, Office]]
    kept: tuple[KeptOfCase, ...]
    granted: frozenset[Action]
    gate: CaseFacts
    awaited: Awaited | None
    ending: CaseChange | None
    overlapping: Overlapping | None
    beside: Annotations


def told_of_case(visit: Visit, found: Case) -> ToldCase:
    """Read what this visitor is told of a case."""
    tx, actor = visit.tx, visit.actor
    evidence = evidence_of(tx, actor, found, visit.language)
    subjects = names_of(found, evidence)
    linked, counted = evidence.recordings, counted_once(evidence.recordings)
    record_links = tx.monitoring_links.links_of_case(found.id)
    history, ties = tx.cases.history(found), tx.cases.links(found.id)
    exemption = exemption_in(history)
    granted, gate = tx.cases.granted(actor, found.id), tx.cases.gate_facts(found)
    return ToldCase(
        case=found,
        evidence=evidence,
        findings=said(tx.reviews.findings(actor, found.id), subjects, visit.language),
        subjects=subjects,
        recordings=linked,
        counted=len(counted),
        tally=_tally(counted),
        denied=tx.presences.denied_among([one.id for one in linked]),
        worse=_worse(tx, found, linked),
        recusals=tx.recusals.of_case(actor, found.id),
        procedure=tx.procedures.of_case(actor, found.id),
        decision=tx.decisions.of_case(actor, found.id),
        summaries=tx.summaries.of_case(actor, found.id),
        past=[link for link in ties if link.unlinked_at is not None],
        later=frozenset(one.recording_id for one in ties if one.document and one.unlinked_at is None),
        ended=[link for link in record_links if link.unlinked_at is not None],
        exports=tx.exports.of_case(actor, found.id) if Action.CASE_EXPORT in granted else (),
        history=history,
        scope=tx.cases.scope(found.id),
        exemption=exemption,
        course=course(found.state, is_exempt=exemption is not None, is_summary=found.is_summary),
        names=names_for(visit, linked) | tx.accounts.names(actor, [one.changed_by for one in history]),
        roles=each_once((one.changed_by, one.offices) for one in history),
        kept=tx.retentions.of_case(found.id),
        granted=granted,
        gate=gate,
        awaited=awaited(found, gate, evidence.rounds),
        ending=ending(history, found.state),
        overlapping=_overlapping(visit, found, granted),
        beside=tx.annotations.of(About("case", found.id)),
    )


def shown(
    visit: Visit, case_id: CaseId, mistake: Mistake | None = None, *, asked: CaseAsked = _NOTHING_ASKED
) -> Response:
    """Return the page of a case."""
    tx, actor = visit.tx, visit.actor
    found = tx.cases.get(actor, case_id)
    told = told_of_case(visit, found)
    granted = told.granted
    is_open = found.state in EVIDENCE_STATES
    may_link = Action.CASE_LINK in granted and (is_open or found.state is CaseState.DECIDED)
    return visit.page(
        "case.html",
        forms=CaseForms,
        mistake=mistake,
        here="cases",
        **told._asdict(),
        steps=_offers(visit, found, granted, told.gate),
        may_run=Action.CASE_RUN in granted,
        may_assign=Action.CASE_DECIDE in granted,
        colleagues=tx.cases.offered(actor, found) if Action.CASE_DECIDE in granted else (),
        barrable=tx.recusals.offered(actor, found) if Action.CASE_DECIDE in granted else (),
        may_review=Action.CASE_REVIEW in granted,
        is_open=is_open,
        takes_papers=found.state is CaseState.DECIDED,
        may_file=Action.CASE_RUN in granted and found.state not in OVER_STATES,
        filed_kinds=FILED,
        follow=list(AFTER_DECISION),
        outcomes=list(DecisionOutcome),
        penalty_kinds=list(PenaltyKind),
        today=day_of(tx.now),
        seen=told.evidence.seen
        | tx.recordings.visible(actor, [link.recording_id for link in told.past])
        | tx.monitoring.visible(actor, [link.monitoring_id for link in told.ended]),
        watched=told.evidence.watched,
        barred=tx.recusals.own(actor, found),
        kinds=list(ScopeKind),
        grounds=[RecusalGround.HEAD, RecusalGround.PARTY],
        acceptance_grounds=list(AcceptanceGround),
        may_link=may_link,
        part=part_of(told.recordings, asked, f"/console/cases/{case_id}"),
        sought=asked,
        candidates=candidates_of(visit, found, asked) if may_link else (),
        may_export=Action.CASE_EXPORT in granted,
        may_note=Action.NOTE_KEEP in granted,
        offered_tags=tx.annotations.offered(found.agency_id),
        now=tx.now,
    )


def _overlapping(visit: Visit, found: Case, granted: frozenset[Action]) -> Overlapping | None:
    """Return what whoever files a lead compares it with; None behind the filing, and for whoever does not work on it."""
    if found.state is not CaseState.LEAD or not granted & {Action.CASE_RUN, Action.CASE_DECIDE}:
        return None
    return visit.tx.overlaps.of_case(visit.actor, found.id)


class Offer(NamedTuple):
    """A step this visitor may try, and what forbids it now."""

    step: CaseStep
    problem: ProblemView | None
    unproven: int


def _offers(visit: Visit, found: Case, granted: frozenset[Action], facts: CaseFacts) -> list[Offer]:
    unasked = frozenset() if facts.is_summary and not facts.is_recorded else FILING_STEPS
    rows = [row for row in STEPS.offered(found.state, granted.__contains__) if row.name not in unasked]
    offers = []
    for row in rows:
        # Where the facts do not stand, a case is decided all the same: what is not proven is told beside the outcome.
        said = facts.model_copy(update={"is_found": facts.is_found and row.name is not CaseStep.DECIDE})
        err = visit.tx.cases.why_not(visit.actor, found, row.name, said)
        problem = None if err is None else problem_view(err.refusal, visit.language)
        offers.append(Offer(row.name, problem, facts.unproven))
    return [one for one in offers if one.step not in OPINION_STEPS]


def change_case(
    visit: Visit, case_id: CaseId, form: Typed[W], act: Callable[[W], object], *, anchor: str = ""
) -> Response:
    """Make one change of the case and come back to it."""
    return submit(
        visit,
        form,
        act,
        again=lambda mistake: shown(visit, case_id, mistake=mistake),
        then=to(f"/console/cases/{case_id}{anchor}"),
    )


@router.post("/cases/{case_id}/steps/{step}")
def take_step(visit: Acting, case_id: CaseId, step: CaseStep, form: Annotated[StepForm, Form()]) -> Response:
    """Take one step of the case."""
    return change_case(
        visit, case_id, form, lambda asked: visit.tx.cases.step(visit.actor, case_id, step, *asked)
    )


@router.post("/cases/{case_id}/handlers")
def assign(visit: Acting, case_id: CaseId, form: Annotated[HandlerForm, Form()]) -> Response:
    """Name one more handler by log-in."""

    def act(asked: Change[AssignIn]) -> None:
        visit.tx.cases.assign(visit.actor, case_id, asked.wish.login, asked.seen)

    return change_case(visit, case_id, form, act)


@router.post("/cases/{case_id}/recusals")
def bar(visit: Acting, case_id: CaseId, form: Annotated[RecusalForm, Form()]) -> Response:
    """Bar oneself, or as the head somebody else."""
    return change_case(
        visit,
        case_id,
        form,
        lambda wish: visit.tx.recusals.bar(visit.actor, case_id, wish),
        anchor="#recusals",
    )


@router.post("/cases/{case_id}/recusals/{recusal_id}/lift")
def lift(
    visit: Acting, case_id: CaseId, recusal_id: RecusalId, form: Annotated[LiftForm, Form()]
) -> Response:
    """End a bar."""

    def act(wish: RecusalLiftIn) -> None:
        visit.tx.recusals.lift(visit.actor, case_id, recusal_id, wish.reason)

    return change_case(visit, case_id, form, act, anchor="#recusals")


@router.post("/cases/{case_id}/reviews/{review_id}/grounds/{position}/answer")
def answer(
    visit: Acting, case_id: CaseId, review_id: ReviewId, position: int, form: Annotated[AnswerForm, Form()]
) -> Response:
    """Answer one ground of a review."""

    def act(asked: Change[AnswerIn]) -> None:
        visit.tx.cases.get(visit.actor, case_id)
        visit.tx.reviews.answer(visit.actor, review_id, position, asked.wish, seen=asked.seen)

    return change_case(visit, case_id, form, act, anchor="#reviews")


def _tally(rows: tuple[Recording, ...]) -> list[tuple[Shown, int]]:
    """How many recordings read as what, from the rows that the page lists; before the verdict as nothing."""
    words = Counter(
        reads_as(row.verdict, row.remarks) for row in rows if row.state is not RecordingState.RECEIVED
    )
    return [(one, words[one]) for one in Shown if words[one]]


@router.post("/cases/{case_id}/recordings/{recording_id}/unlink")
def unlink(
    visit: Acting, case_id: CaseId, recording_id: RecordingId, form: Annotated[UnlinkForm, Form()]
) -> Response:
    """End a tie by a dated counter-entry with a reason."""

    def act(asked: Change[UnlinkIn]) -> None:
        visit.tx.cases.unlink(visit.actor, case_id, recording_id, asked.wish.reason, asked.seen)

    return change_case(visit, case_id, form, act)


@router.post("/cases/{case_id}/exports")
def request_export(visit: Acting, case_id: CaseId, form: Annotated[NoFields, Form()]) -> Response:
    """Order the package of the case; the page then follows its progress."""
    return change_case(
        visit, case_id, form, lambda _: visit.tx.exports.request(visit.actor, case_id), anchor="#exports"
    )


@router.get("/exports/{export_id}")
def export(visit: Visiting, export_id: ExportId) -> Response:
    """Return how far a package has come: a fragment of the case's page."""
    return visit.page("_export.html", forms=CaseForms, export=visit.tx.exports.get(visit.actor, export_id))
