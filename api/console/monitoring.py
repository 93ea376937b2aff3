"""The monitoring desk: the list, the two queues, one record with its gate, opinions, notifications and ties."""

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

from fastapi import Form, Query
from pydantic import Field
from starlette.responses import Response

from api.case import UnlinkIn
from api.console.form import day_start
from api.console.guard import Acting, Visiting
from api.console.listing import IGNORED, PAGE_ROWS, Asked, Sought, address, listed
from api.console.monitoring_form import (
    AttemptForm,
    LinkForm,
    LinkWish,
    Numbered,
    OpenForm,
    OpinionForm,
    RecordForms,
    UnlinkForm,
)
from api.console.office import each_once
from api.console.picture import MapPoint, map_picture
from api.console.recording import found_in, names_for
from api.console.sheet import gathered
from api.console.table import MOST_ROWS, FileKind, file_of
from api.console.table_monitoring import RECORDS
from api.console.typed import Typed, W
from api.console.visit import Mistake, Visit, go, submit, to
from api.look import look_from
from api.route import pages
from schemas.actor import Actor
from schemas.case import Case, CaseIn
from schemas.errors import NotFound
from schemas.event import Event
from schemas.gate import conditions
from schemas.ids import AgencyId, CaseId, EquipmentId, MonitoringId
from schemas.look import LookWay
from schemas.monitoring import (
    STAGE_ACTIONS,
    InvalidReason,
    MonitoringState,
    NotifyChannel,
    NotifyOutcome,
    ReviewStage,
)
from schemas.policy import Action, missing
from schemas.recording import Sight, sight_of
from schemas.reference import reference
from schemas.refusals_monitoring import CASE_NUMBER_UNKNOWN
from storage.custody.values import Logged
from storage.monitoring.values import MonitoringFilter, MonitoringRecord

UNKNOWN = "待查"
"""What stands in a case for what its record does not say."""

router = pages()


class RecordFilters(Asked):
    """The filters of the list of records."""

    q: Sought = ""
    state: Annotated[MonitoringState | None, IGNORED] = None
    linked: Annotated[Literal["yes", "no"] | None, IGNORED] = None
    equipment: Annotated[EquipmentId | None, IGNORED] = None
    by: Annotated[Literal["captured", "-captured", "received", "-received"] | None, IGNORED] = None
    from_day: Annotated[Sought, Field(alias="from")] = ""
    until_day: Annotated[Sought, Field(alias="to")] = ""

    def wanted(self) -> MonitoringFilter:
        """Return the filter; a text that is no day narrows nothing."""
        return MonitoringFilter(
            state=self.state,
            is_linked=None if self.linked is None else self.linked == "yes",
            equipment_id=self.equipment,
            text=self.q or None,
            sort=self.by,
            from_at=day_start(self.from_day),
            until_at=day_start(self.until_day, days=1),
        )


class QueueFilters(Asked):
    """Which of the two queues."""

    stage: ReviewStage = ReviewStage.FIRST


@router.get("/monitoring")
def records(visit: Visiting, asked: Annotated[RecordFilters, Query()]) -> Response:
    """Show a page of records, newest first."""
    page = visit.tx.monitoring.page(visit.actor, asked.wanted(), after=asked.cursor(), limit=PAGE_ROWS)
    return visit.page(
        "monitoring_list.html",
        here="monitoring",
        listing=listed("/console/monitoring", asked, page, ("captured",)),
        files={one: address(f"/console/monitoring.{one}", asked.query) for one in FileKind},
        stages=stages_of(visit),
        may_see_register=visit.holds(Action.EQUIPMENT_VIEW),
    )


@router.get("/monitoring.csv")
@router.get("/monitoring.xlsx")
def as_file(visit: Visiting, asked: Annotated[RecordFilters, Query()]) -> Response:
    """Answer with what the filters show, as a file for a spreadsheet, at most 5,000 rows."""
    rows, is_whole = gathered(
        lambda after: visit.tx.monitoring.page(visit.actor, asked.wanted(), after=after, limit=200), MOST_ROWS
    )
    return file_of(RECORDS, rows, visit, is_whole=is_whole)


def stages_of(visit: Visit, agency_id: AgencyId | None = None) -> list[ReviewStage]:
    """Return the stages at which the visitor gives opinions on records of an agency, their own where none is named."""
    return [stage for stage, action in STAGE_ACTIONS.items() if visit.may(action, agency_id)]


@router.get("/monitoring/queue")
def queue(visit: Visiting, asked: Annotated[QueueFilters, Query()]) -> Response:
    """Show what waits at a stage, soonest due first."""
    return _queue(visit, asked)


def _queue(visit: Visit, asked: QueueFilters, mistake: Mistake | None = None) -> Response:
    page = visit.tx.monitoring.queue(visit.actor, asked.stage, after=asked.cursor(), limit=PAGE_ROWS)
    return visit.page(
        "monitoring_queue.html",
        mistake=mistake,
        here="monitoring",
        listing=listed("/console/monitoring/queue", asked, page),
        stage=asked.stage,
        stages=stages_of(visit),
        now=visit.tx.now,
    )


@router.get("/monitoring/{monitoring_id}")
def record(visit: Visiting, monitoring_id: MonitoringId) -> Response:
    """Show one record with everything the viewer may know of it."""
    return shown(visit, monitoring_id)


def shown(visit: Visit, monitoring_id: MonitoringId, mistake: Mistake | None = None) -> Response:
    """Return the page of a record; its media are on it while looks at them stand."""
    tx, actor = visit.tx, visit.actor
    found = tx.monitoring.get(actor, monitoring_id)
    recordings = [tx.recordings.known(one) for one in tx.monitoring.media(monitoring_id)]
    entries = tx.custody.entries_for(reference("monitoring", monitoring_id))
    own = _shown_entries(entries, found, actor)
    offices = tx.offices.of(own)
    may_link = visit.may(Action.MONITORING_LINK, found.agency_id)
    links = tx.monitoring_links.links_of(monitoring_id)
    rule = tx.monitoring.certificate_rule(found)
    return visit.page(
        "monitoring_record.html",
        forms=RecordForms,
        mistake=mistake,
        here="monitoring",
        record=found,
        may_see_register=visit.may(Action.EQUIPMENT_VIEW, found.agency_id),
        recordings=recordings,
        whole={one.id for one in recordings if sight_of(one) is Sight.WHOLE},
        looks=tx.looks.standing(
            actor, [one.id for one in recordings], look_from(visit.request, LookWay.CONSOLE)
        ),
        picture=_map(found),
        gates=conditions(tx.monitoring.faults(found), certificate=rule.is_needed),
        rule=rule,
        is_recorded_later=tx.monitoring.is_recorded_later(found),
        registration=tx.monitoring.registration(found),
        opinions=tx.monitoring.opinions(actor, found),
        reopenings=tx.reopenings.of_record(found),
        stages=_open_stages(visit, found),
        reasons=list(InvalidReason),
        notifications=tx.notifications.of(found),
        may_notify=visit.may(Action.MONITORING_NOTIFY, found.agency_id),
        channels=list(NotifyChannel),
        outcomes=list(NotifyOutcome),
        links=links,
        open_cases=tx.cases.visible(actor, [one.case_id for one in links]),
        own_cases=tx.cases.visible(actor, [one.case_id for one in links], Action.CASE_LINK),
        open_recordings=tx.recordings.visible(actor, [one.id for one in recordings]),
        suggestions=tx.monitoring_links.suggestions(actor, found) if may_link else (),
        may_link=may_link,
        may_open=may_link and visit.may(Action.CASE_OPEN, found.agency_id),
        entries=own,
        offices=offices,
        roles=each_once((one.leaf.actor, offices[one.leaf.id]) for one in own),
        watched=tx.recordings.watched(actor, [one.id for one in recordings]),
        found_in=found_in(visit, [one.id for one in recordings]),
        names=names_for(visit, recordings) | tx.accounts.names(visit.actor, [one.leaf.actor for one in own]),
        now=tx.now,
    )


def _shown_entries(entries: Sequence[Logged], found: MonitoringRecord, actor: Actor) -> list[Logged]:
    """Return the entries that say nothing of an opinion which the viewer may not know: those of earlier rounds do not."""
    ended = [at for at, one in enumerate(entries) if one.event == Event.MONITORING_REOPEN]
    open_from = len(entries) if found.concluded_at else ended[-1] + 1 if ended else 0
    return [one for at, one in enumerate(entries) if at < open_from or one.leaf.actor == actor.reference]


def _open_stages(visit: Visit, found: MonitoringRecord) -> list[ReviewStage]:
    """Return the stages at which the actor may still give an opinion on this record."""
    given = visit.tx.monitoring.opinions(visit.actor, found)
    if found.concluded_at is not None or any(one.round == found.round for one in given):
        return []
    return stages_of(visit, found.agency_id)


def _map(found: MonitoringRecord) -> object:
    if found.lat_e7 is None or found.lon_e7 is None:
        return None
    point = MapPoint(
        lat_e7=found.lat_e7,
        lon_e7=found.lon_e7,
        accuracy_cm=None,
        crs=found.crs or "WGS84",
        source="device",
    )
    return map_picture([point], ())


def _change(
    visit: Visit, monitoring_id: MonitoringId, form: Typed[W], act: Callable[[W], object], anchor: str
) -> Response:
    """Make one change of the record and come back to it."""
    return submit(
        visit,
        form,
        act,
        again=lambda mistake: shown(visit, monitoring_id, mistake),
        then=to(f"/console/monitoring/{monitoring_id}{anchor}"),
    )


@router.post("/monitoring/{monitoring_id}/opinions/{stage}")
def opine(
    visit: Acting, monitoring_id: MonitoringId, stage: ReviewStage, form: Annotated[OpinionForm, Form()]
) -> Response:
    """Give an opinion and go on to the next record of the queue."""

    def again(mistake: Mistake) -> Response:
        try:
            return shown(visit, monitoring_id, mistake)
        except NotFound:  # others have concluded it meanwhile: what is left in the queue
            return _queue(visit, QueueFilters(stage=stage), mistake)

    def onward(_: object) -> Response:
        ahead = visit.tx.monitoring.queue(visit.actor, stage, limit=1).rows
        return go(
            f"/console/monitoring/{ahead[0].id}" if ahead else f"/console/monitoring/queue?stage={stage}"
        )

    return submit(
        visit,
        form,
        lambda asked: visit.tx.monitoring.opine(visit.actor, monitoring_id, stage, *asked),
        again=again,
        then=onward,
    )


@router.post("/monitoring/{monitoring_id}/notification")
def notify(visit: Acting, monitoring_id: MonitoringId, form: Annotated[AttemptForm, Form()]) -> Response:
    """Record an attempt to tell the party."""
    return _change(
        visit,
        monitoring_id,
        form,
        lambda attempt: visit.tx.notifications.add(visit.actor, monitoring_id, attempt.at(visit.tx.now)),
        "#notifications",
    )


@router.post("/monitoring/{monitoring_id}/link")
def link(visit: Acting, monitoring_id: MonitoringId, form: Annotated[LinkForm, Form()]) -> Response:
    """Tie the record to a case, by an accepted suggestion or by its number."""

    def act(asked: LinkWish) -> None:
        case = _case_of(visit, monitoring_id, asked)
        visit.tx.monitoring_links.link(visit.actor, case.id, monitoring_id, asked.basis, case.version)

    return _change(visit, monitoring_id, form, act, "#links")


def _case_of(visit: Visit, monitoring_id: MonitoringId, asked: LinkWish) -> Case:
    if asked.case_id is not None:
        return visit.tx.cases.get(visit.actor, asked.case_id)
    record = visit.tx.monitoring.get(visit.actor, monitoring_id)
    found = visit.tx.cases.numbered(visit.actor, record.agency_id, asked.number)
    if found is None:
        raise CASE_NUMBER_UNKNOWN("no case of this number")
    return found


@router.post("/monitoring/{monitoring_id}/cases/{case_id}/unlink")
def unlink(
    visit: Acting, monitoring_id: MonitoringId, case_id: CaseId, form: Annotated[UnlinkForm, Form()]
) -> Response:
    """End a tie by a dated counter-entry with a reason."""

    def act(wish: UnlinkIn) -> None:
        seen = visit.tx.cases.get(visit.actor, case_id).version
        visit.tx.monitoring_links.unlink(visit.actor, case_id, monitoring_id, wish.reason, seen)

    return _change(visit, monitoring_id, form, act, "#links")


@router.post("/monitoring/{monitoring_id}/case")
def open_case(visit: Acting, monitoring_id: MonitoringId, form: Annotated[OpenForm, Form()]) -> Response:
    """Open a case from the record; party, matter, place and time are taken from it."""

    def act(wish: Numbered) -> Case:
        found = visit.tx.monitoring.get(visit.actor, monitoring_id)
        visit.tx.cases.require_opening(visit.actor)
        if found.is_masked:  # who does not read its party takes it into no case
            raise missing(Action.MONITORING_PARTY)
        return visit.tx.monitoring_links.open_case(visit.actor, monitoring_id, _lead(found, wish))

    return submit(
        visit,
        form,
        act,
        again=lambda mistake: shown(visit, monitoring_id, mistake),
        then=lambda case: go(f"/console/cases/{case.id}"),
    )


def _lead(found: MonitoringRecord, wish: Numbered) -> CaseIn:
    """Return the case that a record gives; what it does not say is to be found out."""
    return CaseIn(
        number=wish.number,
        number_is_sure=wish.is_sure,
        party=(found.party or found.plate or "").strip() or UNKNOWN,
        matter=found.matter.strip() or UNKNOWN,
        place=found.place.strip() or UNKNOWN,
        occurred_at=found.captured_at,
        party_code=found.party_code,
        plates=[found.plate] if found.plate else [],
        lat_e7=found.lat_e7,
        lon_e7=found.lon_e7,
    )
