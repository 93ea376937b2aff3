"""Own duties: begun, ended, entered afterwards; beside them what was handed in too late, with the box to say why."""

from typing import Annotated

from fastapi import Form, Query
from starlette.responses import Response

from api.console.continuity import picture, shown
from api.console.guard import Acting, Visiting
from api.console.listing import PAGE_ROWS, Asked, listed
from api.console.typed import IDENT, Forms, Typed, into, label, read, time_or_none
from api.console.visit import Mistake, Visit, submit, to
from api.route import pages
from schemas.continuity import Course
from schemas.ids import DeviceId, ShiftId
from schemas.integrity import Severity
from schemas.policy import Action
from schemas.shift import ShiftAmendIn, ShiftCloseIn, ShiftIn

router = pages()
PLACE = "/console/duties"


class ShiftForm(Typed[ShiftIn]):
    """With which device and partner; since when, and until when where it is entered afterwards."""

    device_id: str = label("设备")
    partner: str = label("搭档")
    from_at: str = label("从何时起（东八区，不填为现在）")
    until_at: str = label("到何时止（仅补登已结束的勤务）")

    def wish(self) -> ShiftIn:
        return ShiftIn(
            device_id=DeviceId(read(self, "device_id", IDENT)),
            officers=(self.partner,) if self.partner else (),
            from_at=time_or_none(self, "from_at"),
            until_at=time_or_none(self, "until_at"),
        )


class ShiftAmendForm(Typed[ShiftAmendIn]):
    """Since when it really goes on, and why that is corrected."""

    from_at: str = label("实际从何时起（东八区）")
    reason: str = label("更正的理由")

    def wish(self) -> ShiftAmendIn:
        return into(self, ShiftAmendIn, from_at=time_or_none(self, "from_at"))


class ShiftCloseForm(Typed[ShiftCloseIn]):
    """When it ended."""

    until_at: str = label("何时结束（东八区，不填为现在）")

    def wish(self) -> ShiftCloseIn:
        return ShiftCloseIn(until_at=time_or_none(self, "until_at"))


class ShiftForms(Forms):
    """The forms of the page."""

    open: ShiftForm = ShiftForm()
    amend: ShiftAmendForm = ShiftAmendForm()
    close: ShiftCloseForm = ShiftCloseForm()


@router.get("/duties")
def duties(visit: Visiting, asked: Annotated[Asked, Query()]) -> Response:
    """Show duties, newest first: what goes on, what is to be explained, what was."""
    return _page(visit, asked)


@router.get("/duties/{duty_id}")
def duty(visit: Visiting, duty_id: ShiftId) -> Response:
    """Show a duty with the recordings of its device in their order, and what lies between them as of now."""
    found = visit.tx.shifts.get(visit.actor, duty_id)
    course = shown(visit, visit.tx.courses.of_duty(found))
    return visit.page(
        "duty.html",
        here="duties",
        duty=found,
        found=course,
        course=course.course,
        picture=picture(course, found, visit.language),
        now=visit.tx.now,
    )


def _page(visit: Visit, asked: Asked | None = None, mistake: Mistake | None = None) -> Response:
    tx, actor, wanted = visit.tx, visit.actor, asked or Asked()
    page = tx.shifts.page(actor, after=wanted.cursor(), limit=PAGE_ROWS)
    may_open = visit.holds(Action.DUTY_KEEP)
    late = tx.finding_answers.waiting(actor)
    return visit.page(
        "duties.html",
        forms=ShiftForms,
        mistake=mistake,
        here="duties",
        listing=listed(PLACE, wanted, page),
        changeable=tx.shifts.changeable(actor, page.rows),
        late=late,
        courses={ident: _doubts(one) for ident, one in tx.courses.of_duties(page.rows).items()},
        may_open=may_open,
        devices=_devices(visit) if may_open else (),
        partners=tx.shifts.partners(actor) if may_open else (),
        now=tx.now,
    )


def _doubts(course: Course) -> int:
    """Return at how many places of a duty somebody has to find out what is missing."""
    return sum(one.severity.rank >= Severity.WARN.rank for one in course.seams)


def _devices(visit: Visit) -> list[tuple[DeviceId, str]]:
    """Return the devices of the agency, those first that the visitor has."""
    held = {one.fact.device_id for one in visit.tx.holdings.own(visit.actor)}
    return sorted(visit.tx.shifts.devices(visit.actor), key=lambda one: one[0] not in held)


@router.post("/duties")
def open_duty(visit: Acting, form: Annotated[ShiftForm, Form()]) -> Response:
    """Begin a duty, or enter one afterwards."""
    return submit(
        visit,
        form,
        lambda wish: visit.tx.shifts.open(visit.actor, wish),
        again=lambda mistake: _page(visit, None, mistake),
        then=to(PLACE),
    )


@router.post("/duties/{duty_id}/amend")
def amend(visit: Acting, duty_id: ShiftId, form: Annotated[ShiftAmendForm, Form()]) -> Response:
    """Correct since when a duty goes on."""
    return submit(
        visit,
        form,
        lambda wish: visit.tx.shifts.amend(visit.actor, duty_id, wish),
        again=lambda mistake: _page(visit, None, mistake),
        then=to(PLACE),
    )


@router.post("/duties/{duty_id}/close")
def close(visit: Acting, duty_id: ShiftId, form: Annotated[ShiftCloseForm, Form()]) -> Response:
    """End a duty."""
    return submit(
        visit,
        form,
        lambda wish: visit.tx.shifts.close(visit.actor, duty_id, wish),
        again=lambda mistake: _page(visit, None, mistake),
        then=to(PLACE),
    )
