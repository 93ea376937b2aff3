"""The life of a device: its key, what it is, its checks, and who had it."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from schemas.leaf import Leaf
from schemas.leaves_device import DeviceEnrol, DeviceRename, DeviceRevoke
from schemas.leaves_holding import DeviceAmend, DeviceCheck, DeviceDescribe, DeviceIssue, DeviceReturn
from schemas.life import FaultCode, Here, Takes, law, taken
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
