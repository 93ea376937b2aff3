"""Duties of procedure of a case: what the law asks around its decision, and the documents that show it."""

from datetime import date, datetime

from fastapi import APIRouter, Response

from api.case import CaseOut
from api.deps import CurrentActor, Tx
from api.etag import SeenVersion, tagged
from api.route import Route
from schemas.base import WireOut
from schemas.case import CaseStep
from schemas.decision import ClosingIn, DecisionIn, DecisionOutcome, PenaltyKind
from schemas.ids import CaseId, DocumentId, RecordingId
from schemas.procedure import DocumentIn, DocumentWithdrawIn, Formality, FormalityLine

router = APIRouter(prefix="/v1/cases/{case_id}", tags=["case"], route_class=Route)


class DocumentOut(WireOut):
    """A document as it was filed, and who withdrew it, when and why.

    `is_linked`: its recording is still tied to the case. `is_late`: it was filed after the step that it is for.
    """

    id: DocumentId
    formality: Formality
    title: str
    number: str | None
    dated: date
    recording_id: RecordingId | None
    is_linked: bool
    filer: str
    filed_at: datetime
    is_late: bool
    withdrawer: str | None
    withdrawn_at: datetime | None
    withdraw_reason: str | None


class AnswerOut(WireOut):
    """What a step found of a duty: recorded by so many documents, or why it was not."""

    documents: int
    reason: str | None


class FormalityOut(WireOut):
    """A duty, the article that asks for it, and its documents; recorded while one of them stands.

    No document shows the term of art. 60: `days` since the filing do, until the decision or now. `answer` is what the step
    that answers for it found: `step`.
    """

    formality: Formality
    articles: str
    step: CaseStep
    is_recorded: bool
    documents: list[DocumentOut]
    days: int | None
    answer: AnswerOut | None


class DecisionOut(WireOut):
    """What the case ended in; a fine in fen."""

    outcome: DecisionOutcome
    penalties: list[PenaltyKind]
    fine_fen: int | None
    decider: str
    decided_at: datetime


class ProcedureOut(WireOut):
    """Every duty, in the order of the procedure, and what the case ended in; null before, and where that was not said."""

    formalities: list[FormalityOut]
    decision: DecisionOut | None


def line_out(line: FormalityLine) -> FormalityOut:
    """Return a duty as it is sent."""
    return FormalityOut(
        formality=line.formality,
        articles=line.rule.articles,
        step=line.rule.by,
        is_recorded=line.is_recorded,
        documents=[DocumentOut.of(one) for one in line.documents],
        days=line.days,
        answer=None if line.answer is None else AnswerOut.of(line.answer),
    )


@router.get("/procedure", operation_id="getProcedure")
def procedure(tx: Tx, actor: CurrentActor, case_id: CaseId) -> ProcedureOut:
    """List the duties of procedure with the documents that show them, withdrawn ones included."""
    decision = tx.decisions.of_case(actor, case_id)
    return ProcedureOut(
        formalities=[line_out(one) for one in tx.procedures.of_case(actor, case_id)],
        decision=None if decision is None else DecisionOut.of(decision),
    )


@router.post("/documents", operation_id="fileDocument", status_code=201)
def file(tx: Tx, actor: CurrentActor, case_id: CaseId, wish: DocumentIn) -> DocumentOut:
    """File a document that shows a duty; the same one twice gives the one that stands."""
    return DocumentOut.of(tx.procedures.file(actor, case_id, wish))


@router.post("/documents/{document_id}/withdraw", operation_id="withdrawDocument")
def withdraw(
    tx: Tx, actor: CurrentActor, case_id: CaseId, document_id: DocumentId, wish: DocumentWithdrawIn
) -> DocumentOut:
    """Withdraw a document with a reason; it stays with its dates."""
    return DocumentOut.of(tx.procedures.withdraw(actor, case_id, document_id, wish.reason))


@router.post("/decision", operation_id="decideCase", status_code=201)
def decide(
    tx: Tx, actor: CurrentActor, case_id: CaseId, *, wish: DecisionIn, seen: SeenVersion, response: Response
) -> CaseOut:
    """Decide the case, and say of each duty that is not recorded why it is not."""
    return tagged(response, CaseOut.of(tx.decisions.decide(actor, case_id, wish, seen)))


@router.post("/closing", operation_id="closeCase", status_code=201)
def close(
    tx: Tx, actor: CurrentActor, case_id: CaseId, *, wish: ClosingIn, seen: SeenVersion, response: Response
) -> CaseOut:
    """Close the case, and say of each duty that is not recorded why it is not."""
    return tagged(response, CaseOut.of(tx.decisions.close(actor, case_id, wish, seen)))
