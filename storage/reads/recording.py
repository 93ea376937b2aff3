"""What other nouns ask of recordings: who may see one, whose it is, and whether it holds."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.sql.selectable import ScalarSelect

from schemas.actor import Action, Actor, ActorKind, Scope, scope
from schemas.ids import AccountId, AgencyId, RecordingId, UploadId
from schemas.integrity import CheckResult
from schemas.recording import RecordingState
from schemas.refusals_recording import RECORDING_UNKNOWN
from storage.tables.audit import audit_inspectors, audit_rechecks
from storage.tables.case import case_handlers, case_links
from storage.tables.monitoring import monitoring_media, monitoring_records
from storage.tables.recording import manifests, recordings, uploads


def own_uploads(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that an upload is the actor's own."""
    return _sender(actor.kind) == actor.id


def own_uploads_of(kind: ActorKind) -> ColumnElement[bool]:
    """Return the same for a statement that is made once: its parameter `sender_id` is the actor's id."""
    return _sender(kind) == bindparam("sender_id")


def _sender(kind: ActorKind) -> Column[UUID]:
    return uploads.c.device_id if kind is ActorKind.DEVICE else uploads.c.account_id


def visible_to(actor: Actor, allowed: Scope) -> ColumnElement[bool]:
    """Return the SQL form of a scope over `recordings`."""
    inside = recordings.c.agency_id.in_(sorted(allowed.agency_ids))
    return and_(inside, own_recordings(actor)) if allowed.own_only else inside


def own_recordings(actor: Actor) -> ColumnElement[bool]:
    """Return the condition under which a row of `recordings` is the actor's own.

    A device owns what it sent; an account what it sent, what names one of its certificates, what is linked to a
    case it handles, as an inspector what was drawn in an audit it is assigned to, and what belongs to a
    monitoring record it may see.
    """
    if actor.kind is ActorKind.DEVICE:
        return recordings.c.device_id == actor.id
    handled = exists().where(
        case_links.c.recording_id == recordings.c.id,
        case_links.c.unlinked_at.is_(None),
        case_links.c.case_id == case_handlers.c.case_id,
        case_handlers.c.account_id == actor.id,
    )
    drawn = exists().where(
        audit_rechecks.c.recording_id == recordings.c.id,
        audit_rechecks.c.audit_id == audit_inspectors.c.audit_id,
        audit_inspectors.c.account_id == actor.id,
    )
    monitored = exists().where(
        monitoring_media.c.recording_id == recordings.c.id,
        monitoring_media.c.monitoring_id == monitoring_records.c.id,
        monitoring_records.c.agency_id.in_(sorted(scope(actor, Action.MONITORING_VIEW).agency_ids)),
    )
    return or_(
        recordings.c.account_id == actor.id,
        recordings.c.officers.overlap(sorted(actor.certificates)),
        handled,
        drawn,
        monitored,
    )


def require_of_agency(connection: Connection, recording_id: RecordingId, agency_id: AgencyId) -> None:
    """Refuse a recording that is not the agency's.

    Raises:
        NotFound: the agency has no such recording (slug `recording-unknown`).
    """
    known = exists().where(recordings.c.id == recording_id, recordings.c.agency_id == agency_id)
    if not connection.scalar(select(known)):
        raise RECORDING_UNKNOWN("no such recording in the agency")


def are_sealed(connection: Connection, recording_ids: Select[tuple[RecordingId]]) -> bool:
    """Say whether each of some recordings is sealed."""
    open_ = exists().where(
        recordings.c.id.in_(recording_ids), recordings.c.state != RecordingState.SEALED.value
    )
    return not connection.scalar(select(open_))


def sent_by(
    connection: Connection, account_id: AccountId, upload_ids: Iterable[UploadId]
) -> dict[UploadId, RecordingId | None]:
    """Return what became of those of the uploads that an account sent; None while one is not complete."""
    rows = connection.execute(
        select(uploads.c.id, uploads.c.recording_id).where(
            uploads.c.id.in_(upload_ids), uploads.c.account_id == account_id
        )
    )
    return {row.id: row.recording_id for row in rows}


def filenames(connection: Connection, idents: Select[Any]) -> dict[Any, str]:
    """Return the file names of those of the ids that are recordings."""
    rows = connection.execute(
        select(recordings.c.id, recordings.c.filename).where(recordings.c.id.in_(idents))
    )
    return {row.id: row.filename for row in rows}


def last_seq(device_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Return the highest number that a device has declared; NULL before its first manifest."""
    return select(func.max(manifests.c.seq)).where(manifests.c.device_id == device_id).scalar_subquery()


def check_of(row: RowMapping) -> CheckResult:
    """Return a row of `checks` as a value."""
    return CheckResult.of_row(row)
