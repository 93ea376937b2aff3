"""The claims of capture manifests once more, from the bytes that were kept verbatim and the registered keys."""

import json
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Text, cast, select

from schemas.errors import EvidenceError
from schemas.jws import verify_detached
from schemas.manifest import MANIFEST_TYP, CaptureManifest, ManifestState, parse_manifest
from storage.fsck.reading import Record
from storage.tables.device import devices
from storage.tables.recording import manifests, recordings


def broken_claims(connection: Connection, idents: Collection[UUID]) -> dict[UUID, str]:
    """Return what does not hold of the manifest of each recording that names one; whose claims hold is absent."""
    rows = connection.execute(
        select(
            *(recordings.c[name] for name in ("id", "file_index", "sha256", "size_bytes")),
            *(manifests.c[name] for name in ("payload", "signature", "state", "problem")),
            cast(devices.c.jwk, Text).label("jwk"),
            devices.c.algs,
            (devices.c.revoked_at <= manifests.c.declared_at).label("is_revoked"),
        )
        .outerjoin(manifests, manifests.c.id == recordings.c.manifest_id)
        .outerjoin(devices, devices.c.kid == manifests.c.kid)
        .where(recordings.c.id.in_(idents), recordings.c.manifest_id.is_not(None))
    )
    return {row.id: broken for row in rows if (broken := _broken(row))}


def _broken(row: Record) -> str:
    if row.payload is None:
        return "manifest-missing"
    if row.state != ManifestState.DECLARED:
        return row.problem or "manifest-invalid"
    if row.is_revoked:
        return "device-key-revoked"
    try:
        manifest = _verified(row)
    except EvidenceError as err:
        return err.slug
    listed = dict(enumerate(manifest.files)).get(row.file_index)
    if listed is None:
        return "file-not-in-manifest"
    return "" if (listed.sha256, listed.size) == (row.sha256, row.size_bytes) else "digest-mismatch"


def _verified(row: Record) -> CaptureManifest:
    payload = bytes(row.payload)
    manifest = parse_manifest(payload)
    algs = frozenset(row.algs or ())
    verify_detached(payload, row.signature, jwk=_jwk(row.jwk), algs=algs, typ=MANIFEST_TYP)
    return manifest


def _jwk(document: str | None) -> Mapping[str, Any]:
    """Return a registered key; what is none is an empty one, under which nothing verifies."""
    try:
        jwk = json.loads(document or "{}")
    except (ValueError, RecursionError):
        return {}
    return jwk if isinstance(jwk, dict) else {}
