"""Settings of an agency: what holds and by which document; a change from a day on."""

from typing import Annotated

from fastapi import APIRouter, Form
from pydantic import TypeAdapter
from starlette.responses import Response

from api.console.guard import Acting, Visiting
from api.console.typed import Fault, Forms, Mistaken, Typed, day_at, into, label, read
from api.console.visit import Mistake, Visit, submit, to
from api.route import Route
from schemas.ids import AgencyId
from schemas.policy import Action
from schemas.setting import DECLARED, Setting, SettingIn

router = APIRouter(route_class=Route)
_NUMBER = TypeAdapter(int)


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


class SettingForms(Forms):
    """The form of the page."""

    setting: SettingForm = SettingForm()


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
        may_keep=visit.may(Action.SETTING_KEEP, agency_id),
        now=visit.tx.now,
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
