"""The moment a finished transfer becomes evidence: the received recording, its entry and its stated case."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, select

from schemas.actor import Actor, ActorKind
from schemas.base import HexDigest
from schemas.custody import subject
from schemas.ids import AgencyId, RecordingId, UploadId
from schemas.integrity import Verdict
from schemas.manifest import CaptureManifest, ManifestState, manifest_digest, parse_manifest
from schemas.ours import ours
from schemas.recording import STEPS
from schemas.refusals_manifest import MANIFEST_BROKEN
from schemas.upload import UploadState, part_size
from storage.act import Deed
from storage.case.link import link_recording
from storage.objects.port import Stored
from storage.reads.case import numbered
from storage.tables.recording import manifests, recordings, uploads


def receive_recording(
    connection: Connection, act: Deed, *, upload: RowMapping, stored: Stored, key: str
) -> RecordingId:
    """Insert the received recording and its custody entry; called by the upload's completion only."""
    row = (
        connection.execute(select(manifests).where(manifests.c.id == upload["manifest_id"]))
        .mappings()
        .one_or_none()
    )
    manifest = None
    if row is not None and row["state"] == ManifestState.DECLARED:
        manifest = kept_manifest(row["payload"], row["sha256"])
    stated_case = upload["case_number"] or (manifest.context.case if manifest and manifest.context else None)
    recording_id: RecordingId = connection.execute(
        recordings.insert()
        .values(
            agency_id=upload["agency_id"],
            upload_id=upload["id"],
            manifest_id=upload["manifest_id"],
            file_index=upload["file_index"],
            device_id=upload["device_id"],
            account_id=upload["account_id"],
            state=STEPS.begin.state,
            verdict=Verdict.NOT_CHECKED,
            filename=upload["filename"],
            media_type="application/octet-stream",
            size_bytes=stored.size_bytes,
            declared_sha256=upload["declared_sha256"],
            object_key=key,
            version_id=stored.version_id,
            stated_case=stated_case,
            received_at=act.at,
            **(_capture_columns(manifest) if manifest else {}),
        )
        .returning(recordings.c.id)
    ).scalar_one()
    act.record(
        STEPS.begin.logs,
        subject("recording", recording_id),
        upload=str(upload["id"]),
        size_bytes=stored.size_bytes,
        object_key=key,
        version_id=stored.version_id,
        declared_sha256=upload["declared_sha256"],
        manifest_sha256=None if row is None else row["sha256"],
    )
    if stated_case is not None:
        _link_stated_case(connection, act, upload["agency_id"], stated_case, recording_id=recording_id)
    return recording_id


class Picture(NamedTuple):
    """A file that came whole inside of something else and stands in the store already."""

    upload_id: UploadId
    filename: str
    sha256: HexDigest
    stored: Stored
    captured_at: datetime

    @property
    def key(self) -> str:
        """Its key in the store."""
        return picture_object(self.upload_id)


def picture_object(upload_id: UploadId) -> str:
    """Return the key of a file that comes whole: the first number of its upload."""
    return f"recordings/{upload_id}/1"


def receive_picture(connection: Connection, act: Deed, actor: Actor, picture: Picture) -> RecordingId:
    """Insert the recording of a picture with the upload that it would have come by, ended already."""
    # The bytes stand in the store already: a crash before the commit leaves them under a key that no row names,
    # and the same row sent again comes to the same key.
    size = picture.stored.size_bytes
    upload = (
        connection.execute(
            uploads.insert()
            .values(
                id=picture.upload_id,
                agency_id=actor.agency_id,
                account_id=actor.id,
                filename=picture.filename,
                declared_sha256=picture.sha256,
                metadata="",
                state=UploadState.RECEIVED,
                length_bytes=size,
                offset_bytes=size,
                part_bytes=part_size(size),
                object_key=picture.key,
                opened_at=act.at,
                expires_at=act.at,
            )
            .returning(uploads)
        )
        .mappings()
        .one()
    )
    recording_id = receive_recording(connection, act, upload=upload, stored=picture.stored, key=picture.key)
    connection.execute(
        uploads.update().where(uploads.c.id == picture.upload_id).values(recording_id=recording_id)
    )
    connection.execute(
        recordings.update().where(recordings.c.id == recording_id).values(captured_at=picture.captured_at)
    )
    return recording_id


def kept_manifest(payload: bytes, sha256: str) -> CaptureManifest:
    """Return a declared manifest out of the bytes that were kept; it was valid on the day it was declared.

    Raises:
        IntegrityBroken: the bytes are not those that were logged.
    """
    with ours(MANIFEST_BROKEN, f"the kept bytes of manifest {sha256} are no manifest"):
        manifest = parse_manifest(payload)
    if manifest_digest(payload) != sha256:
        raise MANIFEST_BROKEN(f"the kept bytes of manifest {sha256} are another manifest's")
    return manifest


def sender_of(upload: RowMapping) -> str:
    """Return the reference of the device or account that sent an upload."""
    if upload["device_id"] is not None:
        return f"{ActorKind.DEVICE.value}/{upload['device_id']}"
    return f"{ActorKind.ACCOUNT.value}/{upload['account_id']}"


def _link_stated_case(
    connection: Connection, act: Deed, agency_id: AgencyId, number: str, *, recording_id: RecordingId
) -> None:
    """Tie the recording to the case its sender named; an unknown number stays a finding, never a refusal."""
    case_id = numbered(connection, agency_id, number)
    if case_id is not None:
        link_recording(connection, act, case_id=case_id, recording_id=recording_id)


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
