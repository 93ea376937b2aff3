"""Leaves of procedure: documents that show a duty, and the steps that list every duty. They stand in the case's chain.

Administrative Penalty Law (2021) arts 44, 45, 57, 59, 61 and 63: which duty a document shows stands
clear; how it is called, its number and its day are salted.
"""

from dataclasses import replace
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.act import Act, Element, Spec
from schemas.case import CaseState
from schemas.decision import DecisionOutcome, PenaltyKind, check_penalties
from schemas.leaves_case import HANDLERS, CaseClose, CaseDecide
from schemas.members import Count, LeafDigest
from schemas.opening import SaltedText
from schemas.procedure import Formality
from schemas.reference import RecordingReference
from schemas.words import Words


class DocumentFile(Act):
    """A document that shows a duty is filed; `recording` where the document, or the act, is a recording of the case.

    `dated` is the day that stands on it, `2026-11-28`.
    """

    spec: ClassVar = Spec(
        event="document:file",
        chains=("case",),
        roles=HANDLERS,
        words=Words("登记程序文书", "Document of procedure filed"),
        follows="the case is not closed; the recording is tied to it",
        columns={
            "subject": "case_documents.id",
            "formality": "case_documents.formality",
            "recording": "case_documents.recording_id",
            "title": "case_documents.title",
            "number": "case_documents.number",
            "dated": "case_documents.dated",
            "actor": "case_documents.filed_by",
            "at": "case_documents.filed_at",
        },
    )
    formality: Formality
    recording: RecordingReference | None = None
    title: SaltedText
    number: SaltedText | None = None
    dated: SaltedText


class DocumentWithdraw(Act):
    """A document shows nothing any more; `filed` is the digest of the leaf that filed it."""

    spec: ClassVar = Spec(
        event="document:withdraw",
        chains=("case",),
        roles=HANDLERS,
        words=Words("撤回程序文书", "Document of procedure withdrawn"),
        follows="the case is not closed; the document stands",
        columns={
            "filed": "case_documents.leaf",
            "actor": "case_documents.withdrawn_by",
            "at": "case_documents.withdrawn_at",
            "reason": "case_documents.withdraw_reason",
        },
    )
    filed: LeafDigest
    reason: SaltedText


class ListedFormality(Element):
    """A duty as it was found when the step was taken: so many documents stood; `why` it is not recorded."""

    formality: Formality
    documents: Count
    why: SaltedText | None = None


Lines = tuple[ListedFormality, ...]
_MOST_LINES = 32
_LINES = {
    "formalities": "case_formalities.formality case_formalities.documents",
    "why": "case_formalities.reason",
}


class CaseDecideListed(Act):
    """As version 1, with the outcome of art. 57, kinds of art. 9, a fine in fen, and every duty that is done by then."""

    spec: ClassVar = replace(
        CaseDecide.spec,
        ev=2,
        follows="the last round passed (art. 58); where the act is found, every fact is proven (art. 40); each duty"
        " is recorded or says why not",
        columns={
            **CaseDecide.spec.columns,
            **_LINES,
            "outcome": "case_decisions.outcome",
            "penalties": "case_decisions.penalties",
            "fine_fen": "case_decisions.fine_fen",
            "actor": "case_decisions.decided_by",
        },
    )
    to: Literal[CaseState.DECIDED]
    outcome: DecisionOutcome
    penalties: tuple[PenaltyKind, ...] = Field(max_length=32)
    fine_fen: Count | None = None
    formalities: Lines = Field(max_length=_MOST_LINES)
    reason: SaltedText | None = None

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        check_penalties(self.outcome, self.penalties, self.fine_fen)
        return self


class CaseCloseListed(Act):
    """As version 1, with every duty that is done after the decision."""

    spec: ClassVar = replace(
        CaseClose.spec,
        ev=2,
        follows="the case is decided; each duty is recorded or says why not",
        columns={**CaseClose.spec.columns, **_LINES},
    )
    to: Literal[CaseState.CLOSED]
    formalities: Lines = Field(max_length=_MOST_LINES)
    reason: SaltedText | None = None
