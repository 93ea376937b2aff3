"""The lives of what records: devices with their keys, and fixed equipment with its papers."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Generic, NamedTuple, TypeVar

from schemas.leaf import Leaf
from schemas.leaves_device import (
    DeviceEnrol,
    DeviceRename,
    DeviceRevoke,
    EquipmentBind,
    EquipmentCertify,
    EquipmentPublish,
    EquipmentRegister,
    EquipmentResume,
    EquipmentReviewed,
    EquipmentSuspend,
)
from schemas.leaves_holding import DeviceAmend, DeviceCheck, DeviceDescribe, DeviceIssue, DeviceReturn
from schemas.life import FaultCode, Here, Takes, check_step, law, taken
from schemas.life_holding import (
    CheckLife,
    DescribedLife,
    HoldingLife,
    amended,
    described,
    described_until,
    issued,
    returned,
)
from schemas.life_inside import Committed

Paper = TypeVar("Paper")


class DeviceLife(NamedTuple):
    """A device and its one key, what it is, its checks by the digests of their leaves, and who had it."""

    agency: str
    kid: str
    registration_sha256: str
    name: Committed
    model: Committed
    enrolled_at: datetime
    revoked_at: datetime | None = None
    described: tuple[DescribedLife, ...] = ()
    checks: Mapping[str, CheckLife] = MappingProxyType({})
    holdings: tuple[HoldingLife, ...] = ()


def apply_device(life: DeviceLife | None, leaf: Leaf, here: Here) -> DeviceLife:
    """Return the device after this leaf.

    Raises:
        Unlawful: a rule does not hold.
    """
    act = leaf.act
    if type(act) is DeviceEnrol:
        law(life is None, FaultCode.BEGUN_TWICE)
        law(leaf.actor == leaf.subject, FaultCode.ACTOR)
        _check_code(leaf, act, here)
        return DeviceLife(act.agency, act.kid, act.registration_sha256, act.name, act.model, leaf.at)
    is_over = life is not None and life.revoked_at is not None
    law(not is_over or isinstance(act, _AFTER_ALL), FaultCode.CLOSED)
    return taken(DEVICE_TAKES, life, leaf, here)


def _renamed(life: DeviceLife, leaf: Leaf, act: DeviceRename, here: Here) -> DeviceLife:
    del leaf, here
    return life._replace(name=act.name)


def _revoked(life: DeviceLife, leaf: Leaf, act: DeviceRevoke, here: Here) -> DeviceLife:
    del here
    law(act.kid == life.kid, FaultCode.KEY)
    return life._replace(revoked_at=leaf.at, described=described_until(life.described, leaf))


def _described(life: DeviceLife, leaf: Leaf, act: DeviceDescribe, here: Here) -> DeviceLife:
    told = described(life.described, leaf, act, here, since=life.enrolled_at)
    return life._replace(described=told)


def _checked(life: DeviceLife, leaf: Leaf, act: DeviceCheck, here: Here) -> DeviceLife:
    law(len({one.item for one in act.items}) == len(act.items), FaultCode.TWICE)
    return life._replace(checks={**life.checks, here.digest: CheckLife(act, leaf.actor, leaf.at)})


def _issued(life: DeviceLife, leaf: Leaf, act: DeviceIssue, here: Here) -> DeviceLife:
    _check_holder(life, act.person, act.from_, here)
    return life._replace(holdings=issued(life.holdings, life.checks, leaf, act, here))


def _returned(life: DeviceLife, leaf: Leaf, act: DeviceReturn, here: Here) -> DeviceLife:
    return life._replace(holdings=returned(life.holdings, life.checks, leaf, act, here))


def _amended(life: DeviceLife, leaf: Leaf, act: DeviceAmend, here: Here) -> DeviceLife:
    if act.person is not None and act.from_ is not None:
        law(here.seen.is_of(act.person, life.agency, here.index), FaultCode.AGENCY)
        law(act.from_ >= life.enrolled_at, FaultCode.PERIOD)
    return life._replace(holdings=amended(life.holdings, leaf, act, here))


def _check_holder(life: DeviceLife, person: str, since: datetime, here: Here) -> None:
    law(here.seen.is_alive(person, here.index), FaultCode.ACTOR)
    law(here.seen.is_of(person, life.agency, here.index), FaultCode.AGENCY)
    law(since >= life.enrolled_at, FaultCode.PERIOD)


DEVICE_TAKES: Takes[DeviceLife] = MappingProxyType(
    {
        DeviceRename: _renamed,
        DeviceRevoke: _revoked,
        DeviceDescribe: _described,
        DeviceCheck: _checked,
        DeviceIssue: _issued,
        DeviceReturn: _returned,
        DeviceAmend: _amended,
    }
)
_AFTER_ALL = (DeviceCheck, DeviceReturn, DeviceAmend)
"""What is done after a key was revoked, too: the thing comes back later, and what was entered wrongly is corrected."""


def _check_code(leaf: Leaf, act: DeviceEnrol, here: Here) -> None:
    code = here.seen.codes.get(act.code)
    if code is None:
        law(not here.seen.is_complete, FaultCode.CODE)
        return
    is_early = here.index is None or code.since < here.index
    is_taken_back = code.until is not None and (here.index is None or code.until < here.index)
    law(not is_taken_back, FaultCode.CODE)
    law(is_early and (code.device, code.agency) == (leaf.subject, act.agency), FaultCode.CODE)
    law(leaf.at < code.expires_at, FaultCode.CODE)


class Entered(NamedTuple, Generic[Paper]):
    """A paper as it was entered; `until_at` is when a suspension ended."""

    paper: Paper
    by: str
    at: datetime
    until_at: datetime | None = None


class EquipmentLife(NamedTuple):
    """Fixed equipment and everything dated that is known of it."""

    agency: str
    kind: str
    state: str
    registered: EquipmentRegister
    by: str
    at: datetime
    source: str | None = None
    certificates: tuple[Entered[EquipmentCertify], ...] = ()
    reviews: tuple[Entered[EquipmentReviewed], ...] = ()
    publications: tuple[Entered[EquipmentPublish], ...] = ()
    suspensions: tuple[Entered[EquipmentSuspend], ...] = ()


def apply_equipment(life: EquipmentLife | None, leaf: Leaf, here: Here) -> EquipmentLife:
    """Return the equipment after this leaf.

    Raises:
        Unlawful: a rule does not hold.
    """
    act = leaf.act
    if type(act) is EquipmentRegister:
        check_step(leaf, None if life is None else life.state, act.to)
        law(here.seen.is_open(act.agency, here.index), FaultCode.AGENCY)
        return EquipmentLife(act.agency, act.kind, act.to, act, leaf.actor, leaf.at)
    return taken(EQUIPMENT_TAKES, life, leaf, here)


def _bound(life: EquipmentLife, leaf: Leaf, act: EquipmentBind, here: Here) -> EquipmentLife:
    del leaf, here
    return life._replace(source=act.source)


def _certified(life: EquipmentLife, leaf: Leaf, act: EquipmentCertify, here: Here) -> EquipmentLife:
    del here
    law(act.until > act.from_, FaultCode.PERIOD)
    return life._replace(certificates=(*life.certificates, Entered(act, leaf.actor, leaf.at)))


def _reviewed(life: EquipmentLife, leaf: Leaf, act: EquipmentReviewed, here: Here) -> EquipmentLife:
    del here
    law(act.reviewed_at <= leaf.at, FaultCode.FUTURE)
    return life._replace(reviews=(*life.reviews, Entered(act, leaf.actor, leaf.at)))


def _published(life: EquipmentLife, leaf: Leaf, act: EquipmentPublish, here: Here) -> EquipmentLife:
    del here
    law(act.published_at <= leaf.at, FaultCode.FUTURE)
    return life._replace(publications=(*life.publications, Entered(act, leaf.actor, leaf.at)))


def _suspended(life: EquipmentLife, leaf: Leaf, act: EquipmentSuspend, here: Here) -> EquipmentLife:
    del here
    check_step(leaf, life.state, act.to)
    law(act.from_at <= leaf.at, FaultCode.FUTURE)
    return life._replace(state=act.to, suspensions=(*life.suspensions, Entered(act, leaf.actor, leaf.at)))


def _resumed(life: EquipmentLife, leaf: Leaf, act: EquipmentResume, here: Here) -> EquipmentLife:
    del here
    check_step(leaf, life.state, act.to)
    law(act.until_at <= leaf.at, FaultCode.FUTURE)
    last = life.suspensions[-1]
    law(act.until_at >= last.paper.from_at, FaultCode.PERIOD)
    ended = last._replace(until_at=act.until_at)
    return life._replace(state=act.to, suspensions=(*life.suspensions[:-1], ended))


EQUIPMENT_TAKES: Takes[EquipmentLife] = MappingProxyType(
    {
        EquipmentBind: _bound,
        EquipmentCertify: _certified,
        EquipmentReviewed: _reviewed,
        EquipmentPublish: _published,
        EquipmentSuspend: _suspended,
        EquipmentResume: _resumed,
    }
)
