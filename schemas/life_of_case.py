"""A case as its leaves make it: what stands in its life, and a step that moves it."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from schemas.case import OVER_STATES
from schemas.decision import PROVEN_OUTCOMES, DecisionOutcome
from schemas.leaf import Leaf
from schemas.leaves_recusal import RecusalBar
from schemas.leaves_scope import CaseConcludeProposed, CaseConcludeScoped
from schemas.leaves_summary import CasePenalise
from schemas.life import check_step
from schemas.life_annotation import Annotations
from schemas.life_inside import Committed, Fact, Package, Round, Tie
from schemas.life_procedure import Documents, Taken


class Bar(NamedTuple):
    """A person barred from the case, and how it ended."""

    recusal: str
    act: RecusalBar
    by: str
    at: datetime
    lifted_by: str | None = None
    lifted_at: datetime | None = None
    lift_reason: Committed | None = None


class Scoped(NamedTuple):
    """What a conclusion answered of art. 58."""

    n: int
    act: CaseConcludeScoped
    by: str
    at: datetime


class Exemption(NamedTuple):
    """The head's agreement that no legal review is needed."""

    by: str
    at: datetime
    reason: Committed


class SummaryLife(NamedTuple):
    """A penalty on the spot that was entered, and how it went on."""

    act: CasePenalise
    by: str
    at: datetime
    recorded_by: str | None = None
    recorded_at: datetime | None = None
    record_remark: Committed | None = None
    retracted_by: str | None = None
    retracted_at: datetime | None = None
    retract_reason: Committed | None = None

    @property
    def stands(self) -> bool:
        """Nobody took the entry back."""
        return self.retracted_at is None


Summaries = Mapping[str, SummaryLife]
"""Digest of the leaf that entered it → the penalty."""


class CaseLife(NamedTuple):
    """A case. `values` are its committed members by name; `moved_at` says when it came into a state."""

    agency: str
    principal: str | None
    opened_by: str
    state: str
    values: Mapping[str, Committed]
    handlers: frozenset[str]
    moved_at: Mapping[str, datetime]
    ties: Mapping[str, Tie]
    facts: Mapping[str, Fact]
    rounds: tuple[Round, ...]
    packages: Mapping[str, Package]
    bars: Mapping[str, Bar] = MappingProxyType({})
    """Digest of the leaf that barred somebody → the bar."""
    scopes: tuple[Scoped, ...] = ()
    """What every conclusion answered."""
    scope: Scoped | None = None
    """What the last one answered; None where it answered nothing."""
    exemption: Exemption | None = None
    """While it stands."""
    documents: Documents = MappingProxyType({})
    decision: Taken | None = None
    closing: Taken | None = None
    """The steps that list their duties; a step of version 1 lists none."""
    summaries: Summaries = MappingProxyType({})
    """Decisions on the spot, those taken back included."""
    beside: Annotations = Annotations()

    @property
    def proposal(self) -> DecisionOutcome | None:
        """The outcome that the last conclusion proposed; None where it proposed none."""
        act = None if self.scope is None else self.scope.act
        return act.proposal if isinstance(act, CaseConcludeProposed) else None

    @property
    def is_found(self) -> bool:
        """Its review rests on facts that stand: nothing else is proposed."""
        return self.proposal is None or self.proposal in PROVEN_OUTCOMES

    @property
    def summary(self) -> SummaryLife | None:
        """The decision on the spot that stands; a case has one at most."""
        return next((one for one in self.summaries.values() if one.stands), None)

    @property
    def ended_at(self) -> datetime | None:
        """When the case came to an end; None while it goes on."""
        return self.moved_at.get(self.state) if self.state in OVER_STATES else None

    def is_barred(self, account: str) -> bool:
        """Say whether somebody is barred from it now."""
        return any(one.act.person == account and one.lifted_at is None for one in self.bars.values())


def moved(life: CaseLife, leaf: Leaf, to: str) -> CaseLife:
    """Return the case after a step, and when it came into the state.

    Raises:
        Unlawful: the step does not start from its state.
    """
    check_step(leaf, life.state, to)
    return life._replace(state=to, moved_at={**life.moved_at, to: leaf.at})
