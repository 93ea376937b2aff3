"""The life of a supervision audit, its scores, and what it asks agencies to put right."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Generic, NamedTuple, TypeVar

from schemas.audit import AuditState
from schemas.leaf import Leaf
from schemas.leaves_audit import (
    AuditAssign,
    AuditClose,
    AuditConfirm,
    AuditDefine,
    AuditDraw,
    AuditEnter,
    AuditFreeze,
    AuditRecheck,
    AuditScore,
)
from schemas.leaves_rectification import (
    RectificationAnswer,
    RectificationClose,
    RectificationRaise,
    RectificationReturn,
    RectificationVerify,
)
from schemas.life import FaultCode, Here, Takes, Unlawful, check_step, law, taken
from schemas.life_inside import Committed

Judged = TypeVar("Judged")

_Mending = RectificationAnswer | RectificationReturn | RectificationVerify | RectificationClose
_Step = AuditFreeze | AuditEnter | AuditConfirm | AuditDraw | AuditClose


class Mended(NamedTuple):
    """One step of a rectification."""

    step: str
    by: str
    at: datetime
    text: Committed
    proof: str | None


class RectificationLife(NamedTuple):
    """A rectification with every step."""

    raised: RectificationRaise
    by: str
    at: datetime
    state: str
    steps: tuple[Mended, ...] = ()

    def answered_by(self) -> str | None:
        """Return who gave the last answer."""
        return next((one.by for one in reversed(self.steps) if one.step == "answer"), None)


class Moved(NamedTuple):
    """When and by whom an audit came into a state, and the id of the leaf that says so."""

    at: datetime
    by: str
    leaf: str


class Done(NamedTuple, Generic[Judged]):
    """Something that was done once, by whom and when."""

    what: Judged
    by: str
    at: datetime


class AuditLife(NamedTuple):
    """An audit; what each step fixed stands in the leaf that took it."""

    defined: AuditDefine
    by: str
    at: datetime
    state: str
    frozen: AuditFreeze | None = None
    values_sha256: str | None = None
    drawn: AuditDraw | None = None
    closed: AuditClose | None = None
    moved: Mapping[str, Moved] = MappingProxyType({})
    inspectors: Mapping[str, Done[AuditAssign]] = MappingProxyType({})
    scores: Mapping[tuple[str, str], Done[AuditScore]] = MappingProxyType({})
    rechecks: Mapping[tuple[str, str], Done[AuditRecheck]] = MappingProxyType({})
    rectifications: Mapping[str, RectificationLife] | None = None


def apply_audit(life: AuditLife | None, leaf: Leaf, here: Here) -> AuditLife:
    """Return the audit after this leaf.

    Raises:
        Unlawful: a rule does not hold.
    """
    act = leaf.act
    if type(act) is AuditDefine:
        check_step(leaf, None if life is None else life.state, act.to)
        law(here.seen.is_of(leaf.actor, act.agency, here.index), FaultCode.AGENCY)
        return AuditLife(act, leaf.actor, leaf.at, act.to)
    return taken(AUDIT_TAKES, life, leaf, here)


def _frozen(life: AuditLife, leaf: Leaf, act: AuditFreeze, here: Here) -> AuditLife:
    moved = _moved(life, leaf, act, here)
    law(act.size <= act.count, FaultCode.OUTCOME)
    return moved._replace(frozen=act)


def _entered(life: AuditLife, leaf: Leaf, act: AuditEnter, here: Here) -> AuditLife:
    return _moved(life, leaf, act, here)._replace(values_sha256=act.values_sha256)


def _confirmed(life: AuditLife, leaf: Leaf, act: AuditConfirm, here: Here) -> AuditLife:
    moved = _moved(life, leaf, act, here)
    law(leaf.actor != life.moved[AuditState.ENTERED].by, FaultCode.SAME_PERSON)
    law(act.values_sha256 == life.values_sha256, FaultCode.VALUES)
    return moved


def _drawn(life: AuditLife, leaf: Leaf, act: AuditDraw, here: Here) -> AuditLife:
    moved = _moved(life, leaf, act, here)
    law(life.frozen is None or act.size == life.frozen.size, FaultCode.OUTCOME)
    return moved._replace(drawn=act)


def _closed(life: AuditLife, leaf: Leaf, act: AuditClose, here: Here) -> AuditLife:
    return _moved(life, leaf, act, here)._replace(closed=act)


def _moved(life: AuditLife, leaf: Leaf, act: _Step, here: Here) -> AuditLife:
    del here
    check_step(leaf, life.state, act.to)
    step = Moved(leaf.at, leaf.actor, leaf.id)
    return life._replace(state=act.to, moved={**life.moved, act.to: step})


def _assigned(life: AuditLife, leaf: Leaf, act: AuditAssign, here: Here) -> AuditLife:
    del here
    law(life.state != AuditState.CLOSED, FaultCode.CLOSED)
    law(act.inspector not in life.inspectors, FaultCode.TWICE)
    named = Done(act, leaf.actor, leaf.at)
    return life._replace(inspectors={**life.inspectors, act.inspector: named})


def _scored(life: AuditLife, leaf: Leaf, act: AuditScore, here: Here) -> AuditLife:
    law(life.state == AuditState.DRAWN, FaultCode.STEP)
    law(leaf.actor in life.inspectors, FaultCode.INSPECTOR)
    law(here.seen.is_free(here.index), FaultCode.SAME_PERSON)
    key = (act.member, leaf.actor)
    law(key not in life.scores, FaultCode.TWICE)
    law(sum(one.points for one in act.scores) == act.total, FaultCode.OUTCOME)
    return life._replace(scores={**life.scores, key: Done(act, leaf.actor, leaf.at)})


def _rechecked(life: AuditLife, leaf: Leaf, act: AuditRecheck, here: Here) -> AuditLife:
    del here
    law(life.drawn is not None, FaultCode.STEP)
    key = (act.member, act.recording)
    law(key not in life.rechecks, FaultCode.TWICE)
    return life._replace(rechecks={**life.rechecks, key: Done(act, leaf.actor, leaf.at)})


def _raised(life: AuditLife, leaf: Leaf, act: RectificationRaise, here: Here) -> AuditLife:
    del here
    known = life.rectifications or {}
    law(life.drawn is not None, FaultCode.STEP)
    found = known.get(leaf.subject)
    check_step(leaf, None if found is None else found.state, act.to)
    raised = RectificationLife(act, leaf.actor, leaf.at, act.to)
    return life._replace(rectifications={**known, leaf.subject: raised})


def _mended(life: AuditLife, leaf: Leaf, act: _Mending, here: Here) -> AuditLife:
    del here
    known = life.rectifications or {}
    one = known.get(leaf.subject)
    if one is None:
        raise Unlawful(FaultCode.NOT_BEGUN)
    check_step(leaf, one.state, act.to)
    law(type(act) is RectificationAnswer or leaf.actor != one.answered_by(), FaultCode.SAME_PERSON)
    step = Mended(leaf.event.partition(":")[2], leaf.actor, leaf.at, act.text, act.proof)
    changed = one._replace(state=act.to, steps=(*one.steps, step))
    return life._replace(rectifications={**known, leaf.subject: changed})


AUDIT_TAKES: Takes[AuditLife] = MappingProxyType(
    {
        AuditFreeze: _frozen,
        AuditEnter: _entered,
        AuditConfirm: _confirmed,
        AuditDraw: _drawn,
        AuditAssign: _assigned,
        AuditScore: _scored,
        AuditRecheck: _rechecked,
        AuditClose: _closed,
        RectificationRaise: _raised,
        RectificationAnswer: _mended,
        RectificationReturn: _mended,
        RectificationVerify: _mended,
        RectificationClose: _mended,
    }
)
