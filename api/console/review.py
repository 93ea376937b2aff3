"""The legal reviewer's desk: the queue by due date, and one screen that answers "may we decide this case?"."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.console.evidence import evidence_of, names_of, said
from api.console.guard import Acting, Visiting, Visitor, go, mistake
from api.console.language import language_of
from api.console.recording import address, may_watch_all, names_for
from api.console.view import ProblemView
from api.deps import After, Tx
from schemas.actor import holds
from schemas.custody import subject
from schemas.errors import EvidenceError
from schemas.ids import ReviewId
from schemas.refusals_request import REQUEST_INVALID
from schemas.review import STEPS, GroundIn, GroundItem, OpinionWord, ReviewOpinionIn
from storage.store import Transaction

PAGE_ROWS = 50
BLANK_GROUNDS = 3

router = APIRouter()


@router.get("/reviews")
def reviews(request: Request, tx: Tx, who: Visiting, after: After) -> Response:
    """Show the queue, soonest due first."""
    page = tx.reviews.queue(who.actor, after=after, limit=PAGE_ROWS)
    cursor = page.next_text
    return who.page(
        request,
        "reviews.html",
        here="reviews",
        rows=page.rows,
        next_url=address("/console/reviews", {"after": cursor}) if cursor else None,
        now=tx.now,
    )


@router.get("/reviews/{review_id}")
def review(request: Request, tx: Tx, who: Visiting, review_id: ReviewId) -> Response:
    """Show one round with everything the case rests on."""
    return _page(request, tx, who, review_id)


def _page(  # noqa: PLR0917 - the last two are what a form left behind
    request: Request,
    tx: Transaction,
    who: Visitor,
    review_id: ReviewId,
    problem: ProblemView | None = None,
    typed: ReviewOpinionIn | None = None,
) -> Response:
    found = tx.reviews.get(who.actor, review_id)
    case = tx.cases.get(who.actor, found.case_id)
    language = language_of(request.cookies)
    evidence = evidence_of(tx, case, language)
    names = names_of(case, evidence)
    findings = said(tx.reviews.findings(who.actor, case.id), names, language)
    may_opine = bool(STEPS.offered(found.state, partial(holds, who.actor))) and not tx.reviews.parts(
        who.actor, case.id
    )
    entries = [
        *tx.custody.entries_for(subject("case", case.id)),
        *tx.custody.entries_for(subject("review", review_id)),
    ]
    return who.page(
        request,
        "review.html",
        status=200 if problem is None else 409,
        here="reviews",
        review=found,
        case=case,
        evidence=evidence,
        findings=findings,
        subjects=names,
        may_opine=may_opine,
        items=list(GroundItem),
        blanks=range(BLANK_GROUNDS),
        entries=entries,
        may_watch=may_watch_all(who.actor),
        names=names_for(tx, evidence.recordings) | tx.accounts.names(one.entry.actor for one in entries),
        problem=problem,
        typed=typed,
        now=tx.now,
    )


@router.post("/reviews/{review_id}/opinion")
def opine(  # noqa: PLR0917 - form fields are named by the page; the three lists stand side by side
    request: Request,
    tx: Tx,
    who: Acting,
    review_id: ReviewId,
    opinion: Annotated[OpinionWord, Form()],
    version: Annotated[int, Form()],
    statement: Annotated[str, Form(max_length=2000)] = "",
    item: Annotated[list[str] | None, Form()] = None,
    about: Annotated[list[str] | None, Form()] = None,
    text: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Give the opinion of the round; blank grounds are left out."""
    wish = None
    try:
        rows = zip(item or (), about or (), text or (), strict=False)
        grounds = [
            GroundIn(item=GroundItem(kind), subject=name or None, text=words.strip())
            for kind, name, words in rows
            if words.strip()
        ]
        wish = ReviewOpinionIn(opinion=opinion, statement=statement, grounds=grounds)
        with tx.attempt():
            tx.reviews.opine(who.actor, review_id, wish, version)
    except (ValidationError, ValueError):
        err: EvidenceError = REQUEST_INVALID("a ground is malformed")
        return _page(request, tx, who, review_id, mistake(request, err), wish)
    except EvidenceError as err:
        return _page(request, tx, who, review_id, mistake(request, err), wish)
    return go(f"/console/reviews/{review_id}")
