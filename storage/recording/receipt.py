"""The moment a finished transfer becomes evidence: the received recording, its entry and its stated case."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, RowMapping, select

from schemas.actor import ActorKind
from schemas.custody import CustodyEntry, Event, subject
from schemas.integrity import Verdict
from schemas.manifest import CaptureManifest, parse_manifest
from schemas.recording import RecordingState
from storage.case.link import link_recording
from storage.custody import CustodyLog
from storage.objects.port import Stored
from storage.tables.case import cases
from storage.tables.recording import manifests, recordings


def receive_recording(
    connection: Connection,
    custody: CustodyLog,
    *,
    upload: RowMapping,
    stored: Stored,
    key: str,
    at: datetime,
) -> UUID:
    """Insert the received recording and its custody entry; called by the upload's completion only."""
    row = (
        connection.execute(select(manifests).where(manifests.c.id == upload["manifest_id"]))
        .mappings()
        .one_or_none()
    )
    manifest = parse_manifest(row["payload"]) if row is not None and row["state"] == "declared" else None
    stated_case = upload["case_number"] or (manifest.context.case if manifest and manifest.context else None)
    recording_id: UUID = connection.execute(
        recordings.insert()
        .values(
            agency_id=upload["agency_id"],
            upload_id=upload["id"],
            manifest_id=upload["manifest_id"],
            file_index=upload["file_index"],
            device_id=upload["device_id"],
            account_id=upload["account_id"],
            state=RecordingState.RECEIVED,
            verdict=Verdict.NOT_CHECKED,
            filename=upload["filename"],
            media_type="application/octet-stream",
            size_bytes=stored.size_bytes,
            declared_sha256=upload["declared_sha256"],
            object_key=key,
            version_id=stored.version_id,
            stated_case=stated_case,
            received_at=at,
            **(_capture_columns(manifest) if manifest else {}),
        )
        .returning(recordings.c.id)
    ).scalar_one()
    actor = _sender(upload)
    _log_receipt(custody, recording_id, upload=upload, stored=stored, key=key, at=at, manifest=row)
    if stated_case is not None:
        _link_stated_case(
            connection,
            custody,
            number=stated_case,
            recording_id=recording_id,
            agency_id=upload["agency_id"],
            actor=actor,
            at=at,
        )
    return recording_id


def _sender(upload: RowMapping) -> str:
    if upload["device_id"] is not None:
        return f"{ActorKind.DEVICE.value}/{upload['device_id']}"
    return f"{ActorKind.ACCOUNT.value}/{upload['account_id']}"


def _log_receipt(
    custody: CustodyLog,
    recording_id: UUID,
    *,
    upload: RowMapping,
    stored: Stored,
    key: str,
    at: datetime,
    manifest: RowMapping | None,
) -> None:
    facts: dict[str, Any] = {
        "upload": str(upload["id"]),
        "size_bytes": stored.size_bytes,
        "object_key": key,
        "version_id": stored.version_id,
    }
    if upload["declared_sha256"] is not None:
        facts["declared_sha256"] = upload["declared_sha256"]
    if manifest is not None:
        facts["manifest_sha256"] = manifest["sha256"]
    entry = CustodyEntry(
        entry_id=uuid4(),
        event=Event.RECORDING_RECEIVE,
        actor=_sender(upload),
        subject=subject("recording", recording_id),
        at=at,
        facts=facts,
    )
    custody.append(entry, agency_id=upload["agency_id"])


def _link_stated_case(
    connection: Connection,
    custody: CustodyLog,
    *,
    number: str,
    recording_id: UUID,
    agency_id: UUID,
    actor: str,
    at: datetime,
) -> None:
    """Tie the recording to the case its sender named; an unknown number stays a finding, never a refusal."""
    case_id = connection.scalar(
        select(cases.c.id).where(cases.c.number == number, cases.c.agency_id == agency_id)
    )
    if case_id is not None:
        link_recording(
            connection,
            custody,
            case_id=case_id,
            recording_id=recording_id,
            agency_id=agency_id,
            actor=actor,
            at=at,
        )


def _capture_columns(manifest: CaptureManifest) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "officers": list(manifest.officers),
        "captured_at": manifest.captured_at,
        "corrected_at": manifest.corrected_at,
        "clock_offset_ms": manifest.clock.offset_ms,
    }
    if manifest.loc is not None:
        columns |= {
            "lat_e7": manifest.loc.lat_e7,
            "lon_e7": manifest.loc.lon_e7,
            "accuracy_cm": manifest.loc.acc_cm,
            "crs": str(manifest.loc.crs),
        }
    return columns
