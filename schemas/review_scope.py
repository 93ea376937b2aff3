"""Which cases need legal review before the decision: the four kinds of Administrative Penalty Law (2021) art. 58.

Whoever concludes an investigation says of each kind whether the case is of it, and why. Where it is of none, the head
may agree that no review is needed; where it is of one, or an agency's own rule asks for it, a review takes place.
Nothing here is assumed: a case that was concluded before these questions were asked has no answers.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from schemas.base import Frozen, Reason, WireIn
from schemas.decision import DecisionOutcome
from schemas.refusals_scope import SCOPE_UNANSWERED


class ScopeKind(StrEnum):
    """The kinds of art. 58, in the order of the statute."""

    PUBLIC_INTEREST = "public_interest"
    MAJOR_RIGHTS = "major_rights"
    DIFFICULT = "difficult"
    OTHER_LAW = "other_law"


class ReviewRule(StrEnum):
    """What an agency may ask beyond the law: every case of the ordinary procedure is reviewed (全覆盖)."""

    ORDINARY = "ordinary"


class ScopeAnswerIn(WireIn):
    """Whether a case is of one kind, and why."""

    kind: ScopeKind
    applies: bool
    ground: Reason


def ordered(answers: Sequence[ScopeAnswerIn]) -> tuple[ScopeAnswerIn, ...]:
    """Return the answers in the order of the statute.

    Raises:
        Invalid: a kind has no answer, or more than one (slug `scope-unanswered`).
    """
    by_kind = {one.kind: one for one in answers}
    missing = [kind.value for kind in ScopeKind if kind not in by_kind]
    if missing or len(answers) != len(by_kind):
        raise SCOPE_UNANSWERED("each of the four kinds of art. 58 has one answer", missing=missing)
    return tuple(by_kind[kind] for kind in ScopeKind)


class ScopeAnswer(Frozen):
    """An answer as kept."""

    kind: ScopeKind
    applies: bool
    ground: str


class Scope(Frozen):
    """What was answered at one conclusion of an investigation: by whom, when, to what; and which outcome was proposed."""

    answered_by: str
    answered_at: datetime
    answers: tuple[ScopeAnswer, ...]
    proposal: DecisionOutcome | None = None

    @property
    def applying(self) -> tuple[ScopeKind, ...]:
        """The kinds of which the case is."""
        return tuple(one.kind for one in self.answers if one.applies)


def demands(rules: Iterable[str]) -> bool:
    """Say whether an agency's list asks for a review of every case of the ordinary procedure."""
    return ReviewRule.ORDINARY in rules
