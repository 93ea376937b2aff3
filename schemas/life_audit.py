"""The life of a supervision audit, its scores, and what it asks agencies to put right."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Generic, NamedTuple, TypeVar

from schemas.audit import AuditState
from schemas.leaf import Leaf
from schemas.leaves_audit import (
    AuditAmend,
    AuditConfirm,
    AuditDefine,
    AuditDraw,
    AuditDrop,
    AuditEnter,
    AuditFreeze,
    AuditMismatch,
    AuditRetract,
)
from schemas.leaves_rectification import (
    RectificationAnswer,
    RectificationClose,
    RectificationRaise,
    RectificationRaisePlaced,
    RectificationReturn,
    RectificationVerify,
)
from schemas.leaves_scoring import (
    AuditAssign,
    AuditClose,
    AuditCloseTold,
    AuditRecheck,
    AuditScore,
    AuditThird,
)
from schemas.life import FaultCode, Here, Takes, Unlawful, check_step, law, taken
from schemas.life_inside import Committed
from schemas.rectification import RectificationState

Judged = TypeVar("Judged")

_Mending = RectificationAnswer | RectificationReturn | RectificationVerify | RectificationClose
_Step = (
    AuditAmend
    | AuditDrop
    | AuditFreeze
    | AuditEnter
    | AuditRetract
    | AuditMismatch
    | AuditConfirm
    | AuditDraw
    | AuditClose
    | AuditCloseTold
)
_Values = AuditEnter | AuditRetract | AuditMismatch | AuditConfirm


class Mended(NamedTuple):
    """One step of a rectification."""

    step: str
    by: str
    at: datetime
    text: Committed
    proof: str | None


class RectificationLife(NamedTuple):
    """A rectification with every step."""

    raised: RectificationRaise | RectificationRaisePlaced
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


class Amended(NamedTuple):
    """What a draft said before it was amended, and who amended it when."""

    was: AuditDefine | AuditAmend
    act: AuditAmend
    moved: Moved


class AuditLife(NamedTuple):
    """An audit; what each step fixed stands in the leaf that took it. `said` is its definition as it was said last."""

    defined: AuditDefine
    said: AuditDefine | AuditAmend
    by: str
    at: datetime
    state: str
    earlier: tuple[Amended, ...] = ()
    dropped: Done[AuditDrop] | None = None
    entries: tuple[tuple[_Values, Moved], ...] = ()
    frozen: AuditFreeze | None = None
    values_sha256: str | None = None
    drawn: AuditDraw | None = None
    closed: Done[AuditClose | AuditCloseTold] | None = None
    moved: Mapping[str, Moved] = MappingProxyType({})
    inspectors: Mapping[str, Done[AuditAssign]] = MappingProxyType({})
    thirds: Mapping[str, Done[AuditThird]] = MappingProxyType({})
    scores: Mapping[tuple[str, str], Done[AuditScore]] = MappingProxyType({})
    rechecks: Mapping[tuple[str, str], Done[AuditRecheck]] = MappingProxyType({})
    rectifications: Mapping[str, RectificationLife] | None = None

    def unmended(self) -> int:
        """Return how many of its rectifications are open."""
        return sum(one.state != RectificationState.CLOSED for one in (self.rectifications or {}).values())


def apply_audit(life: AuditLife | None, leaf: Leaf, here: Here) -> AuditLife:
    """Return the audit after this leaf.

    Raises:
        Unlawful: a rule does not hold.
    """
    act = leaf.act
    if type(act) is AuditDefine:
        check_step(leaf, None if life is None else life.state, act.to)
        law(here.seen.is_of(leaf.actor, act.agency, here.index), FaultCode.AGENCY)
        return AuditLife(act, act, leaf.actor, leaf.at, act.to)
    return taken(AUDIT_TAKES, life, leaf, here)


def _frozen(life: AuditLife, leaf: Leaf, act: AuditFreeze, here: Here) -> AuditLife:
    moved = _moved(life, leaf, act, here)
    law(act.size <= act.count, FaultCode.OUTCOME)
    return moved._replace(frozen=act)


def _amended(life: AuditLife, leaf: Leaf, act: AuditAmend, here: Here) -> AuditLife:
    moved = _moved(life, leaf, act, here)
    known = Amended(life.said, act, Moved(leaf.at, leaf.actor, leaf.id))
    return moved._replace(said=act, earlier=(*life.earlier, known))


def _dropped(life: AuditLife, leaf: Leaf, act: AuditDrop, here: Here) -> AuditLife:
    return _moved(life, leaf, act, here)._replace(dropped=Done(act, leaf.actor, leaf.at))


def _entered(life: AuditLife, leaf: Leaf, act: AuditEnter, here: Here) -> AuditLife:
    moved = _moved(life, leaf, act, here)
    return _noted(moved, leaf, act)._replace(values_sha256=act.values_sha256)


def _retracted(life: AuditLife, leaf: Leaf, act: AuditRetract, here: Here) -> AuditLife:
    moved = _moved(life, leaf, act, here)
    law(leaf.actor == life.moved[AuditState.ENTERED].by, FaultCode.SAME_PERSON)
    return _withdrawn(_noted(moved, leaf, act))


def _mismatched(life: AuditLife, leaf: Leaf, act: AuditMismatch, here: Here) -> AuditLife:
    moved = _moved(life, leaf, act, here)
    law(leaf.actor != life.moved[AuditState.ENTERED].by, FaultCode.SAME_PERSON)
    law(act.values_sha256 != life.values_sha256, FaultCode.VALUES)
    return _withdrawn(_noted(moved, leaf, act))


def _confirmed(life: AuditLife, leaf: Leaf, act: AuditConfirm, here: Here) -> AuditLife:
    moved = _moved(life, leaf, act, here)
    law(leaf.actor != life.moved[AuditState.ENTERED].by, FaultCode.SAME_PERSON)
    law(act.values_sha256 == life.values_sha256, FaultCode.VALUES)
    return _noted(moved, leaf, act)


def _noted(life: AuditLife, leaf: Leaf, act: _Values) -> AuditLife:
    said = (act, Moved(leaf.at, leaf.actor, leaf.id))
    return life._replace(entries=(*life.entries, said))


def _withdrawn(life: AuditLife) -> AuditLife:
    """No value counts any more; the audit is frozen since the freeze, and not since the value was withdrawn."""
    known = {state: one for state, one in life.moved.items() if state != AuditState.ENTERED}
    return life._replace(values_sha256=None, moved=known)


def _drawn(life: AuditLife, leaf: Leaf, act: AuditDraw, here: Here) -> AuditLife:
    moved = _moved(life, leaf, act, here)
    law(life.frozen is None or act.size == life.frozen.size, FaultCode.OUTCOME)
    return moved._replace(drawn=act)


def _closed(life: AuditLife, leaf: Leaf, act: AuditClose | AuditCloseTold, here: Here) -> AuditLife:
    moved = _moved(life, leaf, act, here)
    if type(act) is AuditCloseTold:
        law(act.unmended == life.unmended(), FaultCode.OUTCOME)
        law(act.reason is not None or not (act.missing or act.wide or act.unmended), FaultCode.OUTCOME)
    return moved._replace(closed=Done(act, leaf.actor, leaf.at))


def _moved(life: AuditLife, leaf: Leaf, act: _Step, here: Here) -> AuditLife:
    del here
    check_step(leaf, life.state, act.to)
    if act.to in life.moved or act.to == AuditState.DEFINED:
        return life._replace(state=act.to)  # it goes back to where it was: that began when it first did
    step = Moved(leaf.at, leaf.actor, leaf.id)
    return life._replace(state=act.to, moved={**life.moved, act.to: step})


def _assigned(life: AuditLife, leaf: Leaf, act: AuditAssign, here: Here) -> AuditLife:
    del here
    law(life.state != AuditState.CLOSED, FaultCode.CLOSED)
    law(act.inspector not in life.inspectors, FaultCode.TWICE)
    law(act.inspector not in {one.what.inspector for one in life.thirds.values()}, FaultCode.SAME_PERSON)
    named = Done(act, leaf.actor, leaf.at)
    return life._replace(inspectors={**life.inspectors, act.inspector: named})


def _third(life: AuditLife, leaf: Leaf, act: AuditThird, here: Here) -> AuditLife:
    """Named once for a file, by totals that differ; nobody who scored it, or scores all, is a third."""
    del here
    law(life.state == AuditState.DRAWN, FaultCode.STEP)
    law(act.member not in life.thirds, FaultCode.TWICE)
    law(act.inspector not in life.inspectors, FaultCode.SAME_PERSON)
    law(act.inspector != leaf.actor, FaultCode.SAME_PERSON)
    totals = {one.what.total for (member, _), one in life.scores.items() if member == act.member}
    law(len(totals) > 1, FaultCode.OUTCOME)
    return life._replace(thirds={**life.thirds, act.member: Done(act, leaf.actor, leaf.at)})


def _scored(life: AuditLife, leaf: Leaf, act: AuditScore, here: Here) -> AuditLife:
    law(life.state == AuditState.DRAWN, FaultCode.STEP)
    third = life.thirds.get(act.member)
    is_third = third is not None and third.what.inspector == leaf.actor
    law(is_third or leaf.actor in life.inspectors, FaultCode.INSPECTOR)
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


def _raised(
    life: AuditLife, leaf: Leaf, act: RectificationRaise | RectificationRaisePlaced, here: Here
) -> AuditLife:
    del here
    known = life.rectifications or {}
    law(life.drawn is not None, FaultCode.STEP)
    if type(act) is RectificationRaisePlaced:
        law(act.at_second is None or act.recording is not None, FaultCode.MEMBER)
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
        AuditAmend: _amended,
        AuditDrop: _dropped,
        AuditFreeze: _frozen,
        AuditEnter: _entered,
        AuditRetract: _retracted,
        AuditMismatch: _mismatched,
        AuditConfirm: _confirmed,
        AuditDraw: _drawn,
        AuditAssign: _assigned,
        AuditThird: _third,
        AuditScore: _scored,
        AuditRecheck: _rechecked,
        AuditClose: _closed,
        AuditCloseTold: _closed,
        RectificationRaise: _raised,
        RectificationRaisePlaced: _raised,
        RectificationAnswer: _mended,
        RectificationReturn: _mended,
        RectificationVerify: _mended,
        RectificationClose: _mended,
    }
)
