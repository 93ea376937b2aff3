"""Settings of an agency: what holds and by which document; a change from a day on."""

from collections.abc import Iterable
from enum import StrEnum
from functools import partial
from typing import Annotated

from fastapi import Form
from pydantic import TypeAdapter
from starlette.responses import Response

from api.console.guard import Acting, Visiting
from api.console.picture import MapPicture, map_picture
from api.console.typed import Fault, Forms, Mistaken, Typed, day_at, into, label, read
from api.console.visit import Mistake, Visit, submit, to
from api.route import pages
from schemas.area import corner_meant, corners_of
from schemas.catalogue import words_of
from schemas.ids import AgencyId
from schemas.policy import Action
from schemas.setting import DECLARED, Setting, SettingIn, StandingList
from schemas.setting_list import LISTS, ListSetting
from schemas.weight import weight_meant, weight_said
from schemas.words import Language

router = pages()
_NUMBER = TypeAdapter(int)
_LIST = TypeAdapter(ListSetting)


class SettingForm(Typed[SettingIn]):
    """A number from a day on, or again what stands above the agency."""

    name: str = label("设置")
    value: str = label("数值")
    inherits: str = label("数值来自")
    from_day: str = label("从何日起（东八区）")
    source: str = label("依据（文件名称、文号）")

    def wish(self) -> SettingIn:
        if self.inherits != "yes" and not self.value:
            raise Mistaken("value", Fault.MISSING)
        value = None if self.inherits == "yes" else read(self, "value", _NUMBER)
        return into(self, SettingIn, value=value, from_at=day_at(self, "from_day"))


class ListForm(Typed[SettingIn]):
    """A list from a day on, one item a line, or again what stands above the agency."""

    name: str = label("清单")
    items: str = label("项目（每行一项）")
    inherits: str = label("清单来自")
    from_day: str = label("从何日起（东八区）")
    source: str = label("依据（文件名称、文号）")

    def wish(self) -> SettingIn:
        name, inherits = read(self, "name", _LIST), self.inherits == "yes"
        if not inherits and not self.items and LISTS[name].least:
            raise Mistaken("items", Fault.MISSING)
        items = None if inherits else [_slug(name, one) for one in self.items.splitlines() if one.strip()]
        return into(self, SettingIn, items=items, from_at=day_at(self, "from_day"))


def _slug(name: ListSetting, line: str) -> str:
    """Return the name behind an item that is written as a page shows it, in either language; others stay."""
    among, written = LISTS[name].among, line.strip()
    if name is ListSetting.FINDING_WEIGHTS:
        return weight_meant(written)
    if name is ListSetting.AREA:
        return corner_meant(written)
    known = {text: one.value for one in among or () for text in (words_of(one).zh, words_of(one).en)}
    return known.get(written, written)


class SettingForms(Forms):
    """The forms of the page."""

    setting: SettingForm = SettingForm()
    listed: ListForm = ListForm()


@router.get("/settings")
def own(visit: Visiting) -> Response:
    """Show the settings of the visitor's own agency."""
    return _page(visit, visit.actor.agency_id)


@router.get("/agencies/{agency_id}/settings")
def settings(visit: Visiting, agency_id: AgencyId) -> Response:
    """Show the settings of an agency with their history."""
    return _page(visit, agency_id)


def _page(visit: Visit, agency_id: AgencyId, mistake: Mistake | None = None) -> Response:
    kept = visit.tx.agency_settings
    lists = kept.lists(visit.actor, agency_id)
    return visit.page(
        "settings.html",
        forms=SettingForms,
        mistake=mistake,
        here="settings",
        agency_id=agency_id,
        agency_name=kept.agency_name(visit.actor, agency_id),
        standing=kept.standing(visit.actor, agency_id),
        history=kept.history(visit.actor, agency_id),
        declared=DECLARED,
        names=list(Setting),
        lists=lists,
        area=_outline(lists),
        list_names=list(ListSetting),
        listed=LISTS,
        said=partial(_said, visit.language),
        may_keep=visit.may(Action.SETTING_KEEP, agency_id),
        now=visit.tx.now,
    )


def _outline(lists: Iterable[StandingList]) -> MapPicture | None:
    """Lay out the border that holds now; None where the agency drew none."""
    corners = corners_of(next(one.items for one in lists if one.name is ListSetting.AREA))
    return map_picture((), corners)


def _said(language: Language, name: ListSetting, items: Iterable[str]) -> list[StrEnum | str]:
    """Return the items of a list as what they are: names of a closed list, and weights, have words."""
    if name is ListSetting.FINDING_WEIGHTS:
        return [weight_said(one, language) for one in items]
    among = LISTS[name].among
    return [among(one) if among is not None and one in set(among) else one for one in items]


@router.post("/agencies/{agency_id}/lists")
def change_list(visit: Acting, agency_id: AgencyId, form: Annotated[ListForm, Form()]) -> Response:
    """Set a list from a day on."""
    return submit(
        visit,
        form,
        lambda wish: visit.tx.agency_settings.change(visit.actor, agency_id, wish),
        again=lambda mistake: _page(visit, agency_id, mistake),
        then=to(f"/console/agencies/{agency_id}/settings"),
    )


@router.post("/agencies/{agency_id}/settings")
def change(visit: Acting, agency_id: AgencyId, form: Annotated[SettingForm, Form()]) -> Response:
    """Set a value from a day on."""
    return submit(
        visit,
        form,
        lambda wish: visit.tx.agency_settings.change(visit.actor, agency_id, wish),
        again=lambda mistake: _page(visit, agency_id, mistake),
        then=to(f"/console/agencies/{agency_id}/settings"),
    )
