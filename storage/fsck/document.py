"""Columns that repeat a kept document: what each says is read from its bytes once more.

The bytes themselves are held against the digest in a leaf elsewhere. A document that cannot be read is named by that;
its columns are not judged by it.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Select, select

from schemas.device import key_algs, verify_registration_bytes
from schemas.errors import EvidenceError, Invalid, SignatureInvalid
from schemas.fsck import Checked, Fault, FaultCode, Found, Part
from schemas.leaf import parse_leaf
from schemas.leaves_log import KeyAnnounce, KeyRole, KeyRotate
from schemas.manifest import CaptureManifest, Location, ManifestState, parse_manifest
from storage.fsck.mirror import Mirror, plain
from storage.fsck.reading import PAGE_ROWS
from storage.tables.custody import custody_entries
from storage.tables.device import devices
from storage.tables.recording import manifests, recordings

Said = Mapping[str, object]

DEVICE = Mirror(devices, devices.c.id, (), ("jwk", "algs", "challenge"))
MANIFEST = Mirror(
    manifests,
    manifests.c.id,
    (),
    ("prev", "captured_at", "files"),
    condition=manifests.c.state == ManifestState.DECLARED,
)
REFUSED = Mirror(
    manifests,
    manifests.c.id,
    (),
    ("kid", "seq", "prev", "captured_at", "files", "findings"),
    condition=manifests.c.state == ManifestState.REFUSED,
)
CAPTURE = Mirror(
    recordings,
    recordings.c.id,
    (),
    ("officers", "clock_offset_ms", "lat_e7", "lon_e7", "accuracy_cm", "crs"),
)


def check_documents(connection: Connection) -> Iterator[Found]:
    """Yield every column that says something else than the document beside it."""
    yield from _signature_faults(connection)
    yield from _check(
        connection, DEVICE, select(devices.c.id, devices.c.registration), _of_registration, "device"
    )
    kept = select(manifests.c.id, manifests.c.payload)
    yield from _check(
        connection,
        MANIFEST,
        kept.where(manifests.c.state == ManifestState.DECLARED),
        _of_manifest,
        "manifest",
    )
    yield from _check(
        connection, REFUSED, kept.where(manifests.c.state == ManifestState.REFUSED), _of_refused, "manifest"
    )
    captured = select(recordings.c.id, manifests.c.payload).outerjoin(
        manifests,
        (manifests.c.id == recordings.c.manifest_id) & (manifests.c.state == ManifestState.DECLARED),
    )
    yield from _check(connection, CAPTURE, captured, _of_capture, "recording")


def _signature_faults(connection: Connection) -> Iterator[Fault]:
    """The registry's signature over each key, by the key that the log announced; before that nobody can tell."""
    keys = _registry_keys(connection)
    if not keys:
        return
    rows = connection.execute(
        select(devices.c.id, devices.c.registration, devices.c.registration_signature).execution_options(
            yield_per=PAGE_ROWS
        )
    )
    for row in rows:
        if not any(_is_signed(bytes(row.registration), row.registration_signature, key) for key in keys):
            about = f"device/{row.id}"
            yield Fault(code=FaultCode.COLUMN_DIFFERS, subject=about, detail="devices.registration_signature")


def _registry_keys(connection: Connection) -> list[bytes]:
    payloads = connection.scalars(
        select(custody_entries.c.leaf).where(custody_entries.c.event.in_(("key:announce", "key:rotate")))
    )
    found = []
    for payload in payloads:
        with suppress(Invalid):  # the check of the log names it
            act = parse_leaf(bytes(payload)).act
            if isinstance(act, (KeyAnnounce, KeyRotate)) and act.role is KeyRole.REGISTRY:
                found.append(base64.b64decode(act.public))
    return found


def _is_signed(payload: bytes, signature: str, key: bytes) -> bool:
    try:
        verify_registration_bytes(payload, signature, key)
    except SignatureInvalid:
        return False
    return True


def _check(
    connection: Connection,
    mirror: Mirror,
    documents: Select[tuple[Any, Any]],
    read: Callable[[Any], Said | None],
    noun: str,
) -> Iterator[Found]:
    ident = mirror.owner
    page = connection.execute(documents.order_by(ident).limit(PAGE_ROWS)).all()
    while page:
        kept = mirror.read(connection, [row[0] for row in page])
        for row in page:
            found = kept.get(str(row[0]), [])
            if len(found) == 1:  # a second row of one id is named where rows are held against leaves
                yield from _differences(mirror, f"{noun}/{row[0]}", read(row[1]), found[0])
        yield Checked(part=Part.DOCUMENTS, count=len(page))
        page = connection.execute(documents.where(ident > page[-1][0]).order_by(ident).limit(PAGE_ROWS)).all()


def _differences(
    mirror: Mirror, about: str, said: Said | None, kept: Mapping[str, object]
) -> Iterator[Fault]:
    if said is None:
        return
    for name in mirror.columns:
        if plain(said[name]) != kept[name]:
            yield Fault(code=FaultCode.COLUMN_DIFFERS, subject=about, detail=f"{mirror.name}.{name}")


def _of_registration(payload: bytes) -> Said | None:
    try:
        stated = json.loads(bytes(payload))
        algs = sorted(key_algs(stated["jwk"]))
    except (EvidenceError, ValueError, LookupError, TypeError, RecursionError):
        return None
    return {"jwk": stated["jwk"], "algs": algs, "challenge": stated["challenge"]}


def _of_manifest(payload: bytes) -> Said | None:
    manifest = _manifest(payload)
    if manifest is None:
        return None
    files = [{"name": one.name, "sha256": one.sha256, "size": one.size} for one in manifest.files]
    return {"prev": manifest.prev, "captured_at": manifest.captured_at, "files": files}


def _of_refused(payload: bytes) -> Said:
    """Nothing is taken from what broke a rule."""
    del payload
    return {"kid": None, "seq": None, "prev": None, "captured_at": None, "files": (), "findings": ()}


def _of_capture(payload: bytes | None) -> Said | None:
    nothing = dict.fromkeys(("clock_offset_ms", "lat_e7", "lon_e7", "accuracy_cm", "crs"))
    if payload is None:
        return {"officers": (), **nothing}
    manifest = _manifest(payload)
    if manifest is None:
        return None
    place = manifest.loc
    return {
        **nothing,
        "officers": manifest.officers,
        "clock_offset_ms": manifest.clock.offset_ms,
        **({} if place is None else _place(place)),
    }


def _place(place: Location) -> Said:
    return {
        "lat_e7": place.lat_e7,
        "lon_e7": place.lon_e7,
        "accuracy_cm": place.acc_cm,
        "crs": place.crs,
    }


def _manifest(payload: bytes) -> CaptureManifest | None:
    try:
        return parse_manifest(bytes(payload))
    except EvidenceError:
        return None
