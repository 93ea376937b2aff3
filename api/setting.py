"""Settings of agencies: what holds at a time, what was set by which document, and a change from a day on."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import CurrentActor, Tx
from api.route import Route
from schemas.base import Moment, WireOut
from schemas.ids import AgencyId, SettingId
from schemas.setting import DECLARED, Setting, SettingIn, Standing, StandingList
from schemas.setting_list import LISTS, ListSetting
from schemas.words_unit import Unit

router = APIRouter(prefix="/v1/agencies/{agency_id}/settings", tags=["account"], route_class=Route)

AsOf = Annotated[Moment | None, Query(alias="at")]


class SettingEntryOut(WireOut):
    """What an agency set once. Neither value nor items: it took again what stands above it."""

    id: SettingId
    agency_id: AgencyId
    agency_name: str
    name: Setting | ListSetting
    value: int | None
    items: list[str] | None
    valid_from: datetime
    known_at: datetime
    source: str
    setter: str


class SettingOut(WireOut):
    """A setting as it holds at a time; without an entry the installation's default does."""

    name: Setting
    unit: Unit
    value: int
    default: int
    least: int
    most: int
    entry: SettingEntryOut | None


class ListSettingOut(WireOut):
    """A list as it holds at a time; `among` is what may stand in it, absent where it holds words of one's own."""

    name: ListSetting
    items: list[str]
    default: list[str]
    among: list[str] | None
    entry: SettingEntryOut | None


class SettingsOut(WireOut):
    """Every setting at a time, and what the agency and those above it ever set, entered last first."""

    settings: list[SettingOut]
    lists: list[ListSettingOut]
    history: list[SettingEntryOut]


def _out(one: Standing) -> SettingOut:
    known = DECLARED[one.name]
    entry = None if one.entry is None else SettingEntryOut.of(one.entry)
    return SettingOut(
        name=one.name,
        unit=known.unit,
        value=one.value,
        default=known.default,
        least=known.least,
        most=known.most,
        entry=entry,
    )


def _list_out(one: StandingList) -> ListSettingOut:
    known = LISTS[one.name]
    return ListSettingOut(
        name=one.name,
        items=list(one.items),
        default=list(known.default),
        among=None if known.among is None else list(known.among),
        entry=None if one.entry is None else SettingEntryOut.of(one.entry),
    )


@router.get("", operation_id="listSettings")
def settings(tx: Tx, actor: CurrentActor, agency_id: AgencyId, at: AsOf = None) -> SettingsOut:
    """List the settings of an agency as they hold at a time, now where none is said, with their history."""
    standing = tx.agency_settings.standing(actor, agency_id, at)
    history = tx.agency_settings.history(actor, agency_id)
    return SettingsOut(
        settings=[_out(one) for one in standing],
        lists=[_list_out(one) for one in tx.agency_settings.lists(actor, agency_id, at)],
        history=[SettingEntryOut.of(one) for one in history],
    )


@router.post("", operation_id="changeSetting", status_code=201)
def change(tx: Tx, actor: CurrentActor, agency_id: AgencyId, wish: SettingIn) -> SettingOut | ListSettingOut:
    """Set a number or a list from a time on, by a document; what was concluded before stays as it is."""
    set_ = tx.agency_settings.change(actor, agency_id, wish)
    return _list_out(set_) if isinstance(set_, StandingList) else _out(set_)
