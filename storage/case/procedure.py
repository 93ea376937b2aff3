"""Documents that show duties of procedure: filed once, withdrawn by a dated counter-entry with a reason."""

from collections import Counter
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, insert, or_, select, update

from schemas.actor import Actor
from schemas.case import OVER_STATES, Case, CaseStep
from schemas.ids import CaseId, DocumentId, RecordingId
from schemas.leaves_procedure import DocumentFile, DocumentWithdraw
from schemas.policy import Action
from schemas.procedure import (
    FILED,
    RULES,
    DocumentIn,
    Formality,
    FormalityAnswer,
    FormalityLine,
    ProcedureDocument,
    days_since,
    lines_of,
)
from schemas.reference import reference
from schemas.refusals_case import EVIDENCE_NOT_LINKED
from schemas.refusals_procedure import (
    DOCUMENT_CASE_CLOSED,
    DOCUMENT_COMPUTED,
    DOCUMENT_FUTURE,
    DOCUMENT_UNKNOWN,
    DOCUMENT_WITHDRAWN,
)
from schemas.trail import day_of
from storage.act import Deed, fresh_id
from storage.case.case import Cases
from storage.collection import Collection, Unit
from storage.custody.values import shown
from storage.reads.account import with_name
from storage.tables.case import case_links, cases
from storage.tables.procedure import case_documents, case_formalities


class Procedures(Collection):
    """What shows that a case was conducted as the law asks; who may see a case sees it."""

    def __init__(self, unit: Unit, cases_: Cases) -> None:
        super().__init__(unit)
        self._cases = cases_

    def of_case(self, actor: Actor, case_id: CaseId) -> tuple[FormalityLine, ...]:
        """Return every duty, each with its documents, withdrawn ones included, oldest first.

        Raises:
            NotFound: no such case within the actor's scope.
        """
        case = self._cases.get(actor, case_id)
        return self._lines(case, is_summary=case.is_summary)

    def of_summary(self, actor: Actor, case_id: CaseId) -> tuple[FormalityLine, ...]:
        """Return the duties that a case has where it is decided on the spot (arts 51 and 52).

        Raises:
            NotFound: no such case within the actor's scope.
        """
        lines = self._lines(self._cases.get(actor, case_id), is_summary=True)
        return tuple(one for one in lines if one.applies)

    def _lines(self, case: Case, *, is_summary: bool) -> tuple[FormalityLine, ...]:
        days = days_since(case.filed_at, case.decided_at or self._now)
        found = self._found(case_documents.c.case_id == case.id)
        return lines_of(found, days, self._answers(case.id), is_summary=is_summary)

    def standing(self, case_id: CaseId) -> dict[Formality, int]:
        """Return how many documents of each duty stand; the caller has looked."""
        found = self._found(case_documents.c.case_id == case_id, case_documents.c.withdrawn_at.is_(None))
        return Counter(one.formality for one in found)

    def _answers(self, case_id: CaseId) -> dict[Formality, FormalityAnswer]:
        rows = self._connection.execute(
            select(case_formalities).where(case_formalities.c.case_id == case_id)
        ).mappings()
        return {Formality(row["formality"]): FormalityAnswer.of_row(row) for row in rows}

    def file(self, actor: Actor, case_id: CaseId, wish: DocumentIn) -> ProcedureDocument:
        """File a document that shows a duty; the same one twice gives the one that stands.

        It is no change of what a reviewer looks at or a decision rests on, so a case takes it until it is closed.

        Raises:
            NotFound: no such case within the actor's scope.
            Refused: the actor does not run this case, or is barred from it (`recused`).
            Invalid: no document shows this duty (`document-computed`), or it is dated tomorrow (`document-future`).
            Conflict: the recording is not tied to the case (`evidence-not-linked`).
            TransitionRefused: the case is closed (`document-case-closed`).
        """
        if wish.formality not in FILED:
            raise DOCUMENT_COMPUTED(f"no document shows {wish.formality}")
        deed = self._changing(actor, case_id)
        if wish.dated > day_of(deed.at):
            raise DOCUMENT_FUTURE("a document is dated today at the latest")
        if wish.recording_id is not None:
            self._require_tied(case_id, wish.recording_id)
        same = self._found(_same(case_id, wish))
        return same[0] if same else self._file(deed, actor, case_id, wish)

    def _file(self, deed: Deed, actor: Actor, case_id: CaseId, wish: DocumentIn) -> ProcedureDocument:
        made, number = DocumentId(fresh_id()), (wish.number or "").strip() or None
        title, recording = wish.title.strip(), wish.recording_id
        act = DocumentFile(
            formality=wish.formality,
            recording=None if recording is None else reference("recording", recording),
            title=shown(title),
            number=shown(number),
            dated=shown(wish.dated.isoformat()),
        )
        leaf = deed.write(act, reference("document", made), reference("case", case_id))
        self._connection.execute(
            insert(case_documents).values(
                id=made,
                case_id=case_id,
                formality=wish.formality,
                title=title,
                number=number,
                dated=wish.dated,
                recording_id=recording,
                filed_by=actor.account_id,
                filed_at=deed.at,
                leaf=bytes.fromhex(leaf.digest),
            )
        )
        return self._get(case_id, made)

    def withdraw(self, actor: Actor, case_id: CaseId, ident: DocumentId, reason: str) -> ProcedureDocument:
        """Withdraw a document with a reason; it stays with its dates.

        Raises:
            NotFound: no such case within the actor's scope, or no such document of it (`document-unknown`).
            Refused: the actor does not run this case, or is barred from it (`recused`).
            Conflict: it was withdrawn already (`document-withdrawn`).
            TransitionRefused: the case is closed (`document-case-closed`).
        """
        deed = self._changing(actor, case_id)
        self._get(case_id, ident)
        leaf: bytes | None = self._connection.scalar(
            update(case_documents)
            .where(case_documents.c.id == ident, case_documents.c.withdrawn_at.is_(None))
            .values(withdrawn_by=actor.account_id, withdrawn_at=deed.at, withdraw_reason=reason.strip())
            .returning(case_documents.c.leaf)
        )
        if leaf is None:
            raise DOCUMENT_WITHDRAWN("it was withdrawn already")
        act = DocumentWithdraw(filed=bytes(leaf).hex(), reason=shown(reason.strip()))
        deed.write(act, reference("document", ident), reference("case", case_id))
        return self._get(case_id, ident)

    def _changing(self, actor: Actor, case_id: CaseId) -> Deed:
        """Begin an act on the documents of a case; they are no version of it."""
        case = self._writable(actor, case_id)
        deed = self._begin(actor, case.agency_id, reference("case", case_id))
        self._cases.lock(case_id)
        self._writable(actor, case_id)
        return deed

    def _writable(self, actor: Actor, case_id: CaseId) -> Case:
        case = self._cases.writable(actor, case_id, Action.CASE_RUN)
        if case.state in OVER_STATES:
            raise DOCUMENT_CASE_CLOSED("the case is closed")
        return case

    def _require_tied(self, case_id: CaseId, recording_id: RecordingId) -> None:
        if not self._connection.scalar(select(_tied(case_id, recording_id))):
            raise EVIDENCE_NOT_LINKED("the recording is not linked to the case")

    def _get(self, case_id: CaseId, ident: DocumentId) -> ProcedureDocument:
        found = self._found(case_documents.c.case_id == case_id, case_documents.c.id == ident)
        if not found:
            raise DOCUMENT_UNKNOWN("the case has no such document")
        return found[0]

    def _found(self, *conditions: ColumnElement[bool]) -> tuple[ProcedureDocument, ...]:
        query = _select().where(*conditions).order_by(case_documents.c.id)
        return tuple(map(ProcedureDocument.of_row, self._connection.execute(query).mappings()))


def _same(case_id: CaseId, wish: DocumentIn) -> ColumnElement[bool]:
    said = {**wish.model_dump(), "title": wish.title.strip(), "number": (wish.number or "").strip() or None}
    return and_(
        case_documents.c.case_id == case_id,
        case_documents.c.withdrawn_at.is_(None),
        *(case_documents.c[name].is_not_distinct_from(value) for name, value in said.items()),
    )


def _tied(case_id: CaseId | ColumnElement[CaseId], recording_id: object) -> ColumnElement[bool]:
    return (
        exists()
        .where(
            case_links.c.case_id == case_id,
            case_links.c.recording_id == recording_id,
            case_links.c.unlinked_at.is_(None),
        )
        .correlate(case_documents)
    )


def _is_late() -> ColumnElement[bool]:
    """Say of a document whether it was filed after the step that it is for."""
    ends = {CaseStep.DECIDE: cases.c.decided_at, CaseStep.CLOSE: cases.c.closed_at}
    return or_(
        *(
            and_(
                case_documents.c.formality.in_([one for one in FILED if RULES[one].by is step]),
                case_documents.c.filed_at > at,
            ).is_(True)
            for step, at in ends.items()
        )
    )


@cache
def _select() -> Select[tuple[object, ...]]:
    asked: list[ColumnElement[Any]] = [
        one for one in case_documents.c if one.name in ProcedureDocument.model_fields
    ]
    asked.append(_tied(case_documents.c.case_id, case_documents.c.recording_id).label("is_linked"))
    asked.append(_is_late().label("is_late"))
    query = select(*asked).join(cases, cases.c.id == case_documents.c.case_id)
    query = with_name(query, case_documents.c.filed_by, "filer")
    return with_name(query, case_documents.c.withdrawn_by, "withdrawer", is_optional=True)
