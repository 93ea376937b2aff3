"""Claims about recordings: bytes, the report of their verification, device manifest and key."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from mobile_contract.client.verify_record import Case
from mobile_contract.client.verify_scope import declared_by
from schemas.base import parse_rfc3339
from schemas.canonical import canonical_bytes, parse_canonical
from schemas.claim import ClaimFault, PackageClaim
from schemas.device import DeviceRegistration, key_algs, registration_bytes, verify_registration
from schemas.digest import sha256_hex
from schemas.errors import Invalid, ManifestInvalid, SignatureInvalid, TooLarge
from schemas.integrity import CheckResult
from schemas.jws import verify_detached
from schemas.leaves_recording import ManifestDeclare, RecordingQuarantine, RecordingSeal
from schemas.life_device import DeviceLife
from schemas.life_evidence import RecordingLife
from schemas.manifest import MANIFEST_TYP, CaptureManifest, parse_manifest
from schemas.opening import Shown
from schemas.package import FileRole
from schemas.package_record import Carried
from schemas.recording import STEPS, RecordingState, conclusion
from schemas.refusals_manifest import KEY_MALFORMED
from schemas.verdict import BINDING_CHECKS, verdict

_MILLISECOND = 1000
_OF_MANIFEST = (PackageClaim.MANIFEST_AGREES, PackageClaim.MANIFEST_SIGNATURE, PackageClaim.DEVICE_KEY)
_Verified = RecordingSeal | RecordingQuarantine


def verify_recording(case: Case, of: str) -> None:
    """Enter every claim about one recording of the case."""
    doubt, folded = case.doubt(of), case.folded(of)
    life = None if folded is None else folded.life
    if doubt is not None or not isinstance(life, RecordingLife):
        for claim in (PackageClaim.RECORDING_DIGEST, PackageClaim.RECORDING_LOGGED, *_OF_MANIFEST):
            case.ledger.skip(claim, of, doubt or ClaimFault.LEAF_MISSING)
        declared, _ = declared_by(case, of)
        case.bag.pass_over(of)
        if declared is not None and isinstance(declared.leaf.act, ManifestDeclare):
            case.bag.pass_over(declared.leaf.subject, declared.leaf.act.device)
        return
    _verify_bytes(case, of, life)
    _verify_conclusion(case, of, life)
    if life.received.manifest_sha256 is None:
        for claim in _OF_MANIFEST:
            case.ledger.skip(claim, of, ClaimFault.MANIFEST_ABSENT, is_required=False)
    else:
        _verify_manifest(case, of, life)


def _verify_bytes(case: Case, of: str, life: RecordingLife) -> None:
    file = case.bag.take(of, FileRole.ORIGINAL)
    if file is None:
        case.ledger.fail(PackageClaim.RECORDING_DIGEST, of, ClaimFault.FILE_MISSING)
        return
    sha256 = life.received.declared_sha256 if life.verified is None else life.verified.sha256
    sm3 = None if life.verified is None else life.verified.sm3
    if file.size_bytes != life.received.size_bytes:
        case.ledger.fail(PackageClaim.RECORDING_DIGEST, of, ClaimFault.DIGEST_DIFFERS, detail=file.name)
    elif sha256 is None:
        case.ledger.skip(PackageClaim.RECORDING_DIGEST, of, ClaimFault.DIGEST_UNKNOWN)
    elif (file.sha256, case.bag.sm3.get(file.name) if sm3 else None) != (sha256, sm3):
        case.ledger.fail(PackageClaim.RECORDING_DIGEST, of, ClaimFault.DIGEST_DIFFERS, detail=file.name)
    else:
        case.ledger.hold(PackageClaim.RECORDING_DIGEST, of)


def _verify_conclusion(case: Case, of: str, life: RecordingLife) -> None:
    if life.verified is None:
        case.ledger.skip(PackageClaim.RECORDING_LOGGED, of, ClaimFault.NOT_VERIFIED_YET)
    elif not isinstance(life.verified.report, Shown):
        case.ledger.skip(PackageClaim.RECORDING_LOGGED, of, ClaimFault.NOT_SHOWN, is_required=False)
    elif _is_conclusion(life.verified.report.value, life.verified):
        case.ledger.hold(PackageClaim.RECORDING_LOGGED, of)
        for one in life.verified.report.value.get("derivatives", []):
            _verify_derivative(case, of, one, life.verified)
    else:
        case.ledger.fail(PackageClaim.RECORDING_LOGGED, of, ClaimFault.LEAF_DIFFERS)


def _is_conclusion(report: Mapping[str, Any], act: _Verified) -> bool:
    """Fold the report's checks again: the word, the state and what the leaf repeats must come of them."""
    try:
        checks = [CheckResult.model_validate(one, strict=False) for one in report["checks"]]
        derivatives = report.get("derivatives", [])
    except (KeyError, TypeError, ValidationError):
        return False
    binding = {one.name: one.word for one in checks if one.name in BINDING_CHECKS}
    stated = (act.verdict, act.checks_count, dict(act.checks), RecordingState(act.to))
    told = (verdict(checks), len(checks), binding, STEPS[conclusion(checks)].end)
    return stated == told and all(isinstance(one, dict) for one in derivatives)


def _verify_derivative(case: Case, of: str, made: Mapping[str, Any], act: _Verified) -> None:
    sha256 = str(made.get("sha256"))
    file = case.bag.take(of, FileRole.DERIVATIVE, sha256=sha256)
    name = of if file is None else file.name
    if file is None:
        case.ledger.fail(PackageClaim.DERIVATIVE, name, ClaimFault.FILE_MISSING, detail=str(made.get("kind")))
    elif (made.get("size_bytes"), made.get("parent_sha256")) != (file.size_bytes, act.sha256):
        case.ledger.fail(PackageClaim.DERIVATIVE, name, ClaimFault.DIGEST_DIFFERS)
    else:
        case.ledger.hold(PackageClaim.DERIVATIVE, name)


def _verify_manifest(case: Case, of: str, life: RecordingLife) -> None:
    """A quarantined recording may be here *because* these claims fail: then they bind nobody."""
    required = life.state != RecordingState.QUARANTINED
    declared, lacks = declared_by(case, of)
    if declared is None or not isinstance(declared.leaf.act, ManifestDeclare):
        for claim in _OF_MANIFEST:
            if lacks is ClaimFault.NOT_UNDERSTOOD:
                case.ledger.skip(claim, of, lacks)
            else:
                case.ledger.fail(claim, of, lacks)
        return
    act = declared.leaf.act
    manifest = _manifest(case, of, declared, act, required=required)
    registration = _key(case, of, declared, act, required=required)
    if manifest is None:
        return
    if code := _disagreement(life, act, manifest):
        case.ledger.fail(PackageClaim.MANIFEST_AGREES, of, code, is_required=required)
    else:
        case.ledger.hold(PackageClaim.MANIFEST_AGREES, of, is_required=required)
    if registration is None:
        case.ledger.fail(PackageClaim.MANIFEST_SIGNATURE, of, ClaimFault.KEY_ABSENT, is_required=required)
    else:
        _verify_signature(case, of, declared, registration, required=required)


def _manifest(
    case: Case, of: str, declared: Carried, act: ManifestDeclare, *, required: bool
) -> CaptureManifest | None:
    file = case.bag.take(declared.leaf.subject, FileRole.MANIFEST)
    code = ClaimFault.MANIFEST_DIGEST_DIFFERS
    if file is not None and file.sha256 == act.sha256:
        try:
            return parse_manifest(file.payload or b"")
        except (ManifestInvalid, TooLarge):
            code = ClaimFault.MANIFEST_INVALID
    for claim in (PackageClaim.MANIFEST_AGREES, PackageClaim.MANIFEST_SIGNATURE):
        case.ledger.fail(claim, of, code, is_required=required)
    case.bag.take(declared.leaf.subject, FileRole.MANIFEST_SIGNATURE)
    return None


def _disagreement(life: RecordingLife, act: ManifestDeclare, manifest: CaptureManifest) -> ClaimFault | None:
    """Return why leaves and manifest differ about this recording; None when they agree."""
    at, verified = life.received.file_index, life.verified
    sha256 = life.received.declared_sha256 if verified is None else verified.sha256
    if at is None or at >= len(manifest.files):
        return ClaimFault.FILE_NOT_IN_MANIFEST
    if (manifest.files[at].sha256, manifest.files[at].size) != (sha256, life.received.size_bytes):
        return ClaimFault.FILE_NOT_IN_MANIFEST
    stated = (act.device, act.kid, act.seq, act.files)
    named = (f"device/{manifest.device.id}", manifest.device.kid, manifest.seq, len(manifest.files))
    times = (cut(manifest.captured_at), cut(manifest.corrected_at))
    is_timed = verified is None or (verified.captured_at, verified.corrected_at) == times
    return None if stated == named and is_timed else ClaimFault.MANIFEST_FACTS_DIFFER


def cut(at: Any) -> Any:  # noqa: ANN401 - a time, or none
    """Return a time cut to the milliseconds that a leaf holds."""
    return at if at is None else at.replace(microsecond=at.microsecond // _MILLISECOND * _MILLISECOND)


def _verify_signature(
    case: Case, of: str, declared: Carried, registration: DeviceRegistration, *, required: bool
) -> None:
    act, subject = declared.leaf.act, declared.leaf.subject
    signature = case.bag.take(subject, FileRole.MANIFEST_SIGNATURE)
    manifest = case.bag.take(subject, FileRole.MANIFEST)
    stated = act.signature_sha256 if isinstance(act, ManifestDeclare) else None
    if signature is None or manifest is None or signature.sha256 != stated:
        case.ledger.fail(PackageClaim.MANIFEST_SIGNATURE, of, ClaimFault.LEAF_DIFFERS, is_required=required)
        return
    try:
        verify_detached(
            manifest.payload or b"",
            (signature.payload or b"").decode("utf-8", "replace"),
            jwk=registration.jwk,
            algs=key_algs(registration.jwk),
            typ=MANIFEST_TYP,
        )
    except SignatureInvalid as err:
        case.ledger.fail(
            PackageClaim.MANIFEST_SIGNATURE,
            of,
            ClaimFault.SIGNATURE_INVALID,
            is_required=required,
            detail=err.detail,
        )
    else:
        case.ledger.hold_origin(PackageClaim.MANIFEST_SIGNATURE, of, is_required=required)


def _key(
    case: Case, of: str, declared: Carried, act: ManifestDeclare, *, required: bool
) -> DeviceRegistration | None:
    """Check the registration of the device's key; return it unless it cannot be read."""
    file = case.bag.take(act.device, FileRole.KEY)
    if file is None:
        case.ledger.fail(PackageClaim.DEVICE_KEY, of, ClaimFault.KEY_ABSENT, is_required=required)
        return None
    try:
        registration, signature = _registration(file.payload or b"")
    except Invalid as err:
        case.ledger.fail(
            PackageClaim.DEVICE_KEY, of, ClaimFault.KEY_MALFORMED, is_required=required, detail=err.detail
        )
        return None
    if doubt := case.doubt(act.device):
        case.ledger.skip(PackageClaim.DEVICE_KEY, of, doubt, is_required=required)
    elif code := _key_fault(case, declared, act, registration, signature):
        case.ledger.fail(PackageClaim.DEVICE_KEY, of, code, is_required=required)
    else:
        case.ledger.hold_origin(PackageClaim.DEVICE_KEY, of, is_required=required)
    return registration


def _key_fault(
    case: Case,
    declared: Carried,
    act: ManifestDeclare,
    registration: DeviceRegistration,
    signature: str,
) -> ClaimFault | None:
    """Return why the key is not the one registered for this device at the declaration; None when it is."""
    life = case.record.folded[act.device].life
    if not isinstance(life, DeviceLife):
        return ClaimFault.LEAF_MISSING
    if (registration.kid, f"device/{registration.device_id}") != (act.kid, act.device) or life.kid != act.kid:
        return ClaimFault.KEY_DIFFERS
    if sha256_hex(registration_bytes(registration)) != life.registration_sha256:
        return ClaimFault.LEAF_DIFFERS
    if case.record.seen.is_alive(act.device, declared.index) is not True:
        return ClaimFault.DEVICE_KEY_REVOKED
    if case.trust is not None:
        try:
            verify_registration(registration, signature, case.trust.registry_key, *case.trust.registry_keys)
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
