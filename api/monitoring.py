"""Monitoring records: batches in, lists and queues out, two opinions, attempts to notify, ties to cases."""

import hashlib
from datetime import datetime
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from api.case import CaseOut
from api.deps import After, CurrentActor, Limit, OpenStore, StreamActor, Tx, Words
from api.equipment_out import CertificateRuleOut, EquipmentVersionOut
from api.etag import SeenVersion, done, tag, tagged
from api.idempotency import PARAMETER, key_of
from api.monitoring_out import (
    MonitoringDetailOut,
    MonitoringLinkOut,
    MonitoringOut,
    MonitoringPageOut,
    NotificationOut,
    OpinionOut,
    ReopeningOut,
    SuggestionOut,
)
from api.recording import RecordingOut
from api.route import Route
from schemas.base import WireIn, WireOut
from schemas.batch_lines import BatchLines
from schemas.case import CaseIn
from schemas.ids import CaseId, EquipmentId, IntakeId, MonitoringId
from schemas.monitoring import (
    LinkBasis,
    MonitoringState,
    NotificationIn,
    OpinionIn,
    ReviewStage,
)
from schemas.monitoring_row import RowOutcome
from schemas.refusals import REFUSALS
from storage.flow.intake import receive_batch
from storage.monitoring.batch import RowResult, require_source
from storage.monitoring.values import MonitoringFilter

router = APIRouter(prefix="/v1", tags=["monitoring"], route_class=Route)
BATCHES = "/v1/monitoring/records"
"""The address whose body has limits of its own."""


class RowOut(WireOut):
    """What became of one line of the batch, counted from 1; sentences only where something is wrong."""

    line: int
    record_id: str | None
    outcome: RowOutcome
    id: MonitoringId | None
    gate_faults: list[str]
    problem: str | None
    detail: str
    zh: str
    en: str


def row_out(result: RowResult) -> RowOut:
    """Return the wire form of a result, with the words of its refusal."""
    text = REFUSALS[result.problem] if result.problem else None
    return RowOut.of(
        result,
        zh=f"{text.zh}；{text.next_zh}" if text else "",
        en=f"{text.en}; {text.next_en}" if text else "",
    )


class BatchOut(WireOut):
    """The answer to a batch, sent after the commit. `intake_sha256` names the manifest that was signed."""

    intake_id: IntakeId | None
    intake_sha256: str | None
    received_at: datetime
    received: int
    duplicates: int
    conflicts: int
    refused: int
    rows: list[RowOut]


class MonitoringLinkIn(WireIn):
    """The record to tie to the case; `basis` is the suggestion that was accepted, or by hand."""

    monitoring_id: MonitoringId
    basis: LinkBasis = LinkBasis.MANUAL


class UnlinkIn(WireIn):
    """Why a tie ends; the log keeps a salted commitment of it only."""

    reason: str = Field(min_length=1, max_length=500, pattern=r"\S")


@router.post(
    "/monitoring/records",
    operation_id="submitRecords",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
        },
        "parameters": [dict(PARAMETER)],
    },
)
async def submit(request: Request, store: OpenStore, actor: StreamActor) -> BatchOut:
    """Receive a batch of up to 1,000 rows, one JSON object per line; the same batch again changes nothing."""
    require_source(actor, store.clock())
    lines, digest = BatchLines(), hashlib.sha256()
    async for piece in request.stream():
        lines.feed(piece)
        digest.update(piece)
    key = key_of(request, digest.digest())
    receipt = await run_sync(receive_batch, store, actor, lines.end(), key)
    outcomes = [result.outcome for result in receipt.results]
    return BatchOut(
        intake_id=receipt.intake_id,
        intake_sha256=receipt.sha256,
        received_at=receipt.received_at,
        received=outcomes.count(RowOutcome.RECEIVED),
        duplicates=outcomes.count(RowOutcome.DUPLICATE),
        conflicts=outcomes.count(RowOutcome.CONFLICT),
        refused=outcomes.count(RowOutcome.REFUSED),
        rows=[row_out(result) for result in receipt.results],
    )


class RecordQuery(BaseModel):
    """What a list of records is narrowed by."""

    state: MonitoringState | None = None
    equipment: EquipmentId | None = None
    linked: bool | None = None
    q: Words = None
    from_at: Annotated[AwareDatetime | None, Field(alias="from")] = None
    until_at: Annotated[AwareDatetime | None, Field(alias="to")] = None

    def wanted(self) -> MonitoringFilter:
        """Return the filter."""
        return MonitoringFilter(
            state=self.state,
            equipment_id=self.equipment,
            is_linked=self.linked,
            text=self.q,
            from_at=self.from_at,
            until_at=self.until_at,
        )


@router.get("/monitoring/records", operation_id="listRecords")
def records(
    tx: Tx, actor: CurrentActor, after: After, asked: Annotated[RecordQuery, Query()], limit: Limit = 50
) -> MonitoringPageOut:
    """List the records the actor may see, newest first."""
    page = tx.monitoring.page(actor, asked.wanted(), after=after, limit=limit)
    return MonitoringPageOut(records=[MonitoringOut.of(row) for row in page.rows], next=page.next_text)


@router.get("/monitoring/queue", operation_id="listRecordQueue")
def queue(
    tx: Tx,
    actor: CurrentActor,
    after: After,
    stage: ReviewStage,
    limit: Limit = 50,
) -> MonitoringPageOut:
    """List what waits for the actor's opinion at a stage, soonest due first."""
    page = tx.monitoring.queue(actor, stage, after=after, limit=limit)
    return MonitoringPageOut(records=[MonitoringOut.of(row) for row in page.rows], next=page.next_text)


@router.get("/monitoring/records/{monitoring_id}", operation_id="getRecord")
def record(
    tx: Tx, actor: CurrentActor, response: Response, monitoring_id: MonitoringId
) -> MonitoringDetailOut:
    """Return one record with its media, gate, opinions, notifications and ties."""
    found = tx.monitoring.get(actor, monitoring_id)
    tag(response, found.version)
    told = tx.monitoring.registration(found)
    return MonitoringDetailOut(
        record=MonitoringOut.of(found),
        registration=told.now and EquipmentVersionOut.of(told.now),
        registration_then=told.then and EquipmentVersionOut.of(told.then),
        certificate=CertificateRuleOut.of(tx.monitoring.certificate_rule(found)),
        faults_now=list(tx.monitoring.faults(found)),
        is_recorded_later=tx.monitoring.is_recorded_later(found),
        recordings=[RecordingOut.of(tx.recordings.known(one)) for one in tx.monitoring.media(monitoring_id)],
        opinions=[OpinionOut.of(one) for one in tx.monitoring.opinions(actor, found)],
        reopenings=[ReopeningOut.of(one) for one in tx.reopenings.of_record(found)],
        notifications=[NotificationOut.of(one) for one in tx.notifications.of(found)],
        links=[MonitoringLinkOut.of(one) for one in tx.monitoring_links.links_of(monitoring_id)],
    )


@router.get("/monitoring/records/{monitoring_id}/raw", operation_id="getRawRow", response_class=Response)
def raw(tx: Tx, actor: CurrentActor, monitoring_id: MonitoringId) -> Response:
    """Return the row as kept, verbatim, to those who read its party whole."""
    payload = tx.monitoring.raw(actor, monitoring_id)
    headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
    return Response(payload, media_type="application/json", headers=headers)


@router.post("/monitoring/records/{monitoring_id}/opinions/{stage}", operation_id="giveRecordOpinion")
def opine(
    tx: Tx,
    actor: CurrentActor,
    monitoring_id: MonitoringId,
    stage: ReviewStage,
    *,
    wish: OpinionIn,
    seen: SeenVersion,
    response: Response,
) -> MonitoringOut:
    """Give the first or the second opinion; valid needs both, one invalid ends it."""
    found = tx.monitoring.opine(actor, monitoring_id, stage, wish, seen)
    return tagged(response, MonitoringOut.of(found))


@router.post(
    "/monitoring/records/{monitoring_id}/notifications", operation_id="recordNotification", status_code=201
)
def notify(
    tx: Tx, actor: CurrentActor, monitoring_id: MonitoringId, wish: NotificationIn
) -> list[NotificationOut]:
    """Record an attempt to tell the party; attempts are only ever added."""
    tx.notifications.add(actor, monitoring_id, wish)
    found = tx.monitoring.get(actor, monitoring_id)
    return [NotificationOut.of(one) for one in tx.notifications.of(found)]


@router.get("/monitoring/records/{monitoring_id}/suggestions", operation_id="suggestCases")
def suggestions(tx: Tx, actor: CurrentActor, monitoring_id: MonitoringId) -> list[SuggestionOut]:
    """Suggest open cases by plate, party code, place and time."""
    found = tx.monitoring_links.suggestions(actor, tx.monitoring.get(actor, monitoring_id))
    return [SuggestionOut.of(one) for one in found]


@router.post("/monitoring/records/{monitoring_id}/case", operation_id="openCaseFromRecord", status_code=201)
def open_case(
    tx: Tx, actor: CurrentActor, response: Response, monitoring_id: MonitoringId, wish: CaseIn
) -> CaseOut:
    """Open a case from a valid record; an attempt to notify the party must have been recorded."""
    case = tx.monitoring_links.open_case(actor, monitoring_id, wish)
    return tagged(response, CaseOut.of(case))


@router.post("/cases/{case_id}/monitoring", operation_id="linkRecord", status_code=201)
def link(
    tx: Tx,
    actor: CurrentActor,
    case_id: CaseId,
    *,
    wish: MonitoringLinkIn,
    seen: SeenVersion,
    response: Response,
) -> MonitoringLinkOut:
    """Tie a record to a case; article 41 decides whether it may be evidence."""
    made = tx.monitoring_links.link(actor, case_id, wish.monitoring_id, wish.basis, seen)
    tag(response, tx.cases.get(actor, case_id).version)
    return MonitoringLinkOut.of(made)


@router.post(
    "/cases/{case_id}/monitoring/{monitoring_id}/unlink", operation_id="unlinkRecord", status_code=204
)
def unlink(
    tx: Tx,
    actor: CurrentActor,
    case_id: CaseId,
    monitoring_id: MonitoringId,
    *,
    wish: UnlinkIn,
    seen: SeenVersion,
) -> Response:
    """End a tie by a dated counter-entry; nothing is deleted."""
    tx.monitoring_links.unlink(actor, case_id, monitoring_id, wish.reason, seen)
    return done(tx.cases.get(actor, case_id).version)
