"""Looks on pages: why somebody looks, the signs of a page that is used, who looked, and one's own looks."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Form, Query
from pydantic import Field
from starlette.responses import Response

from api.console import case, monitoring, recording
from api.console.form import day_start
from api.console.guard import Acting, Visiting
from api.console.listing import PAGE_ROWS, Asked, Sought, listed
from api.console.look_form import LookForm, WhyForm
from api.console.places import Wanted
from api.console.typed import NoFields
from api.console.view import HEADERS
from api.console.visit import Mistake, Visit, go, submit, to
from api.look import content_url, look_from
from api.route import pages
from schemas.ids import ExportId, LookId, MonitoringId, RecordingId
from schemas.look import Look, LookFilter, LookIn, LookKind, LookWay, WhyIn
from storage.look.looker import COUNTED

router = pages()

OWN_LOOKS = "/console/account/looks"


@router.post("/recordings/{recording_id}/looks")
def look(
    visit: Acting,
    recording_id: RecordingId,
    form: Annotated[LookForm, Form()],
    wanted: Annotated[Wanted, Query()],
) -> Response:
    """Open the content and come back to it, or go on to the original or to what is printed."""

    def onward(made: Look) -> Response:
        shown = f"/console/recordings/{recording_id}"
        if made.kind is LookKind.PRINT:
            return go(f"{shown}/print?look={made.id}")
        return go(wanted.address(recording_id, "player") if made.kind is LookKind.OPEN else content_url(made))

    return submit(
        visit,
        form,
        lambda wish: visit.tx.looks.open(
            visit.actor, recording_id, wish, look_from(visit.request, LookWay.CONSOLE)
        ),
        again=lambda mistake: recording.shown(visit, recording_id, mistake, wanted=wanted),
        then=onward,
    )


@router.post("/monitoring/{monitoring_id}/looks")
def look_at_media(visit: Acting, monitoring_id: MonitoringId, form: Annotated[WhyForm, Form()]) -> Response:
    """Open all media of a record for one reason: each is an entry of its own."""

    def act(why: WhyIn) -> None:
        visit.tx.monitoring.get(visit.actor, monitoring_id)
        origin = look_from(visit.request, LookWay.CONSOLE)
        wish = LookIn(**why.model_dump())
        for recording_id in visit.tx.monitoring.media(monitoring_id):
            visit.tx.looks.open(visit.actor, recording_id, wish, origin)

    return submit(
        visit,
        form,
        act,
        again=lambda mistake: monitoring.shown(visit, monitoring_id, mistake),
        then=to(f"/console/monitoring/{monitoring_id}"),
    )


@router.post("/exports/{export_id}/looks")
def fetch(visit: Acting, export_id: ExportId, form: Annotated[WhyForm, Form()]) -> Response:
    """Take a package away."""
    case_id = visit.tx.exports.get(visit.actor, export_id).case_id
    return submit(
        visit,
        form,
        lambda why: visit.tx.looks.fetch(
            visit.actor, export_id, why, look_from(visit.request, LookWay.CONSOLE)
        ),
        again=lambda mistake: case.shown(visit, case_id, mistake),
        then=lambda made: go(content_url(made)),
    )


@router.post("/looks/{look_id}/seen")
def seen(visit: Acting, look_id: LookId, form: Annotated[NoFields, Form()]) -> Response:
    """Note that the page is used."""
    return _sign(visit, form, lambda _: visit.tx.looks.seen(visit.actor, look_id))


@router.post("/looks/{look_id}/leave")
def leave(visit: Acting, look_id: LookId, form: Annotated[NoFields, Form()]) -> Response:
    """Note that the page was left."""
    return _sign(visit, form, lambda _: visit.tx.looks.leave(visit.actor, look_id))


@router.post("/recordings/{recording_id}/looks/{look_id}/close")
def close(
    visit: Acting,
    recording_id: RecordingId,
    look_id: LookId,
    form: Annotated[NoFields, Form()],
    wanted: Annotated[Wanted, Query()],
) -> Response:
    """End a look."""
    return submit(
        visit,
        form,
        lambda _: visit.tx.looks.close(visit.actor, look_id),
        again=lambda mistake: _own(visit, Asked(), mistake),
        then=to(wanted.address(recording_id)),
    )


def _sign(visit: Visit, form: NoFields, act: Callable[[None], object]) -> Response:
    return submit(
        visit,
        form,
        act,
        again=lambda mistake: _own(visit, Asked(), mistake),
        then=lambda _: Response(status_code=204, headers=HEADERS),
    )


class LookFilters(Asked):
    """The filters of the trail reader's list."""

    person: Sought = ""
    from_address: Annotated[Sought, Field(alias="address")] = ""
    from_day: Annotated[Sought, Field(alias="from")] = ""
    until_day: Annotated[Sought, Field(alias="to")] = ""

    def wanted(self) -> LookFilter:
        """Return the filter; a text that is no day narrows nothing."""
        return LookFilter(
            person=self.person or None,
            address=self.from_address or None,
            since=day_start(self.from_day),
            until=day_start(self.until_day, days=1),
        )


@router.get("/trail/looks")
def trail(visit: Visiting, asked: Annotated[LookFilters, Query()]) -> Response:
    """Show who looked, to the trail reader: people, times, reasons and addresses, never what is to be seen."""
    page = visit.tx.lookers.trail(visit.actor, asked.wanted(), after=asked.cursor(), limit=PAGE_ROWS)
    return visit.page(
        "looks_trail.html",
        here="trail",
        listing=listed("/console/trail/looks", asked, page),
        now=visit.tx.now,
    )


@router.get("/account/looks")
def own(visit: Visiting, asked: Annotated[Asked, Query()]) -> Response:
    """Show one's own looks, newest first."""
    return _own(visit, asked)


def _own(visit: Visit, asked: Asked, mistake: Mistake | None = None) -> Response:
    page = visit.tx.lookers.own(visit.actor, after=asked.cursor(), limit=PAGE_ROWS)
    return visit.page(
        "looks_own.html",
        here="own",
        mistake=mistake,
        listing=listed(OWN_LOOKS, asked, page),
        now=visit.tx.now,
    )


@router.get("/recordings/{recording_id}/looks")
def lookers(visit: Visiting, recording_id: RecordingId, asked: Annotated[Asked, Query()]) -> Response:
    """Show who looked at a recording, newest first."""
    tx = visit.tx
    found = tx.recordings.get(visit.actor, recording_id)
    reader = tx.lookers.reader(visit.actor, found)
    page = tx.lookers.listed(reader, found, after=asked.cursor(), limit=PAGE_ROWS)
    return visit.page(
        "looks.html",
        here="recordings",
        recording=found,
        count=tx.lookers.count(recording_id),
        most=COUNTED,
        listing=listed(f"/console/recordings/{recording_id}/looks", asked, page),
        now=tx.now,
    )
