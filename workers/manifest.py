"""The claims of a manifest, checked again from the bytes that were kept verbatim."""

from dataclasses import dataclass, field
from datetime import timedelta

from schemas.errors import ManifestInvalid, SignatureInvalid, TooLarge
from schemas.integrity import CheckResult, Severity, mismatch, not_checked, verified
from schemas.jws import verify_detached
from schemas.manifest import MANIFEST_TYP, CaptureManifest, ManifestFile, parse_manifest
from schemas.recording import Recording
from schemas.refusals_actor import DEVICE_KEY_REVOKED, DEVICE_KEY_UNKNOWN
from schemas.refusals_manifest import MANIFEST_INVALID
from storage.recording.manifest import ManifestEvidence
from storage.store import Transaction

HAND_IN = timedelta(hours=24)
"""Rules 3: recordings are handed in within 24 hours after capture by default."""


@dataclass(frozen=True)
class Claims:
    """What the manifest says of this file (None when nothing does), and the outcomes so far."""

    file: ManifestFile | None = None
    manifest: CaptureManifest | None = None
    checks: list[CheckResult] = field(default_factory=list)


def manifest_claims(tx: Transaction, recording: Recording) -> Claims:
    """Verify signature, key and listing; add the findings made at declaration and at receipt."""
    if recording.manifest_id is None:
        code = "manifest-unknown" if tx.recordings.names_manifest(recording.id) else "manifest-absent"
        claims = Claims(checks=[not_checked(name, code) for name in ("manifest_signature", "device_key")])
    else:
        claims = _from_bytes(tx.manifests.evidence(recording.manifest_id), recording)
    claims.checks.extend(_receipt_findings(tx, recording))
    return claims


def _from_bytes(evidence: ManifestEvidence, recording: Recording) -> Claims:
    if evidence.state == "refused":
        name = "device_key" if (evidence.problem or "").startswith("device-key") else "manifest_signature"
        other = "manifest_signature" if name == "device_key" else "device_key"
        problem = evidence.problem or MANIFEST_INVALID.slug
        return Claims(checks=[mismatch(name, problem), not_checked(other, "manifest-refused")])
    try:
        manifest = parse_manifest(evidence.payload)
        verify_detached(
            evidence.payload, evidence.signature, jwk=evidence.jwk or {}, algs=evidence.algs, typ=MANIFEST_TYP
        )
    except (ManifestInvalid, SignatureInvalid, TooLarge) as err:
        unread = not_checked("device_key", "manifest-refused")
        return Claims(checks=[mismatch("manifest_signature", err.slug), unread])
    checks = [verified("manifest_signature"), _device_key(evidence), *evidence.findings]
    if recording.file_index is None:
        return Claims(checks=[*checks, mismatch("digest", "file-not-in-manifest")])
    return Claims(file=manifest.files[recording.file_index], manifest=manifest, checks=checks)


def _device_key(evidence: ManifestEvidence) -> CheckResult:
    if evidence.enrolled_at is None:
        return mismatch("device_key", DEVICE_KEY_UNKNOWN.slug)
    if evidence.revoked_at is not None and evidence.revoked_at <= evidence.declared_at:
        return mismatch("device_key", DEVICE_KEY_REVOKED.slug)
    return verified("device_key")


def _receipt_findings(tx: Transaction, recording: Recording) -> list[CheckResult]:
    found = []
    if recording.stated_case is not None:
        linked = any(link.case_number == recording.stated_case for link in tx.recordings.links(recording.id))
        found.append(
            verified("case")
            if linked
            else not_checked("case", "case-unknown", severity=Severity.WARN, number=recording.stated_case)
        )
    if recording.corrected_at is not None and recording.received_at - recording.corrected_at > HAND_IN:
        hours = int((recording.received_at - recording.corrected_at).total_seconds() // 3600)
        found.append(verified("hand_in", code="late-handin", severity=Severity.INFO, hours=hours))
    return found
