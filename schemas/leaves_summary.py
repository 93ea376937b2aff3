"""Leaves of the summary procedure (arts 51 and 52): decided on the spot, filed with the agency, or the entry taken back."""

from dataclasses import replace
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.act import Act, Spec
from schemas.actor import Role
from schemas.case import CaseState
from schemas.decision import PenaltyKind
from schemas.leaves_case import HANDLERS
from schemas.leaves_procedure import ListedFormality
from schemas.members import Count, Flag, LeafDigest, Time
from schemas.officer import MIN_OFFICERS
from schemas.opening import SaltedText, SaltedTexts
from schemas.reference import AccountReference
from schemas.summary import MOST_OFFICERS, SUMMARY_KINDS, PartyKind
from schemas.words import Words


class CasePenalise(Act):
    """A penalty that officers decided on the spot is entered, with every duty of arts 44, 45 and 52.

    `made_at` is when they decided it, `certificates` are the numbers by which they were named; `refused`: the party
    refused to sign, which stands on the written decision.
    """

    spec: ClassVar = Spec(
        event="case:penalise",
        chains=("case",),
        roles=HANDLERS,
        versions=("case",),
        words=Words("登记当场处罚", "Penalty on the spot entered"),
        follows="the case is a lead; every fact is proven (art. 40); a warning or a fine within the limits of art. 51, by"
        " two officers (arts 42 and 52) who are not barred; each duty is recorded or says why not",
        columns={
            "to": "cases.state",
            "n": "cases.version",
            "at": "cases.decided_at case_summaries.entered_at",
            "actor": "case_summaries.entered_by",
            "party_kind": "case_summaries.party_kind",
            "penalties": "case_summaries.penalties",
            "fine_fen": "case_summaries.fine_fen",
            "made_at": "case_summaries.made_at",
            "officers": "case_summaries.officers",
            "certificates": "case_summaries.certificates",
            "refused": "case_summaries.is_refused",
            "number": "case_summaries.number",
            "basis": "case_summaries.basis",
            "place": "case_summaries.place",
            "reason": "case_summaries.remark",
            "formalities": "case_formalities.formality case_formalities.documents",
            "why": "case_formalities.reason",
        },
    )
    to: Literal[CaseState.DECIDED]
    party_kind: PartyKind
    penalties: tuple[PenaltyKind, ...] = Field(min_length=1, max_length=len(SUMMARY_KINDS))
    fine_fen: Count | None = None
    made_at: Time
    officers: tuple[AccountReference, ...] = Field(min_length=MIN_OFFICERS, max_length=MOST_OFFICERS)
    refused: Flag
    formalities: tuple[ListedFormality, ...] = Field(max_length=32)
    number: SaltedText
    basis: SaltedText
    place: SaltedText
    certificates: SaltedTexts
    reason: SaltedText | None = None

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if not set(self.penalties) <= set(SUMMARY_KINDS) or list(self.penalties) != sorted(
            set(self.penalties)
        ):
            raise ValueError("warning and fine, sorted, each once")
        if (self.fine_fen is not None) is not (PenaltyKind.FINE in self.penalties):
            raise ValueError("a fine has an amount, and nothing else has one")
        if list(self.officers) != sorted(set(self.officers)):
            raise ValueError("officers are sorted and stand once")
        return self


class CasePenaliseAlone(CasePenalise):
    """As version 1, by one officer where another law says so (art. 42): `exception` is its article."""

    spec: ClassVar = replace(
        CasePenalise.spec,
        ev=2,
        follows="as version 1, by one officer, where an article of another law lets one act alone (art. 42)",
        columns={**CasePenalise.spec.columns, "exception": "case_summaries.exception"},
    )
    officers: tuple[AccountReference, ...] = Field(min_length=1, max_length=1)
    exception: SaltedText


class CaseRecord(Act):
    """The head files a decision on the spot with the agency (备案); `penalised` is the digest of its leaf."""

    spec: ClassVar = Spec(
        event="case:record",
        chains=("case",),
        roles=frozenset({Role.HEAD}),
        versions=("case",),
        words=Words("当场处罚备案", "Penalty on the spot filed with the agency"),
        follows="the penalty stands and is not filed; by none of its officers and not by who entered it",
        columns={
            "to": "cases.state",
            "n": "cases.version",
            "penalised": "case_summaries.leaf",
            "actor": "case_summaries.recorded_by",
            "at": "case_summaries.recorded_at",
            "reason": "case_summaries.record_remark",
        },
    )
    to: Literal[CaseState.DECIDED]
    penalised: LeafDigest
    reason: SaltedText | None = None


class CaseRetract(Act):
    """The entry of a penalty on the spot is taken back before it is filed; the case is a lead again."""

    spec: ClassVar = Spec(
        event="case:retract",
        chains=("case",),
        roles=HANDLERS,
        versions=("case",),
        words=Words("撤回当场处罚登记", "Entry of a penalty on the spot taken back"),
        follows="the penalty stands and is not filed",
        columns={
            "to": "cases.state",
            "n": "cases.version",
            "penalised": "case_summaries.leaf",
            "actor": "case_summaries.retracted_by",
            "at": "case_summaries.retracted_at",
            "reason": "case_summaries.retract_reason",
        },
    )
    to: Literal[CaseState.LEAD]
    penalised: LeafDigest
    reason: SaltedText
