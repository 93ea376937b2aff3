"""What a case ends in: the outcome of art. 57, the kinds of penalty of art. 9, and what each duty was found to be.

Whoever decides answers for every duty that is done by then: recorded, with so many documents, or not recorded, with a
reason. Nothing is refused because a duty is not recorded: the document may lie in a drawer, or the duty may not apply.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, NamedTuple, Self

from pydantic import Field, model_validator

from schemas.base import Frozen, Reason, WireIn
from schemas.case import CaseStep
from schemas.procedure import Formality, asked_by, is_recorded
from schemas.refusals_procedure import DECISION_DIFFERS, FORMALITY_RECORDED, FORMALITY_UNSAID


class DecisionOutcome(StrEnum):
    """Art. 57: what the head decides after the investigation."""

    PENALTY = "penalty"
    MINOR = "minor"
    NO_FACTS = "no_facts"
    TRANSFER = "transfer"


PROVEN_OUTCOMES = frozenset({DecisionOutcome.PENALTY, DecisionOutcome.MINOR})
"""The outcomes that say that the act was done: each fact needs its proof (art. 40). Where the facts do not stand, nothing
is proven; where a crime is suspected, others prove it."""


UNPROVEN_OUTCOMES = frozenset(DecisionOutcome) - PROVEN_OUTCOMES


class PenaltyKind(StrEnum):
    """Art. 9, in its order."""

    WARNING = "warning"
    CRITICISM = "criticism"
    FINE = "fine"
    GAINS = "gains"
    GOODS = "goods"
    LICENCE_SUSPENDED = "licence_suspended"
    GRADE_LOWERED = "grade_lowered"
    LICENCE_REVOKED = "licence_revoked"
    BUSINESS_LIMITED = "business_limited"
    BUSINESS_STOPPED = "business_stopped"
    CLOSED_DOWN = "closed_down"
    OCCUPATION_BARRED = "occupation_barred"
    DETENTION = "detention"
    OTHER = "other"


MOST_FEN = 10**14
"""A million million yuan: beyond it somebody mistyped."""


def check_penalties(
    outcome: DecisionOutcome, penalties: tuple[PenaltyKind, ...], fine_fen: int | None
) -> None:
    """Refuse kinds that do not go with the outcome, and an amount without a fine.

    Raises:
        ValueError: the form is none.
    """
    if bool(penalties) is not (outcome is DecisionOutcome.PENALTY):
        raise ValueError("a penalty has at least one kind, and what is no penalty has none")
    if list(penalties) != sorted(set(penalties)):
        raise ValueError("kinds are sorted and stand once")
    if fine_fen is not None and PenaltyKind.FINE not in penalties:
        raise ValueError("only a fine has an amount")


class UnrecordedIn(WireIn):
    """Why a duty is not recorded; one that does not apply is not recorded either: 不适用：…."""

    formality: Formality
    reason: Reason


class ClosingIn(WireIn):
    """What is said at the end of a case: why each duty that is done by then is not recorded."""

    unrecorded: Annotated[list[UnrecordedIn], Field(max_length=16)] = Field(default_factory=list)
    reason: Annotated[str, Field(max_length=500)] = ""

    @model_validator(mode="after")
    def _says_each_once(self) -> Self:
        if len({one.formality for one in self.unrecorded}) != len(self.unrecorded):
            raise ValueError("a duty is answered for once")
        return self

    @property
    def reasons(self) -> dict[Formality, str]:
        """Return duty → why it is not recorded."""
        return {one.formality: one.reason.strip() for one in self.unrecorded}


class DecisionIn(ClosingIn):
    """What the head decides, and why each duty that is done by then is not recorded; a fine in fen."""

    outcome: DecisionOutcome
    penalties: Annotated[list[PenaltyKind], Field(max_length=len(PenaltyKind))] = Field(default_factory=list)
    fine_fen: Annotated[int, Field(ge=1, le=MOST_FEN)] | None = None

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        check_penalties(self.outcome, self.kinds, self.fine_fen)
        if self.fine_fen is None and PenaltyKind.FINE in self.kinds:
            raise ValueError("a fine has an amount")
        return self

    @property
    def kinds(self) -> tuple[PenaltyKind, ...]:
        """Return the kinds, sorted and each once, as the leaf names them."""
        return tuple(sorted(set(self.penalties)))


def check_proposed(outcome: DecisionOutcome, proposal: DecisionOutcome | None, reason: str) -> None:
    """Refuse a decision that differs from what the handler proposed, without a reason.

    Raises:
        Invalid: slug `decision-differs`.
    """
    if proposal not in (None, outcome) and not reason.strip():
        raise DECISION_DIFFERS("another outcome than was proposed, and no reason", proposal=proposal)


class Listed(NamedTuple):
    """What a duty was found to be when a step was taken: recorded by so many documents, or why it was not."""

    formality: Formality
    documents: int
    reason: str | None


def listed(
    step: CaseStep,
    at: datetime,
    documents: Mapping[Formality, int],
    days: int | None,
    reasons: Mapping[Formality, str],
    *,
    is_summary: bool = False,
) -> tuple[Listed, ...]:
    """Return what a step of a case answers for, duty by duty.

    Args:
        step: Which step.
        at: When it is taken.
        documents: Duty → how many of its documents stand.
        days: Since the filing of the case.
        reasons: Why a duty is not recorded.
        is_summary: Whether the case is decided on the spot.

    Raises:
        Invalid: one is not recorded and no reason is given (`formality-unsaid`).
        Conflict: a reason is given for one that is recorded, or that this step does not answer for (`formality-recorded`).
    """
    asked = asked_by(step, at, is_summary=is_summary)
    missing = [one for one in asked if not is_recorded(one, documents.get(one, 0), days)]
    if unsaid := [one for one in missing if one not in reasons]:
        raise FORMALITY_UNSAID("not recorded, and no reason is given", formalities=_names(unsaid))
    if spare := [one for one in reasons if one not in missing]:
        raise FORMALITY_RECORDED("a reason for what needs none", formalities=_names(spare))
    return tuple(Listed(one, documents.get(one, 0), reasons.get(one)) for one in asked)


def _names(formalities: Iterable[Formality]) -> list[str]:
    return [one.value for one in formalities]


class Decision(Frozen):
    """What a case ended in, by name of who decided."""

    outcome: DecisionOutcome
    penalties: tuple[PenaltyKind, ...]
    fine_fen: int | None
    decider: str
    decided_at: datetime

    @property
    def kinds(self) -> tuple[PenaltyKind, ...]:
        """Return the kinds in the order of art. 9."""
        return tuple(one for one in PenaltyKind if one in self.penalties)
