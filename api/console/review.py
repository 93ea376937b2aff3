"""The legal reviewer's desk: the queue by due date, and one screen that answers "may we decide this case?"."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, NamedTuple

from fastapi import Form, Query
from pydantic import ValidationError
from starlette.responses import Response

from api.console.case_rows import PartAsked, part_of
from api.console.case_way import awaited
from api.console.evidence import evidence_of, names_of, said
from api.console.guard import Acting, Visiting
from api.console.listing import PAGE_ROWS, Asked, listed
from api.console.office import each_once
from api.console.recording import names_for
from api.console.typed import Change, Fault, Forms, Mistaken, Versioned, into, label, labels, mistaken, seen
from api.console.visit import Mistake, Visit, submit, to
from api.route import pages
from schemas.decision import UNPROVEN_OUTCOMES
from schemas.errors import NotFound
from schemas.ids import ReviewId
from schemas.review import STEPS, GroundIn, GroundItem, ReviewOpinionIn

BLANK_GROUNDS = 3

router = pages()


class GroundRow(NamedTuple):
    """One ground as typed."""

    item: str = ""
    about: str = ""
    text: str = ""


class OpinionForm(Versioned[Change[ReviewOpinionIn]]):
    """The opinion of the round; its grounds are three lists that stand side by side, and blank ones are left out."""

    opinion: str = label("意见")
    statement: str = label("总体说明")
    item: list[str] = labels("方面")
    about: list[str] = labels("针对")
    text: list[str] = labels("理由")

    renamed: ClassVar[Mapping[str, str]] = {"subject": "about"}

    def rows(self) -> list[GroundRow]:
        """Return the grounds that say something, and blank ones to add to them."""
        rows = map(GroundRow._make, zip(self.item, self.about, self.text, strict=False))
        return [*(row for row in rows if row.text), *[GroundRow()] * BLANK_GROUNDS]

    def wish(self) -> Change[ReviewOpinionIn]:
        if not len(self.item) == len(self.about) == len(self.text):
            raise Mistaken("text", Fault.HALF)
        grounds = [self._ground(number, row) for number, row in enumerate(self.rows(), 1) if row.text]
        return Change(into(self, ReviewOpinionIn, grounds=grounds), seen(self))

    def _ground(self, number: int, row: GroundRow) -> GroundIn:
        try:
            return GroundIn.model_validate({"item": row.item, "subject": row.about or None, "text": row.text})
        except ValidationError as err:
            raise mistaken(self, err, about=str(number)) from err


class ReviewForms(Forms):
    """The form of one round."""

    opinion: OpinionForm = OpinionForm()


@router.get("/reviews")
def reviews(visit: Visiting, asked: Annotated[Asked, Query()]) -> Response:
    """Show the queue, soonest due first."""
    return _queue(visit, asked)


def _queue(visit: Visit, asked: Asked, mistake: Mistake | None = None) -> Response:
    page = visit.tx.reviews.queue(visit.actor, after=asked.cursor(), limit=PAGE_ROWS)
    return visit.page(
        "reviews.html",
        mistake=mistake,
        here="reviews",
        listing=listed("/console/reviews", asked, page),
        now=visit.tx.now,
    )


@router.get("/reviews/{review_id}")
def review(visit: Visiting, review_id: ReviewId, asked: Annotated[PartAsked, Query()]) -> Response:
    """Show one round with everything the case rests on."""
    return _page(visit, review_id, asked=asked)


def _again(visit: Visit, review_id: ReviewId, mistake: Mistake) -> Response:
    """Show the form again; where somebody else has given the opinion meanwhile, what is left in the queue."""
    try:
        return _page(visit, review_id, mistake)
    except NotFound:
        return _queue(visit, Asked(), mistake)


def _page(
    visit: Visit, review_id: ReviewId, mistake: Mistake | None = None, *, asked: PartAsked | None = None
) -> Response:
    tx, actor = visit.tx, visit.actor
    found = tx.reviews.get(actor, review_id)
    case = tx.cases.get(actor, found.case_id)
    scope = tx.cases.scope(case.id)
    evidence = evidence_of(tx, actor, case, visit.language)
    names = names_of(case, evidence)
    is_offered = bool(STEPS.offered(found.state, lambda action: visit.may(action, found.agency_id)))
    is_qualified = tx.reviews.is_qualified(actor)
    history = tx.cases.history(case)
    return visit.page(
        "review.html",
        forms=ReviewForms,
        mistake=mistake,
        here="reviews",
        review=found,
        case=case,
        awaited=awaited(case, tx.cases.gate_facts(case), evidence.rounds),
        scope=scope,
        proposes_none=scope is not None and scope.proposal in UNPROVEN_OUTCOMES,
        evidence=evidence,
        part=part_of(evidence.recordings, asked, f"/console/reviews/{review_id}"),
        findings=said(tx.reviews.findings(actor, case.id), names, visit.language),
        subjects=names,
        may_opine=is_offered and not tx.reviews.parts(actor, case.id) and is_qualified,
        is_unqualified=is_offered and not is_qualified,
        items=list(GroundItem),
        history=history,
        roles=each_once((one.changed_by, one.offices) for one in history),
        seen=evidence.seen,
        watched=evidence.watched,
        names=names_for(visit, evidence.recordings)
        | tx.accounts.names(visit.actor, [one.changed_by for one in history]),
        now=tx.now,
    )


@router.post("/reviews/{review_id}/opinion")
def opine(visit: Acting, review_id: ReviewId, form: Annotated[OpinionForm, Form()]) -> Response:
    """Give the opinion of the round."""

    def act(asked: Change[ReviewOpinionIn]) -> None:
        visit.tx.reviews.opine(visit.actor, review_id, asked.wish, asked.seen)

    return submit(
        visit,
        form,
        act,
        again=lambda mistake: _again(visit, review_id, mistake),
        then=to(f"/console/reviews/{review_id}"),
    )
