"""What other nouns ask of recordings: whose upload one is, and whether it holds."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    bindparam,
    exists,
    func,
    select,
)
from sqlalchemy.sql.selectable import ScalarSelect

from schemas.actor import Actor, ActorKind
from schemas.base import HexDigest
from schemas.declaration import DocumentKind
from schemas.ids import AccountId, AgencyId, ManifestId, RecordingId, UploadId
from schemas.integrity import CheckResult
from schemas.recording import RecordingState
from schemas.refusals_recording import RECORDING_UNKNOWN
from storage.reads.agency import Query
from storage.tables.declaration import declarations
from storage.tables.recording import manifests, recordings, uploads


def own_uploads(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that an upload is the actor's own."""
    return _sender(actor.kind) == actor.id


def own_uploads_of(kind: ActorKind) -> ColumnElement[bool]:
    """Return the same for a statement that is made once: its parameter `sender_id` is the actor's id."""
    return _sender(kind) == bindparam("sender_id")


def _sender(kind: ActorKind) -> Column[UUID]:
    return uploads.c.device_id if kind is ActorKind.DEVICE else uploads.c.account_id


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


def declared_at(connection: Connection, manifest_id: ManifestId) -> datetime:
    """Return when a manifest was declared."""
    at: datetime = connection.execute(
        select(manifests.c.declared_at).where(manifests.c.id == manifest_id)
    ).scalar_one()
    return at


def with_filename(query: Query, recording_id: ColumnElement[Any]) -> Query:
    """Add the file name of the recording behind a column."""
    return query.add_columns(recordings.c.filename).join(recordings, recordings.c.id == recording_id)


def last_seq(device_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Return the highest number that a device has declared; NULL before its first manifest."""
    return select(func.max(manifests.c.seq)).where(manifests.c.device_id == device_id).scalar_subquery()


def check_of(row: RowMapping) -> CheckResult:
    """Return a row of `checks` as a value."""
    return CheckResult.of_row(row)


def paper_of(connection: Connection, recording_id: RecordingId) -> DocumentKind | None:
    """Return which kind of paper a recording was declared to be; None where it is none, or nobody declared anything."""
    kind = connection.scalar(
        select(declarations.c.document).where(declarations.c.recording_id == recording_id)
    )
    return None if kind is None else DocumentKind(kind)


def sealed_paper(
    connection: Connection, recording_id: RecordingId, agency_id: AgencyId, kind: DocumentKind
) -> HexDigest | None:
    """Return the digest of a sealed document of an agency; None where it is no such paper."""
    found: str | None = connection.scalar(
        select(recordings.c.sha256)
        .join(declarations, declarations.c.recording_id == recordings.c.id)
        .where(
            recordings.c.id == recording_id,
            recordings.c.agency_id == agency_id,
            recordings.c.state == RecordingState.SEALED,
            declarations.c.document == kind,
        )
    )
    return None if found is None else HexDigest(found)
