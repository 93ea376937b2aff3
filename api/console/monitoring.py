"""The monitoring desk: the list, the two queues, one record with its gate, opinions, notifications and ties."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.console.form import day_start, local_time
from api.console.guard import Acting, Visiting, Visitor, go, mistake
from api.console.picture import MapPoint, map_picture
from api.console.recording import address, id_or_none, names_for
from api.console.view import ProblemView
from api.deps import After, Tx
from schemas.actor import Action, Actor, holds
from schemas.case import CaseIn
from schemas.custody import subject
from schemas.equipment import GateFault
from schemas.errors import EvidenceError
from schemas.ids import CaseId, EquipmentId, MonitoringId
from schemas.monitoring import (
    STAGE_ACTIONS,
    InvalidReason,
    LinkBasis,
    MonitoringState,
    NotificationIn,
    NotifyChannel,
    NotifyOutcome,
    OpinionIn,
    OpinionWord,
    ReviewStage,
)
from schemas.refusals_monitoring import CASE_NUMBER_UNKNOWN, FACT_IN_FUTURE
from schemas.refusals_request import REQUEST_INVALID
from storage.monitoring.values import MonitoringFilter, MonitoringRecord
from storage.store import Transaction

PAGE_ROWS = 50

router = APIRouter()


@router.get("/monitoring")
def records(request: Request, tx: Tx, who: Visiting, after: After) -> Response:
    """Show a page of records, newest first."""
    asked = {
        name: request.query_params.get(name, "").strip()[:100]
        for name in ("q", "state", "linked", "equipment", "from", "to")
    }
    wanted = MonitoringFilter(
        state=MonitoringState(asked["state"]) if asked["state"] in set(MonitoringState) else None,
        is_linked={"yes": True, "no": False}.get(asked["linked"]),
        equipment_id=id_or_none(EquipmentId, asked["equipment"]),
        text=asked["q"] or None,
        from_at=day_start(asked["from"]),
        until_at=day_start(asked["to"], days=1),
    )
    page = tx.monitoring.page(who.actor, wanted, after=after, limit=PAGE_ROWS)
    query = {name: text for name, text in asked.items() if text}
    return who.page(
        request,
        "monitoring_list.html",
        here="monitoring",
        rows=page.rows,
        asked=asked,
        is_filtered=bool(query),
        next_url=address("/console/monitoring", {**query, "after": str(page.next)}) if page.next else None,
        stages=stages_of(who.actor),
    )


def stages_of(actor: Actor) -> list[ReviewStage]:
    """Return the stages at which the actor gives opinions."""
    return [stage for stage, action in STAGE_ACTIONS.items() if holds(actor, action)]


@router.get("/monitoring/queue")
def queue(request: Request, tx: Tx, who: Visiting, stage: ReviewStage, after: After) -> Response:
    """Show what waits at a stage, soonest due first."""
    page = tx.monitoring.queue(who.actor, stage, after=after, limit=PAGE_ROWS)
    query = {"stage": stage.value}
    next_url = address("/console/monitoring/queue", {**query, "after": page.next_text or ""})
    return who.page(
        request,
        "monitoring_queue.html",
        here="monitoring",
        rows=page.rows,
        stage=stage,
        stages=stages_of(who.actor),
        now=tx.now,
        next_url=next_url if page.next else None,
    )


@router.get("/monitoring/{monitoring_id}")
def record(request: Request, tx: Tx, who: Visiting, monitoring_id: MonitoringId) -> Response:
    """Show one record with everything the viewer may know of it."""
    return _page(request, tx, who, monitoring_id)


def _page(  # noqa: PLR0917 - the last two say what went wrong and what was typed
    request: Request,
    tx: Transaction,
    who: Visitor,
    monitoring_id: MonitoringId,
    problem: ProblemView | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    found = tx.monitoring.get(who.actor, monitoring_id)
    recordings = [tx.recordings.known(one) for one in tx.monitoring.media(monitoring_id)]
    entries = tx.custody.entries_for(subject("monitoring", monitoring_id))
    shown = [one for one in entries if found.concluded_at or one.entry.actor == who.actor.reference]
    may_link = holds(who.actor, Action.MONITORING_LINK)
    return who.page(
        request,
        "monitoring_record.html",
        status=200 if problem is None else 409,
        here="monitoring",
        record=found,
        recordings=recordings,
        picture=_map(found),
        gates=[(fault, fault in tx.monitoring.faults(found)) for fault in GateFault],
        is_recorded_later=tx.monitoring.is_recorded_later(found),
        opinions=tx.monitoring.opinions(who.actor, found),
        stages=_open_stages(tx, who.actor, found),
        reasons=list(InvalidReason),
        notifications=tx.monitoring.notifications(monitoring_id),
        may_notify=holds(who.actor, Action.MONITORING_NOTIFY),
        channels=list(NotifyChannel),
        outcomes=list(NotifyOutcome),
        links=tx.monitoring_links.links_of(monitoring_id),
        suggestions=tx.monitoring_links.suggestions(who.actor, found) if may_link else (),
        may_link=may_link,
        may_open=may_link and holds(who.actor, Action.CASE_OPEN),
        may_see_cases=holds(who.actor, Action.CASE_VIEW),
        entries=shown,
        may_watch=holds(who.actor, Action.RECORDING_WATCH),
        names=names_for(tx, recordings) | tx.accounts.names(one.entry.actor for one in shown),
        problem=problem,
        typed=typed or {},
        now=tx.now,
    )


def _open_stages(tx: Transaction, actor: Actor, found: MonitoringRecord) -> list[ReviewStage]:
    """Return the stages at which the actor may still give an opinion on this record."""
    if found.concluded_at is not None or tx.monitoring.opinions(actor, found):
        return []
    return stages_of(actor)


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


@router.post("/monitoring/{monitoring_id}/opinion")
def opine(  # noqa: PLR0917 - form fields are named by the page
    request: Request,
    tx: Tx,
    who: Acting,
    monitoring_id: MonitoringId,
    stage: Annotated[ReviewStage, Form()],
    opinion: Annotated[OpinionWord, Form()],
    version: Annotated[int, Form()],
    reason_code: Annotated[str, Form()] = "",
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Give an opinion and go on to the next record of the queue."""
    code = InvalidReason(reason_code) if reason_code in set(InvalidReason) else None
    wish = OpinionIn(opinion=opinion, reason_code=code, reason=reason)
    try:
        with tx.attempt():
            tx.monitoring.opine(who.actor, monitoring_id, stage, wish, version)
    except EvidenceError as err:
        typed = {"reason": reason, "reason_code": reason_code}
        return _page(request, tx, who, monitoring_id, mistake(request, err), typed)
    ahead = tx.monitoring.queue(who.actor, stage, limit=1).rows
    return go(f"/console/monitoring/{ahead[0].id}" if ahead else f"/console/monitoring/queue?stage={stage}")


@router.post("/monitoring/{monitoring_id}/notification")
def notify(  # noqa: PLR0917
    request: Request,
    tx: Tx,
    who: Acting,
    monitoring_id: MonitoringId,
    channel: Annotated[NotifyChannel, Form()],
    outcome: Annotated[NotifyOutcome, Form()],
    attempted_at: Annotated[str, Form()] = "",
    proof: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Record an attempt to tell the party."""
    try:
        at = local_time(attempted_at) or tx.now
        if at > tx.now:
            raise FACT_IN_FUTURE("it lies in the future")
        wish = NotificationIn(channel=channel, outcome=outcome, attempted_at=at, proof=proof.strip())
        with tx.attempt():
            tx.monitoring.notify(who.actor, monitoring_id, wish)
    except (ValidationError, ValueError):
        err: EvidenceError = REQUEST_INVALID("time or proof is missing")
        return _page(request, tx, who, monitoring_id, mistake(request, err), {"proof": proof})
    except EvidenceError as err:
        return _page(request, tx, who, monitoring_id, mistake(request, err), {"proof": proof})
    return go(f"/console/monitoring/{monitoring_id}#notifications")


@router.post("/monitoring/{monitoring_id}/link")
def link(  # noqa: PLR0917
    request: Request,
    tx: Tx,
    who: Acting,
    monitoring_id: MonitoringId,
    case_id: Annotated[CaseId | None, Form()] = None,
    number: Annotated[str, Form(max_length=64)] = "",
    basis: Annotated[LinkBasis, Form()] = LinkBasis.MANUAL,
    version: Annotated[int | None, Form()] = None,
) -> Response:
    """Tie the record to a case, by an accepted suggestion or by its number."""
    try:
        target = case_id or _case_of(tx, who, monitoring_id, number.strip())
        seen = version if version is not None else tx.cases.get(who.actor, target).version
        with tx.attempt():
            tx.monitoring_links.link(who.actor, target, monitoring_id, basis, seen)
    except EvidenceError as err:
        return _page(request, tx, who, monitoring_id, mistake(request, err), {"number": number})
    return go(f"/console/monitoring/{monitoring_id}#links")


def _case_of(tx: Transaction, who: Visitor, monitoring_id: MonitoringId, number: str) -> CaseId:
    record = tx.monitoring.get(who.actor, monitoring_id)
    found = tx.cases.numbered(who.actor, record.agency_id, number)
    if found is None:
        raise CASE_NUMBER_UNKNOWN("no case of this number")
    return found.id


@router.post("/monitoring/{monitoring_id}/unlink")
def unlink(  # noqa: PLR0917
    request: Request,
    tx: Tx,
    who: Acting,
    monitoring_id: MonitoringId,
    case_id: Annotated[CaseId, Form()],
    reason: Annotated[str, Form(min_length=1, max_length=500)],
) -> Response:
    """End a tie by a dated counter-entry with a reason."""
    try:
        seen = tx.cases.get(who.actor, case_id).version
        with tx.attempt():
            tx.monitoring_links.unlink(who.actor, case_id, monitoring_id, reason.strip(), seen)
    except EvidenceError as err:
        return _page(request, tx, who, monitoring_id, mistake(request, err))
    return go(f"/console/monitoring/{monitoring_id}#links")


@router.post("/monitoring/{monitoring_id}/case")
def open_case(
    request: Request,
    tx: Tx,
    who: Acting,
    monitoring_id: MonitoringId,
    number: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Open a case from the record; party, matter, place and time are taken from it."""
    found = tx.monitoring.get(who.actor, monitoring_id)
    try:
        wish = CaseIn(
            number=number.strip(),
            party=found.party or found.plate or "待查",
            matter=found.matter,
            place=found.place,
            occurred_at=found.captured_at,
            party_code=found.party_code,
            plates=[found.plate] if found.plate else [],
            lat_e7=found.lat_e7,
            lon_e7=found.lon_e7,
        )
        with tx.attempt():
            case = tx.monitoring_links.open_case(who.actor, monitoring_id, wish)
    except ValidationError:
        err: EvidenceError = REQUEST_INVALID("the number is missing")
        return _page(request, tx, who, monitoring_id, mistake(request, err))
    except EvidenceError as err:
        return _page(request, tx, who, monitoring_id, mistake(request, err), {"open_number": number})
    return go(f"/console/cases/{case.id}")
