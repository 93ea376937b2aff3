"""Leaves about whether a case needs legal review (art. 58): the answers, the head's agreement, and the way back."""

from dataclasses import replace
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.act import Act, Element, Spec
from schemas.actor import Role
from schemas.case import CaseState
from schemas.decision import DecisionOutcome
from schemas.leaves_case import HANDLERS, CaseConclude
from schemas.members import Flag
from schemas.opening import SaltedText
from schemas.review_scope import ScopeKind
from schemas.words import Words


class LeafAnswer(Element):
    """Whether the case is of one kind of art. 58; why is committed as `ground.k`."""

    kind: ScopeKind
    applies: Flag
    ground: SaltedText


class CaseConcludeScoped(Act):
    """As version 1; says of each kind of art. 58, in the order of the statute, whether the case is of it."""

    spec: ClassVar = replace(
        CaseConclude.spec,
        ev=2,
        columns={
            "to": "cases.state",
            "n": "cases.version case_scopes.number",
            "answers": "case_scopes.kind case_scopes.applies",
            "ground": "case_scopes.ground",
            "actor": "case_scopes.answered_by",
            "at": "case_scopes.answered_at",
        },
    )
    to: Literal[CaseState.INVESTIGATION_CLOSED]
    answers: tuple[LeafAnswer, ...] = Field(min_length=len(ScopeKind), max_length=len(ScopeKind))
    reason: SaltedText | None = None

    @model_validator(mode="after")
    def _answers_each(self) -> Self:
        if tuple(one.kind for one in self.answers) != tuple(ScopeKind):
            raise ValueError("each kind is answered once, in the order of the statute")
        return self


class CaseConcludeProposed(CaseConcludeScoped):
    """As version 2, where the handler may say which outcome of art. 57 they propose: it decides nothing."""

    spec: ClassVar = replace(
        CaseConcludeScoped.spec,
        ev=3,
        columns={
            **CaseConcludeScoped.spec.columns,
            "n": "cases.version case_scopes.number case_proposals.number",
            "proposal": "case_proposals.outcome",
            "actor": "case_scopes.answered_by case_proposals.proposed_by",
            "at": "case_scopes.answered_at case_proposals.proposed_at",
        },
    )
    proposal: DecisionOutcome | None = None


class CaseReopen(Act):
    """The investigation goes on."""

    spec: ClassVar = Spec(
        event="case:reopen",
        chains=("case",),
        roles=HANDLERS,
        versions=("case",),
        words=Words("恢复调查", "Investigation reopened"),
        follows="the investigation is closed, and the case neither under review nor decided",
        columns={"to": "cases.state", "n": "cases.version"},
    )
    to: Literal[CaseState.INVESTIGATING]
    reason: SaltedText


class CaseExempt(Act):
    """The head agrees that the case needs no legal review."""

    spec: ClassVar = Spec(
        event="case:exempt",
        chains=("case",),
        roles=frozenset({Role.HEAD}),
        versions=("case",),
        words=Words("认定无须法制审核", "No legal review needed"),
        follows="the last conclusion said of no kind of art. 58 that the case is of it, by another person; no round was"
        " submitted, every fact is proven (art. 40)",
        columns={"to": "cases.state", "n": "cases.version"},
    )
    to: Literal[CaseState.REVIEW_NOT_NEEDED]
    reason: SaltedText
