"""The life of a monitoring record: opinions round by round, attempts to tell the party, ties to cases."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from schemas.leaf import Leaf
from schemas.leaves_case import MonitoringLink, MonitoringLinkRuled, MonitoringUnlink
from schemas.leaves_monitoring import MonitoringNotify, MonitoringOpine, MonitoringReopen
from schemas.life import FaultCode, Here, Takes, check_step, law, taken
from schemas.life_inside import Committed
from schemas.monitoring import FIRST_ROUND, MonitoringState, OpinionWord, ReviewStage


class Given(NamedTuple):
    """An opinion on a monitoring record."""

    by: str
    at: datetime
    opinion: str
    reason_code: str | None
    reason: Committed | None


class Attempt(NamedTuple):
    """An attempt to tell the party, by whom and when it was entered."""

    made: MonitoringNotify
    by: str
    at: datetime


class Reopened(NamedTuple):
    """A re-opening: its leaf's act, by whom and when, and the opinions of the round that it ended."""

    act: MonitoringReopen
    by: str
    at: datetime
    ended: Mapping[str, Given]


class MonitoringLife(NamedTuple):
    """A monitoring record. It is received by its batch; its own chain begins with whatever comes first.

    `given` are the opinions of the last round: those before stand with the re-openings that ended them.
    """

    state: str = MonitoringState.RECEIVED
    given: Mapping[str, Given] | None = None
    concluded_at: datetime | None = None
    reopened: tuple[Reopened, ...] = ()
    ties: tuple[str, ...] = ()
    attempts: tuple[Attempt, ...] = ()

    @property
    def round(self) -> int:
        """The round in which opinions are given."""
        return FIRST_ROUND + len(self.reopened)

    def rounds(self) -> Iterator[tuple[int, Mapping[str, Given]]]:
        """Yield every round with its opinions."""
        yield from enumerate((*(one.ended for one in self.reopened), self.given or {}), FIRST_ROUND)


def apply_monitoring(life: MonitoringLife | None, leaf: Leaf, here: Here) -> MonitoringLife:
    """Return the record after this leaf.

    Raises:
        Unlawful: a rule does not hold.
    """
    return taken(MONITORING_TAKES, life or MonitoringLife(), leaf, here)


def _notified(life: MonitoringLife, leaf: Leaf, act: MonitoringNotify, here: Here) -> MonitoringLife:
    del here
    law(act.attempted_at <= leaf.at, FaultCode.FUTURE)
    return life._replace(attempts=(*life.attempts, Attempt(act, leaf.actor, leaf.at)))


def _tied(
    life: MonitoringLife, leaf: Leaf, act: MonitoringLink | MonitoringLinkRuled, here: Here
) -> MonitoringLife:
    del leaf, here
    law(life.state == MonitoringState.VALID, FaultCode.EVIDENCE)
    return life._replace(ties=(*life.ties, act.case))


def _untied(life: MonitoringLife, leaf: Leaf, act: MonitoringUnlink, here: Here) -> MonitoringLife:
    del leaf
    law(act.case in life.ties or not here.is_whole, FaultCode.TIE)
    return life._replace(ties=tuple(case for case in life.ties if case != act.case))


def _opined(life: MonitoringLife, leaf: Leaf, act: MonitoringOpine, here: Here) -> MonitoringLife:
    del here
    check_step(leaf, life.state, act.to)
    given = dict(life.given or {})
    law(act.stage not in given, FaultCode.STAGE)
    law(all(one.by != leaf.actor for one in given.values()), FaultCode.SAME_PERSON)
    given[act.stage] = Given(leaf.actor, leaf.at, act.opinion, act.reason_code, act.reason)
    law(act.to == _state_of(given), FaultCode.OUTCOME)
    is_over = act.to in (MonitoringState.VALID, MonitoringState.INVALID)
    return life._replace(state=act.to, given=given, concluded_at=leaf.at if is_over else None)


def _reopened(life: MonitoringLife, leaf: Leaf, act: MonitoringReopen, here: Here) -> MonitoringLife:
    del here
    check_step(leaf, life.state, act.to)
    law(act.round == life.round + 1, FaultCode.ROUND)
    ended = Reopened(act, leaf.actor, leaf.at, life.given or {})
    return life._replace(state=act.to, given=None, concluded_at=None, reopened=(*life.reopened, ended))


def _state_of(given: Mapping[str, Given]) -> MonitoringState:
    if any(one.opinion == OpinionWord.INVALID for one in given.values()):
        return MonitoringState.INVALID
    return MonitoringState.VALID if given.keys() == set(ReviewStage) else MonitoringState.REVIEWING


MONITORING_TAKES: Takes[MonitoringLife] = MappingProxyType(
    {
        MonitoringOpine: _opined,
        MonitoringReopen: _reopened,
        MonitoringNotify: _notified,
        MonitoringLink: _tied,
        MonitoringLinkRuled: _tied,
        MonitoringUnlink: _untied,
    }
)
