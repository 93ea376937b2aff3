"""The life of a duty: opened, amended while it goes on, and over for good."""

from collections.abc import Iterable
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from schemas.actor import Role
from schemas.leaf import Leaf
from schemas.leaves_shift import DutyAmend, DutyClose, DutyOpen
from schemas.life import FaultCode, Here, Takes, law, taken


class DutyLife(NamedTuple):
    """A duty; `until` and `due_at` once it is over."""

    agency: str
    device: str
    persons: tuple[str, ...]
    from_: datetime
    opened_at: datetime
    until: datetime | None = None
    due_at: datetime | None = None
    closed_at: datetime | None = None


def apply_duty(life: DutyLife | None, leaf: Leaf, here: Here) -> DutyLife:
    """Return the duty after this leaf.

    Raises:
        Unlawful: a rule does not hold.
    """
    act = leaf.act
    if type(act) is DutyOpen:
        return _opened(life, leaf, act, here)
    law(life is None or life.until is None, FaultCode.CLOSED)
    return taken(DUTY_TAKES, life, leaf, here)


def _opened(life: DutyLife | None, leaf: Leaf, act: DutyOpen, here: Here) -> DutyLife:
    law(life is None, FaultCode.BEGUN_TWICE)
    law(here.seen.is_of(act.device, act.agency, here.index), FaultCode.AGENCY)
    began = DutyLife(act.agency, act.device, act.persons, act.from_, leaf.at)
    _check_persons(act.persons, act.agency, here)
    _check_actor(began, leaf, here)
    law(act.from_ <= leaf.at, FaultCode.FUTURE)
    if act.until is None or act.due_at is None:
        return began
    return _over(began, leaf, act.until, act.due_at)


def _amended(life: DutyLife, leaf: Leaf, act: DutyAmend, here: Here) -> DutyLife:
    _check_actor(life, leaf, here)
    persons, from_ = act.persons or life.persons, act.from_ or life.from_
    _check_persons(persons, life.agency, here)
    law(from_ <= leaf.at, FaultCode.FUTURE)
    return life._replace(persons=persons, from_=from_)


def _closed(life: DutyLife, leaf: Leaf, act: DutyClose, here: Here) -> DutyLife:
    _check_actor(life, leaf, here)
    return _over(life, leaf, act.until, act.due_at)


def _over(life: DutyLife, leaf: Leaf, until: datetime, due_at: datetime) -> DutyLife:
    law(until <= leaf.at, FaultCode.FUTURE)
    law(life.from_ < until < due_at, FaultCode.PERIOD)
    return life._replace(until=until, due_at=due_at, closed_at=leaf.at)


def _check_persons(persons: Iterable[str], agency: str, here: Here) -> None:
    for person in persons:
        law(here.seen.is_alive(person, here.index), FaultCode.ACTOR)
        law(here.seen.is_of(person, agency, here.index), FaultCode.AGENCY)


def _check_actor(life: DutyLife, leaf: Leaf, here: Here) -> None:
    """Whoever is on the duty acts, its device for them, or a custodian of its agency."""
    if leaf.actor == life.device or leaf.actor in life.persons:
        return
    law(not leaf.actor.startswith("device/"), FaultCode.ACTOR)
    law(here.seen.is_of(leaf.actor, life.agency, here.index), FaultCode.ACTOR)
    keeps = here.seen.has_role(leaf.actor, {Role.CUSTODIAN}, leaf.at, here.index)
    law(keeps, FaultCode.ACTOR)


DUTY_TAKES: Takes[DutyLife] = MappingProxyType({DutyAmend: _amended, DutyClose: _closed})
