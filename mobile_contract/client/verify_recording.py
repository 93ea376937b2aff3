"""Claims about recordings: bytes, custody entries, device manifest and key; and that none is left out."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from mobile_contract.client.verify_bag import Bag
from mobile_contract.client.verify_origin import Log, Trust
from mobile_contract.client.verify_report import Ledger
from schemas.base import parse_rfc3339, rfc3339
from schemas.canonical import canonical_bytes, parse_canonical
from schemas.claim import ClaimFault, PackageClaim
from schemas.custody import CustodyEntry
from schemas.device import DeviceRegistration, key_algs, registration_bytes, verify_registration
from schemas.errors import Invalid, ManifestInvalid, SignatureInvalid, TooLarge
from schemas.event import Event
from schemas.export import (
    CHECKPOINT,
    ENTRIES,
    INDEX,
    PackagedManifest,
    PackagedRecording,
    PackageIndex,
    key_name,
    proof_name,
)
from schemas.jws import verify_detached
from schemas.manifest import MANIFEST_TYP, CaptureManifest, parse_manifest
from schemas.recording import STEPS
from schemas.refusals_manifest import KEY_MALFORMED
from schemas.verdict import verdict

_CONCLUSION = {row.end.value: row.logs for row in STEPS}


@dataclass(frozen=True)
class Case:
    """All that the claims about one package's recordings are drawn from."""

    bag: Bag
    log: Log
    trust: Trust | None
    ledger: Ledger


def verify_layout(case: Case, index: PackageIndex) -> None:
    """Check that the payload and the log hold exactly the files the index speaks of."""
    expected = {INDEX, CHECKPOINT, ENTRIES} | {proof_name(entry_id) for entry_id in case.log.by_id}
    for recording in index.recordings:
        expected |= {recording.file, *(one.file for one in recording.derivatives)}
        if recording.manifest is not None:
            expected |= {recording.manifest.file, recording.manifest.signature_file}
            if recording.manifest.kid is not None:
                expected.add(key_name(recording.manifest.kid))
    if index.desks is not None:
        expected |= index.desks.files
    actual = {name for name in case.bag.files if name.startswith(("data/", "keys/", "log/"))}
    for name in sorted(expected ^ actual):
        case.ledger.fail(PackageClaim.INDEX, name, ClaimFault.LAYOUT_DIFFERS)
    if expected == actual:
        case.ledger.hold(PackageClaim.INDEX, INDEX)


def verify_recording(case: Case, recording: PackagedRecording) -> None:
    """Enter every claim about one recording."""
    _verify_bytes(case, recording)
    _verify_logged(case, recording)
    for derivative in recording.derivatives:
        file = case.bag.files.get(derivative.file)
        same = file is not None and (file.sha256, file.size_bytes) == (
            derivative.sha256,
            derivative.size_bytes,
        )
        if same and derivative.parent_sha256 == recording.sha256:
            case.ledger.hold(PackageClaim.DERIVATIVE, derivative.file)
        else:
            case.ledger.fail(PackageClaim.DERIVATIVE, derivative.file, ClaimFault.DIGEST_DIFFERS)
    if recording.manifest is None:
        for claim in (PackageClaim.MANIFEST_AGREES, PackageClaim.MANIFEST_SIGNATURE, PackageClaim.DEVICE_KEY):
            case.ledger.skip(claim, recording.id, ClaimFault.MANIFEST_ABSENT, is_required=False)
    else:
        _verify_manifest(case, recording, recording.manifest)


def verify_completeness(case: Case, index: PackageIndex) -> None:
    """Replay the case's link entries in the log's order: exactly those recordings must be here, once."""
    subject = f"case/{index.case.id}"
    linked = _through_records(index) | _linked(case, subject)
    present = Counter(recording.id for recording in index.recordings)
    faults = [(one, ClaimFault.RECORDING_OMITTED) for one in linked.keys() - present.keys()]
    faults += [(one, ClaimFault.RECORDING_NOT_LINKED) for one in present.keys() - linked.keys()]
    faults += [(one, ClaimFault.RECORDING_DOUBLED) for one, times in present.items() if times > 1]
    faults += [
        (one.id, ClaimFault.LEAF_DIFFERS)
        for one in index.recordings
        if linked.get(one.id, one.linked_at) != one.linked_at
    ]
    opened = case.log.about(subject, Event.CASE_OPEN)
    if [rfc3339(entry.at) for _, entry in opened] != [index.case.opened_at]:
        faults.append((subject, ClaimFault.CASE_NOT_LOGGED))
    for one, code in sorted(faults):
        case.ledger.fail(PackageClaim.COMPLETENESS, one, code)
    if not faults:
        case.ledger.hold(PackageClaim.COMPLETENESS, subject)


def _through_records(index: PackageIndex) -> dict[str, str]:
    """Return the recordings that belong to the case as media of a monitoring record, and since when."""
    records = () if index.desks is None else index.desks.records
    return {one: record.linked_at for record in records for one in record.media}


def _linked(case: Case, subject: str) -> dict[str, str]:
    """Return the recordings tied to the case at the end of the log, and since when."""
    linked: dict[str, str] = {}
    for _, entry in case.log.about(subject, Event.CASE_LINK, Event.CASE_UNLINK):
        if "recording" not in entry.facts:  # a monitoring record's tie
            continue
        recording_id = str(entry.facts["recording"])
        if entry.event is Event.CASE_LINK:
            linked[recording_id] = rfc3339(entry.at)
        else:
            linked.pop(recording_id, None)
    return linked


def _verify_bytes(case: Case, recording: PackagedRecording) -> None:
    file = case.bag.files.get(recording.file)
    if file is None:
        case.ledger.fail(PackageClaim.RECORDING_DIGEST, recording.id, ClaimFault.FILE_MISSING)
        return
    sm3 = case.bag.sm3.get(recording.file) if recording.sm3 is not None else None
    found = (file.sha256, file.size_bytes, sm3)
    if found == (recording.sha256, recording.size_bytes, recording.sm3):
        case.ledger.hold(PackageClaim.RECORDING_DIGEST, recording.id)
    else:
        case.ledger.fail(
            PackageClaim.RECORDING_DIGEST, recording.id, ClaimFault.DIGEST_DIFFERS, detail=recording.file
        )


def _verify_logged(case: Case, recording: PackagedRecording) -> None:
    subject = f"recording/{recording.id}"
    received = case.log.about(subject, Event.RECORDING_RECEIVE)
    concluded = case.log.about(subject, *_CONCLUSION.values())
    carried = {str(entry.entry_id) for _, entry in case.log.by_subject.get(subject, [])}
    if len(received) != 1 or len(concluded) != (recording.state in _CONCLUSION):
        case.ledger.fail(PackageClaim.RECORDING_LOGGED, recording.id, ClaimFault.LEAF_MISSING)
    elif not _as_received(recording, received[0][1]) or carried != set(recording.entries):
        case.ledger.fail(PackageClaim.RECORDING_LOGGED, recording.id, ClaimFault.LEAF_DIFFERS)
    elif not concluded:
        case.ledger.skip(PackageClaim.RECORDING_LOGGED, recording.id, ClaimFault.NOT_VERIFIED_YET)
    elif not _as_concluded(recording, concluded[0][1]):
        case.ledger.fail(PackageClaim.RECORDING_LOGGED, recording.id, ClaimFault.LEAF_DIFFERS)
    else:
        case.ledger.hold(PackageClaim.RECORDING_LOGGED, recording.id)


def _as_received(recording: PackagedRecording, entry: CustodyEntry) -> bool:
    manifest = recording.manifest.sha256 if recording.manifest else None
    stated = (recording.received_at, recording.size_bytes, recording.declared_sha256, manifest)
    facts = entry.facts
    return stated == (
        rfc3339(entry.at),
        facts.get("size_bytes"),
        facts.get("declared_sha256"),
        facts.get("manifest_sha256"),
    )


def _as_concluded(recording: PackagedRecording, entry: CustodyEntry) -> bool:
    """Compare digests, size, state, every check and the word they fold into with the signed leaf."""
    facts = entry.facts
    try:
        checks = [check.result for check in recording.checks]
    except ValidationError:  # one of them contradicts itself
        return False
    return (
        entry.event is _CONCLUSION[recording.state]
        and facts.get("sha256") == recording.sha256
        and facts.get("size_bytes") == recording.size_bytes
        and facts.get("sm3") == recording.sm3
        and facts.get("checks") == {check.name: check.summary for check in checks}
        and verdict(checks) == recording.verdict
    )


def _verify_manifest(case: Case, recording: PackagedRecording, stated: PackagedManifest) -> None:
    """A quarantined recording may be here *because* these claims fail: then they bind nobody."""
    required = recording.state != "quarantined"
    if stated.state == "refused":
        for claim in (PackageClaim.MANIFEST_AGREES, PackageClaim.MANIFEST_SIGNATURE, PackageClaim.DEVICE_KEY):
            case.ledger.fail(claim, recording.id, ClaimFault.MANIFEST_REFUSED, is_required=required)
        return
    declared = _declaration(case, stated)
    manifest = _manifest(case, recording, stated, required=required)
    registration = _key(case, recording, stated, declared_at=declared, required=required)
    if manifest is None:
        return
    if declared is None:
        case.ledger.fail(
            PackageClaim.MANIFEST_AGREES, recording.id, ClaimFault.LEAF_MISSING, is_required=required
        )
    elif code := _disagreement(recording, stated, manifest):
        case.ledger.fail(PackageClaim.MANIFEST_AGREES, recording.id, code, is_required=required)
    else:
        case.ledger.hold(PackageClaim.MANIFEST_AGREES, recording.id, is_required=required)
    if registration is None:
        case.ledger.fail(
            PackageClaim.MANIFEST_SIGNATURE, recording.id, ClaimFault.KEY_ABSENT, is_required=required
        )
    else:
        _verify_signature(case, recording, stated, registration, required=required)


def _declaration(case: Case, stated: PackagedManifest) -> int | None:
    """Return the index of the entry by which the server took this manifest; None when there is none."""
    for index, entry in case.log.by_id.values():
        if entry.event is Event.MANIFEST_DECLARE and entry.facts.get("sha256") == stated.sha256:
            return index
    return None


def _manifest(
    case: Case, recording: PackagedRecording, stated: PackagedManifest, *, required: bool
) -> CaptureManifest | None:
    file = case.bag.files.get(stated.file)
    code = ClaimFault.MANIFEST_DIGEST_DIFFERS
    if file is not None and file.sha256 == stated.sha256:
        try:
            return parse_manifest(case.bag.text(stated.file))
        except (ManifestInvalid, TooLarge):
            code = ClaimFault.MANIFEST_INVALID
    for claim in (PackageClaim.MANIFEST_AGREES, PackageClaim.MANIFEST_SIGNATURE):
        case.ledger.fail(claim, recording.id, code, is_required=required)
    return None


def _disagreement(
    recording: PackagedRecording, stated: PackagedManifest, manifest: CaptureManifest
) -> ClaimFault | None:
    """Return why index and manifest differ about this recording; None when they agree."""
    at = stated.file_index
    if at is None or not 0 <= at < len(manifest.files):
        return ClaimFault.FILE_NOT_IN_MANIFEST
    file = manifest.files[at]
    if (file.sha256, file.size) != (recording.sha256, recording.size_bytes):
        return ClaimFault.FILE_NOT_IN_MANIFEST
    facts = (
        rfc3339(manifest.captured_at),
        rfc3339(manifest.corrected_at),
        list(manifest.officers),
        manifest.device.id,
        manifest.device.kid,
    )
    same = facts == (
        recording.captured_at,
        recording.corrected_at,
        recording.officers,
        recording.device_id,
        stated.kid,
    )
    return None if same else ClaimFault.MANIFEST_FACTS_DIFFER


def _verify_signature(
    case: Case,
    recording: PackagedRecording,
    stated: PackagedManifest,
    registration: DeviceRegistration,
    *,
    required: bool,
) -> None:
    payload, jws = case.bag.text(stated.file), case.bag.text(stated.signature_file)
    try:
        verify_detached(
            payload,
            jws.decode("utf-8", "replace"),
            jwk=registration.jwk,
            algs=key_algs(registration.jwk),
            typ=MANIFEST_TYP,
        )
    except SignatureInvalid as err:
        case.ledger.fail(
            PackageClaim.MANIFEST_SIGNATURE,
            recording.id,
            ClaimFault.SIGNATURE_INVALID,
            is_required=required,
            detail=err.detail,
        )
    else:
        case.ledger.hold_origin(PackageClaim.MANIFEST_SIGNATURE, recording.id, is_required=required)


def _key(
    case: Case,
    recording: PackagedRecording,
    stated: PackagedManifest,
    *,
    declared_at: int | None,
    required: bool,
) -> DeviceRegistration | None:
    """Check the registration of the device's key; return it unless it cannot be read."""
    name = key_name(stated.kid or "")
    if name not in case.bag.files:
        case.ledger.fail(PackageClaim.DEVICE_KEY, recording.id, ClaimFault.KEY_ABSENT, is_required=required)
        return None
    try:
        registration, signature = _registration(case.bag.text(name))
    except Invalid as err:
        case.ledger.fail(
            PackageClaim.DEVICE_KEY,
            recording.id,
            ClaimFault.KEY_MALFORMED,
            is_required=required,
            detail=err.detail,
        )
        return None
    code = _key_fault(case, recording, registration, signature, declared_at=declared_at)
    if registration.kid != stated.kid:
        code = ClaimFault.KEY_DIFFERS
    if code:
        case.ledger.fail(PackageClaim.DEVICE_KEY, recording.id, code, is_required=required)
    else:
        case.ledger.hold_origin(PackageClaim.DEVICE_KEY, recording.id, is_required=required)
    return registration


def _key_fault(
    case: Case,
    recording: PackagedRecording,
    registration: DeviceRegistration,
    signature: str,
    *,
    declared_at: int | None,
) -> ClaimFault | None:
    """Return why the key is not one registered for this device at the declaration; None when it is."""
    subject = f"device/{registration.device_id}"
    enrolled = case.log.about(subject, Event.DEVICE_ENROL)
    revoked = [index for index, _ in case.log.about(subject, Event.DEVICE_REVOKE)]
    if str(registration.device_id) != recording.device_id:
        return ClaimFault.KEY_DIFFERS
    if [entry.facts.get("kid") for _, entry in enrolled] != [registration.kid]:
        return ClaimFault.LEAF_MISSING
    if declared_at is not None and any(index < declared_at for index in revoked):
        return ClaimFault.DEVICE_KEY_REVOKED
    if case.trust is not None:
        try:
            verify_registration(registration, signature, case.trust.registry_key)
        except SignatureInvalid:
            return ClaimFault.SIGNATURE_INVALID
    return None


def _registration(payload: bytes) -> tuple[DeviceRegistration, str]:
    """Parse `keys/<kid>.json`.

    Raises:
        Invalid: not exactly a registration and its signature.
    """
    members: dict[str, Any] = parse_canonical(payload)
    try:
        stated = dict(members["registration"])
        fields = {name: value for name, value in stated.items() if name not in ("typ", "v")}
        fields |= {name: UUID(fields[name]) for name in ("device_id", "agency_id")}
        times = {name for name in ("enrolled_at", "revoked_at") if name in fields}
        fields |= {name: parse_rfc3339(fields[name]) for name in times}
        registration = DeviceRegistration.model_validate(fields)
        signature = members["signature"]
    except (KeyError, TypeError, ValueError, AttributeError) as err:
        raise KEY_MALFORMED("not a registration") from err
    exact = canonical_bytes(
        {"registration": json.loads(registration_bytes(registration)), "signature": signature}
    )
    if exact != payload:
        raise KEY_MALFORMED("the registration says more or less than one")
    return registration, str(signature)
