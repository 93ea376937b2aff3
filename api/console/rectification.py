"""Rectifications: what is open, soonest due first, and one with its answers, proof and verdicts."""

from typing import Annotated, Literal, NamedTuple

from fastapi import Form, Query
from pydantic import TypeAdapter
from starlette.responses import Response

from api.console.guard import Acting, Visiting
from api.console.listing import IGNORED, PAGE_ROWS, Asked, id_or_none, listed
from api.console.typed import Fault, Forms, Mistaken, Versioned, into, label, read, seen
from api.console.visit import Mistake, Visit, submit, to
from api.route import pages
from schemas.declaration import DocumentKind
from schemas.ids import RecordingId, RectificationId
from schemas.policy import Action
from schemas.recording import Recording, RecordingFilter
from schemas.rectification import STEPS, Rectification, RectificationStep, RectificationStepIn
from schemas.reference import reference
from schemas.words import Language

router = pages()


class RectificationFilters(Asked):
    """Open ones, or those that are closed."""

    closed: Annotated[Literal["yes"] | None, IGNORED] = None


class StepWish(NamedTuple):
    """A step, its words and proof, and the version that was looked at."""

    step: RectificationStep
    wish: RectificationStepIn
    seen: int


class StepForm(Versioned[StepWish]):
    """A step; `paper` is a document that is offered, `proof` any other recording by its id or the address of its page."""

    step: str = label("处理")
    text: str = label("说明")
    paper: str = label("整改凭证（可不填）")
    proof: str = label("其他音像记录的编号或页面地址")

    def wish(self) -> StepWish:
        chosen, typed = self._recording("paper"), self._recording("proof")
        proof_id = typed or chosen
        step = read(self, "step", TypeAdapter(RectificationStep))
        return StepWish(step, into(self, RectificationStepIn, proof_recording_id=proof_id), seen(self))

    def _recording(self, field: str) -> RecordingId | None:
        text: str = getattr(self, field)
        found = id_or_none(RecordingId, text.rsplit("/", 1)[-1])
        if text and found is None:
            raise Mistaken(field, Fault.MALFORMED)
        return found


class RectificationForms(Forms):
    """The form of one rectification."""

    step: StepForm = StepForm()


@router.get("/rectifications")
def rectifications(visit: Visiting, asked: Annotated[RectificationFilters, Query()]) -> Response:
    """Show a page of rectifications, soonest due first; or those that are closed."""
    is_closed = asked.closed is not None
    page = visit.tx.rectifications.page(
        visit.actor, is_open=not is_closed, after=asked.cursor(), limit=PAGE_ROWS
    )
    return visit.page(
        "rectifications.html",
        here="rectifications",
        listing=listed("/console/rectifications", asked, page),
        is_closed=is_closed,
        now=visit.tx.now,
    )


@router.get("/rectifications/{rectification_id}")
def rectification(visit: Visiting, rectification_id: RectificationId) -> Response:
    """Show one rectification with every step."""
    return _page(visit, rectification_id)


def _page(visit: Visit, rectification_id: RectificationId, mistake: Mistake | None = None) -> Response:
    tx = visit.tx
    found = tx.rectifications.get(visit.actor, rectification_id)
    entries = tx.custody.entries_for(reference("rectification", rectification_id))
    proofs = [one.proof_recording_id for one in found.steps if one.proof_recording_id]
    named = [] if found.recording_id is None else [found.recording_id]
    return visit.page(
        "rectification.html",
        forms=RectificationForms,
        mistake=mistake,
        here="rectifications",
        rectification=found,
        steps=_open_steps(visit, found),
        papers=_papers(visit, found),
        open_recordings=tx.recordings.visible(visit.actor, proofs + named),
        open_cases=tx.cases.visible(visit.actor, [] if found.case_id is None else [found.case_id]),
        item=tx.rectifications.item(found),
        may_answer=visit.may(Action.RECTIFICATION_ANSWER, found.agency_id),
        is_english=visit.language is Language.EN,
        may_see_audit=tx.audits.is_visible(visit.actor, found.audit_id),
        entries=entries,
        names=tx.accounts.names(visit.actor, [one.leaf.actor for one in entries]),
        now=tx.now,
    )


def _papers(visit: Visit, found: Rectification) -> list[Recording]:
    """Return the documents of the agency that the visitor may see, reports of rectification before all others."""
    if not visit.may(Action.RECTIFICATION_ANSWER, found.agency_id) or not visit.holds(Action.RECORDING_VIEW):
        return []
    page = visit.tx.recordings.page(visit.actor, RecordingFilter(is_paper=True), limit=PAGE_ROWS)
    own = [one for one in page.rows if one.agency_id == found.agency_id]
    return sorted(own, key=lambda one: one.document is not DocumentKind.RECTIFICATION_REPORT)


def _open_steps(visit: Visit, found: Rectification) -> list[RectificationStep]:
    """Return the steps this visitor may take now."""
    tx, actor = visit.tx, visit.actor
    facts = tx.rectifications.gate_facts(actor, found)
    rows = STEPS.offered(found.state, lambda action: visit.may(action, found.agency_id))
    return [row.name for row in rows if STEPS.why_not(found.state, row.name, facts) is None]


@router.post("/rectifications/{rectification_id}/step")
def take_step(
    visit: Acting, rectification_id: RectificationId, form: Annotated[StepForm, Form()]
) -> Response:
    """Answer, return, verify or close."""

    def act(asked: StepWish) -> None:
        visit.tx.rectifications.step(visit.actor, rectification_id, *asked)

    return submit(
        visit,
        form,
        act,
        again=lambda mistake: _page(visit, rectification_id, mistake),
        then=to(f"/console/rectifications/{rectification_id}"),
    )
