"""Turn rows of the database into the index of a package; what is not known is left out."""

from collections.abc import Mapping
from datetime import datetime

from schemas.base import rfc3339
from schemas.digest import sha256_hex
from schemas.export import (
    PackagedCase,
    PackagedCheck,
    PackagedDerivative,
    PackagedManifest,
    PackagedRecording,
    PackageIndex,
    Packed,
    derivative_name,
    original_name,
)
from schemas.manifest import ManifestState
from schemas.recording import Derivative, Place
from storage.export.export import Export
from storage.export.material import CaseMaterial, CaseRow, ManifestMaterial, RecordingMaterial


def package_index(export: Export, material: CaseMaterial, measured: Mapping[str, Packed]) -> PackageIndex:
    """Return the index; `measured` gives the digests of recordings that have no verdict yet."""
    return PackageIndex(
        export_id=str(export.id),
        requested_by=f"account/{export.requested_by}",
        created_at=rfc3339(export.created_at),
        case=_case(material.case),
        recordings=[_recording(one, measured) for one in material.recordings],
        desks=material.desks.desks,
    )


def manifest_names(manifest: ManifestMaterial) -> tuple[str, str]:
    """Return the paths of a manifest and of its signature.

    The same bytes may have been sent with more than one signature, one of them refused, so a signature is
    named after its own digest too.
    """
    stem = f"data/manifests/{manifest.sha256}"
    if manifest.state is ManifestState.DECLARED:
        return f"{stem}.json", f"{stem}.jws"
    return f"{stem}.json", f"{stem}-{sha256_hex(manifest.signature.encode())[:16]}.jws"


def _case(case: CaseRow) -> PackagedCase:
    return PackagedCase(
        id=str(case.id),
        number=case.number,
        agency=case.agency_name,
        party=case.party,
        matter=case.matter,
        place=case.place,
        state=case.state,
        handlers=list(case.handlers),
        opened_at=rfc3339(case.opened_at),
        occurred_at=_time(case.occurred_at),
    )


def _recording(one: RecordingMaterial, measured: Mapping[str, Packed]) -> PackagedRecording:
    recording, manifest = one.recording, one.manifest
    name = original_name(str(recording.id), recording.filename)
    device_id = manifest.device_id if manifest is not None and manifest.device_id else recording.device_id
    return PackagedRecording(
        id=str(recording.id),
        state=recording.state.value,
        verdict=recording.verdict.value,
        file=name,
        filename=recording.filename,
        media_type=recording.media_type,
        size_bytes=recording.size_bytes,
        sha256=measured[name].sha256,
        sm3=recording.sm3,
        declared_sha256=recording.declared_sha256,
        captured_at=_time(recording.captured_at),
        corrected_at=_time(recording.corrected_at),
        received_at=rfc3339(recording.received_at),
        officers=list(recording.officers),
        device_id=None if device_id is None else str(device_id),
        device_name=recording.device_name,
        place=_place(recording.place),
        manifest=None if manifest is None else _manifest(manifest, recording.file_index),
        checks=[PackagedCheck.of(check) for check in one.checks],
        derivatives=[_derivative(str(recording.id), made) for made in one.derivatives],
        linked_at=rfc3339(one.linked_at),
        entries=[str(entry_id) for entry_id in one.entries],
    )


def _manifest(manifest: ManifestMaterial, file_index: int | None) -> PackagedManifest:
    name, signature_name = manifest_names(manifest)
    return PackagedManifest(
        file=name,
        signature_file=signature_name,
        sha256=manifest.sha256,
        state=manifest.state.value,
        file_index=file_index,
        problem=manifest.problem,
        kid=manifest.kid,
    )


def _derivative(recording_id: str, made: Derivative) -> PackagedDerivative:
    return PackagedDerivative(
        file=derivative_name(recording_id, made.kind, made.media_type),
        kind=made.kind,
        media_type=made.media_type,
        tool=made.tool,
        size_bytes=made.size_bytes,
        sha256=made.sha256,
        parent_sha256=made.parent_sha256,
    )


def _place(place: Place | None) -> dict[str, int | str] | None:
    return None if place is None else place.model_dump(exclude_none=True)


def _time(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)
