"""The life of an agency: what it is, the standards it published, the codes it handed out, and what it set."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from schemas.leaf import Leaf
from schemas.leaves_account import RosterTake
from schemas.leaves_agency import AgencyAmend, AgencyClose, AgencyOpen, StandardPublish
from schemas.leaves_device import DeviceCode, DeviceVoid
from schemas.leaves_setting import SettingChange, SettingChangeList
from schemas.life import FaultCode, Here, Takes, Unlawful, given, is_hidden, law, taken
from schemas.life_inside import Committed
from schemas.opening import Shown


class CodeLife(NamedTuple):
    """A one-time code: for which device, who handed it out, and when it was taken back."""

    code: DeviceCode
    device: str
    by: str
    voided_at: datetime | None = None


class SettingLife(NamedTuple):
    """What an agency set: by whom and when."""

    change: SettingChange | SettingChangeList
    by: str
    at: datetime


class AgencyLife(NamedTuple):
    """An agency, the standards it published, the codes it handed out, and what it set, by `setting/…`."""

    kind: str
    parent: str | None
    principal: str | None
    supervising: bool
    name: Committed
    code: Committed
    closed_at: datetime | None = None
    standards: Mapping[str, StandardPublish] | None = None
    codes: Mapping[str, CodeLife] = MappingProxyType({})
    settings: Mapping[str, SettingLife] = MappingProxyType({})


def apply_agency(life: AgencyLife | None, leaf: Leaf, here: Here) -> AgencyLife:
    """Return the agency after this leaf.

    Raises:
        Unlawful: a rule does not hold.
    """
    act = leaf.act
    if type(act) is AgencyOpen:
        law(life is None, FaultCode.BEGUN_TWICE)
        for other in (act.parent, act.principal):
            law(other is None or here.seen.is_open(other, here.index), FaultCode.AGENCY)
        return AgencyLife(act.kind, act.parent, act.principal, act.supervising, act.name, act.code)
    law(life is None or life.closed_at is None, FaultCode.CLOSED)
    return taken(AGENCY_TAKES, life, leaf, here)


def _agency_amended(life: AgencyLife, leaf: Leaf, act: AgencyAmend, here: Here) -> AgencyLife:
    del leaf, here
    return life._replace(**given(act, ("kind", "parent", "principal", "supervising", "name", "code")))


def _agency_closed(life: AgencyLife, leaf: Leaf, act: AgencyClose, here: Here) -> AgencyLife:
    del act
    law(here.seen.is_vacant(here.of, here.index), FaultCode.STANDING)
    return life._replace(closed_at=leaf.at)


def _published(life: AgencyLife, leaf: Leaf, act: StandardPublish, here: Here) -> AgencyLife:
    del here
    known = life.standards or {}
    law(leaf.subject not in known, FaultCode.BEGUN_TWICE)
    return life._replace(standards={**known, leaf.subject: act})


def _handed_out(life: AgencyLife, leaf: Leaf, act: DeviceCode, here: Here) -> AgencyLife:
    del here
    law(act.code not in life.codes, FaultCode.TWICE)
    law(act.expires_at > leaf.at, FaultCode.PERIOD)
    handed = CodeLife(act, leaf.subject, leaf.actor)
    return life._replace(codes={**life.codes, act.code: handed})


def _voided(life: AgencyLife, leaf: Leaf, act: DeviceVoid, here: Here) -> AgencyLife:
    handed = life.codes.get(act.code)
    if is_hidden(handed, here):
        return life
    if handed is None or handed.voided_at is not None or handed.device != leaf.subject:
        raise Unlawful(FaultCode.CODE)
    return life._replace(codes={**life.codes, act.code: handed._replace(voided_at=leaf.at)})


def _set(life: AgencyLife, leaf: Leaf, act: SettingChange, here: Here) -> AgencyLife:
    del here
    law(leaf.subject not in life.settings, FaultCode.BEGUN_TWICE)
    return life._replace(settings={**life.settings, leaf.subject: SettingLife(act, leaf.actor, leaf.at)})


def _set_list(life: AgencyLife, leaf: Leaf, act: SettingChangeList, here: Here) -> AgencyLife:
    del here
    law(leaf.subject not in life.settings, FaultCode.BEGUN_TWICE)
    if isinstance(act.items, Shown):
        law(act.count == len(act.items.value), FaultCode.VALUES)
    return life._replace(settings={**life.settings, leaf.subject: SettingLife(act, leaf.actor, leaf.at)})


def _rostered(life: AgencyLife, leaf: Leaf, act: RosterTake, here: Here) -> AgencyLife:
    """People came in by a sheet: each has leaves of their own."""
    del leaf, act, here
    return life


AGENCY_TAKES: Takes[AgencyLife] = MappingProxyType(
    {
        AgencyAmend: _agency_amended,
        AgencyClose: _agency_closed,
        StandardPublish: _published,
        DeviceCode: _handed_out,
        DeviceVoid: _voided,
        RosterTake: _rostered,
        SettingChange: _set,
        SettingChangeList: _set_list,
    }
)
