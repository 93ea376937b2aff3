"""What leaves make of the rows of devices, of kept manifests, and of recordings."""

from collections.abc import Mapping

from schemas.life_device import DeviceLife
from schemas.life_evidence import ManifestLife
from schemas.manifest import ManifestState
from schemas.replay import Folded
from storage.fsck.mirror import Mirror, Told, ident, value_of
from storage.tables.device import devices
from storage.tables.recording import manifests

Row = Mapping[str, object]

DEVICE_MIRRORS = (
    Mirror(
        devices,
        devices.c.id,
        (),
        ("agency_id", "kid", "name", "model", "enrolled_at", "revoked_at"),
    ),
)
MANIFEST_MIRRORS = (
    Mirror(
        manifests,
        manifests.c.id,
        (),
        ("agency_id", "device_id", "kid", "seq", "sha256", "state", "problem", "declared_at"),
    ),
)


def device_rows(life: DeviceLife, folded: Folded) -> Told:
    """Return the rows that the leaves of a device make."""
    del folded
    return {
        "devices": [
            {
                "agency_id": ident(life.agency),
                "kid": life.kid,
                "name": value_of(life.name),
                "model": value_of(life.model),
                "enrolled_at": life.enrolled_at,
                "revoked_at": life.revoked_at,
            }
        ]
    }


def manifest_rows(life: ManifestLife, folded: Folded) -> Told:
    """Return the row that the leaf of a kept manifest makes."""
    del folded
    return {
        "manifests": [
            {
                "agency_id": ident(life.agency),
                "device_id": ident(life.device),
                "kid": life.kid,
                "seq": life.seq,
                "sha256": life.sha256,
                "state": ManifestState.DECLARED,
                "problem": None,
                "declared_at": life.at,
            }
        ]
    }
