"""The moment a finished transfer becomes evidence: the received recording, its entry and its stated case."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, select

from schemas.actor import Actor, ActorKind
from schemas.base import HexDigest, whole_milliseconds
from schemas.declaration import Declaration
from schemas.ids import CaseId, IntakeId, ManifestId, RecordingId, UploadId
from schemas.integrity import Verdict
from schemas.leaves_recording import ReceivedFrom, RecordingReceive, UploadExpire
from schemas.manifest import CaptureManifest, ManifestState, manifest_digest, parse_manifest
from schemas.ours import ours
from schemas.recording import STEPS, RecordingState
from schemas.refusals_manifest import MANIFEST_BROKEN
from schemas.upload import UploadState, part_size
from storage.act import Deed
from storage.case.link import link_stated
from storage.custody.custody import Entry
from storage.custody.values import shown
from storage.driver import Ready
from storage.objects.port import Stored
from storage.reads.case import numbered
from storage.recording.declaration import enter_declaration
from storage.tables.recording import manifests, recordings, uploads

_RECORDED = Ready(recordings.insert())
"""Its columns are those of the row that it is given."""


class Place(NamedTuple):
    """Where a picture stood in a batch: which row, counted from 0, and which of that row's pictures."""

    intake_id: IntakeId
    row: int
    position: int


class Arrival(NamedTuple):
    """A transfer that is all here, and what its sender says of it; its chains are found before they are held."""

    recording_id: RecordingId
    upload: Mapping[str, Any]
    manifest: CaptureManifest | None
    manifest_sha256: HexDigest | None
    stated_case: str | None
    case_id: CaseId | None

    @property
    def chains(self) -> tuple[str, ...]:
        """The chains that its leaves continue: its own, and that of the case it names."""
        case = () if self.case_id is None else (f"case/{self.case_id}",)
        return (f"recording/{self.recording_id}", *case)


def arrival_of(connection: Connection, upload: Mapping[str, Any]) -> Arrival:
    """Return what is known of a transfer before its chains are held; its row names the recording already.

    Raises:
        IntegrityBroken: the kept manifest is not what was declared.
    """
    manifest, sha256 = _declared(connection, upload["manifest_id"])
    stated_case = upload["case_number"] or (manifest.context.case if manifest and manifest.context else None)
    return Arrival(
        recording_id=RecordingId(upload["recording_id"]),
        upload=upload,
        manifest=manifest,
        manifest_sha256=sha256,
        stated_case=stated_case,
        case_id=None if stated_case is None else numbered(connection, upload["agency_id"], stated_case),
    )


def _declared(
    connection: Connection, manifest_id: ManifestId | None
) -> tuple[CaptureManifest | None, HexDigest | None]:
    """Return a declared manifest and its digest; a refused one says nothing of a recording."""
    if manifest_id is None:
        return None, None
    row = connection.execute(
        select(manifests.c.payload, manifests.c.sha256).where(
            manifests.c.id == manifest_id, manifests.c.state == ManifestState.DECLARED
        )
    ).one_or_none()
    if row is None:
        return None, None
    return kept_manifest(row.payload, row.sha256), HexDigest(row.sha256)


def receive_recording(
    connection: Connection,
    act: Deed,
    arrival: Arrival,
    *,
    stored: Stored,
    key: str,
    place: Place | None = None,
) -> None:
    """Insert the received recording with its leaf; the chains of the arrival are held."""
    upload, manifest = arrival.upload, arrival.manifest
    row = {
        "id": arrival.recording_id,
        "agency_id": upload["agency_id"],
        "upload_id": upload["id"],
        "manifest_id": upload["manifest_id"],
        "file_index": upload["file_index"],
        "device_id": upload["device_id"],
        "account_id": upload["account_id"],
        "state": STEPS.begin.state,
        "verdict": Verdict.NOT_CHECKED,
        "filename": upload["filename"],
        "media_type": "application/octet-stream",
        "size_bytes": stored.size_bytes,
        "declared_sha256": upload["declared_sha256"],
        "object_key": key,
        "version_id": stored.version_id,
        "stated_case": arrival.stated_case,
        "received_at": act.at,
        **(_capture_columns(manifest) if manifest else {}),
    }
    _RECORDED.rows(connection, row)
    received = RecordingReceive(
        agency=f"agency/{upload['agency_id']}",
        source=_source(upload, place),
        upload=str(upload["id"]),
        size_bytes=stored.size_bytes,
        object_key=key,
        version_id=stored.version_id,
        declared_sha256=upload["declared_sha256"],
        manifest_sha256=arrival.manifest_sha256,
        file_index=upload["file_index"],
        intake=None if place is None else f"intake/{place.intake_id}",
        row=None if place is None else place.row,
        position=None if place is None else place.position,
        to=RecordingState.RECEIVED,
        filename=shown(upload["filename"]),
        stated_case=shown(arrival.stated_case),
    )
    about = f"recording/{arrival.recording_id}"
    entries = [Entry(received, about)]
    if upload["declaration"] is not None:
        said = Declaration.model_validate(upload["declaration"], strict=False)
        entries.append(Entry(enter_declaration(connection, arrival.recording_id, said), about))
    if arrival.case_id is not None:
        tied = link_stated(connection, act, case_id=arrival.case_id, recording_id=arrival.recording_id)
        entries += [] if tied is None else [Entry(tied, f"case/{arrival.case_id}")]
    act.write_few(entries)


def _source(upload: Mapping[str, Any], place: Place | None) -> ReceivedFrom:
    if place is not None:
        return ReceivedFrom.INTAKE
    return ReceivedFrom.ACCOUNT if upload["device_id"] is None else ReceivedFrom.DEVICE


class Picture(NamedTuple):
    """A file that came whole inside of something else and stands in the store already."""

    recording_id: RecordingId
    upload_id: UploadId
    filename: str
    sha256: HexDigest
    stored: Stored
    captured_at: datetime
    place: Place

    @property
    def key(self) -> str:
        """Its key in the store."""
        return picture_object(self.upload_id)


def picture_object(upload_id: UploadId) -> str:
    """Return the key of a file that comes whole: the first number of its upload."""
    return f"recordings/{upload_id}/1"


def receive_picture(connection: Connection, act: Deed, actor: Actor, picture: Picture) -> None:
    """Insert the recording of a picture, whose chain is held, with the upload that it would have come by, ended."""
    # The bytes stand in the store already: a crash before the commit leaves them under a key that no row names,
    # and the same row sent again comes to the same key.
    size = picture.stored.size_bytes
    upload = dict(
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
                recording_id=picture.recording_id,
            )
            .returning(uploads)
        )
        .mappings()
        .one()
    )
    arrival = Arrival(picture.recording_id, upload, None, None, None, None)
    receive_recording(connection, act, arrival, stored=picture.stored, key=picture.key, place=picture.place)
    connection.execute(
        recordings.update()
        .where(recordings.c.id == picture.recording_id)
        .values(captured_at=whole_milliseconds(picture.captured_at))
    )


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


def expiry_of(upload: RowMapping) -> UploadExpire:
    """Return what the log says of a transfer that was begun and that nobody finished."""
    return UploadExpire(
        agency=f"agency/{upload['agency_id']}",
        opened_at=whole_milliseconds(upload["opened_at"]),
        offset_bytes=upload["offset_bytes"],
        length_bytes=upload["length_bytes"],
        declared_sha256=upload["declared_sha256"],
        manifest_sha256=upload["manifest_sha256"],
        file_index=upload["file_index"],
        filename=shown(upload["filename"]),
    )


def sender_of(upload: Mapping[str, Any]) -> str:
    """Return the reference of the device or account that sent an upload."""
    if upload["device_id"] is not None:
        return f"{ActorKind.DEVICE.value}/{upload['device_id']}"
    return f"{ActorKind.ACCOUNT.value}/{upload['account_id']}"


def _capture_columns(manifest: CaptureManifest) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "officers": list(manifest.officers),
        "captured_at": whole_milliseconds(manifest.captured_at),
        "corrected_at": whole_milliseconds(manifest.corrected_at),
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
