"""Facts to be proven, the queue of legal review, its rounds, opinions and answers."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field

from api.deps import After, CurrentActor, Limit, Tx
from api.etag import SeenVersion, tag, tagged
from api.manifest import FindingOut, finding_out
from api.office import OfficeOut, QualificationOut
from api.route import Route
from schemas.acceptance import AcceptanceGround
from schemas.base import WireIn, WireOut
from schemas.case import CaseState
from schemas.fact import AcceptanceIn, FactIn, ProofIn
from schemas.ids import AgencyId, CaseId, FactId, MonitoringId, RecordingId, ReviewId
from schemas.integrity import Verdict
from schemas.review import (
    AnswerIn,
    GroundItem,
    OpinionWord,
    ReviewOpinionIn,
    ReviewState,
)
from schemas.separation import Part

router = APIRouter(prefix="/v1", tags=["review"], route_class=Route)


class AcceptanceOut(WireOut):
    """Why somebody accepted a recording that its checks alone do not carry, and the verdict that it had then."""

    ground: AcceptanceGround
    text: str
    verdict: Verdict
    accepted_by: str
    accepted_at: datetime


class ProofOut(WireOut):
    """Evidence of a fact; it holds while it is linked, and sealed and verified or accepted, or valid."""

    recording_id: RecordingId | None
    monitoring_id: MonitoringId | None
    name: str
    state: str
    verdict: str
    is_linked: bool
    holds: bool
    added_at: datetime
    acceptance: AcceptanceOut | None = None


class FactOut(WireOut):
    """A fact to be proven."""

    id: FactId
    position: int
    text: str
    added_at: datetime
    is_proven: bool
    proofs: list[ProofOut]


class FactsOut(WireOut):
    """The facts of a case, in order; `version` is the case's, which a change must name."""

    facts: list[FactOut]
    version: int


class GroundOut(WireOut):
    """A ground, and its answer when there is one."""

    position: int
    item: GroundItem
    subject: str | None
    text: str
    answer: str | None
    answered_at: datetime | None


class ReviewOut(WireOut):
    """One round of legal review, and by which roles it was submitted and its opinion given, as known then."""

    id: ReviewId
    case_id: CaseId
    case_number: str
    agency_id: AgencyId
    agency_name: str
    matter: str
    round: int
    state: ReviewState
    submitted_by: str
    submitted_at: datetime
    due_at: datetime
    evidence_sha256: str
    opinion: OpinionWord | None
    statement: str | None
    reviewer: str | None
    given_at: datetime | None
    version: int
    grounds: list[GroundOut]
    submitted_as: list[OfficeOut]
    given_as: list[OfficeOut]
    qualification: QualificationOut | None


class ReviewsOut(WireOut):
    """A page of the queue, by due date; `next` is the cursor of the following page."""

    reviews: list[ReviewOut]
    next: str | None


class RoundsOut(WireOut):
    """Every round of a case, oldest first."""

    reviews: list[ReviewOut]


class ReviewDetailOut(WireOut):
    """A round, what the case rested on when it began, how the asking person took part, and whether art. 58 is met."""

    review: ReviewOut
    evidence: dict[str, Any]
    parts: list[Part]
    is_qualified: bool


class CaseFindingOut(WireOut):
    """One thing a reviewer should look at: `subject` names the recording, record, fact or case."""

    subject: str
    finding: FindingOut


class CaseFindingsOut(WireOut):
    """What a case gives away by itself, worst first."""

    state: CaseState
    findings: list[CaseFindingOut]


class GroundAnswerIn(WireIn):
    """The handler's answer to the ground at this position."""

    position: Annotated[int, Field(ge=1, le=50)]
    text: Annotated[str, Field(min_length=1, max_length=2000, pattern=r"\S")]


@router.get("/cases/{case_id}/facts", operation_id="listFacts")
def facts(tx: Tx, actor: CurrentActor, case_id: CaseId, response: Response) -> FactsOut:
    """List the facts to be proven, with what proves them now."""
    return _facts(tx, actor, case_id, response)


def _facts(tx: Tx, actor: CurrentActor, case_id: CaseId, response: Response) -> FactsOut:
    version = tx.cases.get(actor, case_id).version
    tag(response, version)
    return FactsOut(facts=[FactOut.of(fact) for fact in tx.facts.of_case(case_id)], version=version)


@router.post("/cases/{case_id}/facts", operation_id="addFact", status_code=201)
def add_fact(
    tx: Tx, actor: CurrentActor, case_id: CaseId, *, wish: FactIn, seen: SeenVersion, response: Response
) -> FactsOut:
    """Name a fact to be proven."""
    tx.facts.add(actor, case_id, wish, seen)
    return _facts(tx, actor, case_id, response)


@router.post("/cases/{case_id}/facts/{fact_id}/withdraw", operation_id="withdrawFact")
def withdraw_fact(
    tx: Tx, actor: CurrentActor, case_id: CaseId, fact_id: FactId, *, seen: SeenVersion, response: Response
) -> FactsOut:
    """Withdraw a fact; it stays on record with its date."""
    tx.facts.withdraw(actor, case_id, fact_id, seen)
    return _facts(tx, actor, case_id, response)


@router.post("/cases/{case_id}/facts/{fact_id}/proofs", operation_id="proveFact", status_code=201)
def prove(
    tx: Tx,
    actor: CurrentActor,
    case_id: CaseId,
    fact_id: FactId,
    *,
    wish: ProofIn,
    seen: SeenVersion,
    response: Response,
) -> FactsOut:
    """Name evidence of the case as proof of a fact."""
    tx.facts.prove(actor, case_id, fact_id, wish, seen=seen)
    return _facts(tx, actor, case_id, response)


@router.post("/cases/{case_id}/facts/{fact_id}/unprove", operation_id="unproveFact")
def unprove(
    tx: Tx,
    actor: CurrentActor,
    case_id: CaseId,
    fact_id: FactId,
    *,
    wish: ProofIn,
    seen: SeenVersion,
    response: Response,
) -> FactsOut:
    """Take evidence away from a fact; the row stays with its date."""
    tx.facts.unprove(actor, case_id, fact_id, wish, seen=seen)
    return _facts(tx, actor, case_id, response)


@router.post("/cases/{case_id}/facts/{fact_id}/accept", operation_id="acceptEvidence")
def accept(
    tx: Tx,
    actor: CurrentActor,
    case_id: CaseId,
    fact_id: FactId,
    *,
    wish: AcceptanceIn,
    seen: SeenVersion,
    response: Response,
) -> FactsOut:
    """Accept a sealed recording that its checks alone do not carry, with ground and text (art. 46)."""
    tx.facts.accept(actor, case_id, fact_id, wish, seen=seen)
    return _facts(tx, actor, case_id, response)


@router.get("/cases/{case_id}/findings", operation_id="listCaseFindings")
def findings(tx: Tx, actor: CurrentActor, case_id: CaseId) -> CaseFindingsOut:
    """Return what the case gives away by itself: every reviewer sees the same list."""
    case = tx.cases.get(actor, case_id)
    found = tx.reviews.findings(actor, case_id)
    return CaseFindingsOut(
        state=case.state, findings=[CaseFindingOut.of(one, finding=finding_out(one.check)) for one in found]
    )


@router.get("/cases/{case_id}/reviews", operation_id="listRounds")
def rounds(tx: Tx, actor: CurrentActor, case_id: CaseId) -> RoundsOut:
    """List the rounds of a case."""
    tx.cases.get(actor, case_id)
    return RoundsOut(reviews=[ReviewOut.of(row) for row in tx.reviews.of_case(case_id)])


@router.get("/reviews", operation_id="listReviews")
def queue(
    tx: Tx,
    actor: CurrentActor,
    after: After,
    limit: Limit = 50,
) -> ReviewsOut:
    """List the open rounds, the one due first on top."""
    page = tx.reviews.queue(actor, after=after, limit=limit)
    return ReviewsOut(reviews=[ReviewOut.of(row) for row in page.rows], next=page.next_text)


@router.get("/reviews/{review_id}", operation_id="getReview")
def review(tx: Tx, actor: CurrentActor, review_id: ReviewId, response: Response) -> ReviewDetailOut:
    """Return one round; the ETag is the version that an opinion must name."""
    found = tx.reviews.get(actor, review_id)
    tag(response, found.version)
    return ReviewDetailOut(
        review=ReviewOut.of(found),
        evidence=tx.reviews.snapshot(review_id),
        parts=list(tx.reviews.parts(actor, found.case_id)),
        is_qualified=tx.reviews.is_qualified(actor),
    )


@router.post("/reviews/{review_id}/opinion", operation_id="giveOpinion", status_code=201)
def opine(
    tx: Tx,
    actor: CurrentActor,
    review_id: ReviewId,
    *,
    wish: ReviewOpinionIn,
    seen: SeenVersion,
    response: Response,
) -> ReviewOut:
    """Pass the case, ask for a supplement, or reject it; given once."""
    given = tx.reviews.opine(actor, review_id, wish, seen)
    return tagged(response, ReviewOut.of(given))


@router.post("/reviews/{review_id}/answers", operation_id="answerGround", status_code=201)
def answer(
    tx: Tx,
    actor: CurrentActor,
    review_id: ReviewId,
    *,
    wish: GroundAnswerIn,
    seen: SeenVersion,
    response: Response,
) -> ReviewOut:
    """Answer one ground; all must be answered before the case is submitted again."""
    answered = tx.reviews.answer(actor, review_id, wish.position, AnswerIn(text=wish.text), seen=seen)
    return tagged(response, ReviewOut.of(answered))
