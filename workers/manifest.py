"""The claims of a manifest, checked again from the bytes that were kept verbatim."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta

from schemas.area import NOWHERE, Area, area_of
from schemas.checks.claims import DEVICE_KEY, MANIFEST_SIGNATURE
from schemas.checks.manifest import CASE
from schemas.declaration import HandInWay
from schemas.hand_in import check_hand_in
from schemas.integrity import Check, CheckResult, examines
from schemas.jws import verify_detached
from schemas.manifest import MANIFEST_TYP, CaptureManifest, ManifestFile, ManifestState
from schemas.media import Medium, medium_of
from schemas.name_profile import profiles
from schemas.officer import check_officers
from schemas.ours import ours
from schemas.recording import Recording
from schemas.refusals_manifest import MANIFEST_BROKEN, MANIFEST_INVALID
from schemas.register_agreement import Known
from schemas.setting import Setting
from schemas.setting_list import ListSetting
from schemas.tolerance import Tolerances
from storage.device.device import kept_key
from storage.recording.manifest import ManifestEvidence
from storage.recording.receipt import kept_manifest
from storage.transaction import Transaction


@dataclass(frozen=True)
class Presented:
    """What stands behind a recording: its manifest as kept, or whether it named one; `problem` refused it.

    `is_by_browser`: a person declared it in the place of a device.
    """

    evidence: ManifestEvidence | None = None
    is_named: bool = False
    manifest: CaptureManifest | None = None
    problem: str = ""
    is_by_browser: bool = False


@dataclass(frozen=True)
class Claims:
    """What the manifest says of this file (None when nothing does), and the outcomes so far.

    `allowed` is how far the file may lie apart from it, as its agency sets, as of the receipt. `known` is what the register
    says of its device as of the capture, as known at the receipt. `is_unlisted` means that a manifest which holds lists
    other files than this one, `is_unsigned` that a person brought it and no manifest holds, `is_paper` that
    they called it a paper. `area` is where its agency acts, as of the capture.
    """

    allowed: Tolerances
    file: ManifestFile | None = None
    manifest: CaptureManifest | None = None
    checks: list[CheckResult] = field(default_factory=list)
    is_unlisted: bool = False
    known: Known = field(default_factory=Known)
    is_unsigned: bool = False
    is_paper: bool = False
    area: Area = NOWHERE


def manifest_claims(tx: Transaction, recording: Recording) -> Claims:
    """Verify signature, key and listing; add the findings made at declaration and at receipt."""
    presented = _presented(tx, recording)
    numbers = {link.case_number for link in tx.recordings.links(recording.id)}
    received = (
        check_case(recording, numbers),
        _hand_in(tx, recording),
        tx.holdings.holder_check(recording),
    )
    checks = [
        check_signature(presented),
        check_key(presented),
        *(presented.evidence.findings if presented.evidence and presented.manifest else ()),
        *(made for made in received if made is not None),
    ]
    allowed = tx.agency_settings.tolerances(recording.agency_id, recording.received_at)
    area = _area(tx, recording, allowed)
    manifest, at = presented.manifest, recording.file_index
    if manifest is None:
        is_paper = recording.declaration is not None and recording.declaration.document is not None
        is_unsigned = not tx.recordings.is_by_machine(recording)
        return Claims(allowed, checks=checks, is_unsigned=is_unsigned, is_paper=is_paper, area=area)
    if at is None:
        return Claims(allowed, checks=checks, is_unlisted=True, area=area)
    known = _known(tx, recording, allowed)
    return Claims(allowed, file=manifest.files[at], manifest=manifest, checks=checks, known=known, area=area)


def _known(tx: Transaction, recording: Recording, allowed: Tolerances) -> Known:
    """Return what is known beside the file: its device by the register, and how its agency's recorders name files."""
    at = recording.corrected_at or recording.received_at
    items = tx.agency_settings.listed(ListSetting.NAME_PROFILES, recording.agency_id, at)
    device = recording.captured_by
    described = None if device is None else tx.descriptions.known_of(device, at, recording.received_at)
    return Known(described, profiles(items), timedelta(seconds=allowed.time_apart_seconds))


def _area(tx: Transaction, recording: Recording, allowed: Tolerances) -> Area:
    at = recording.corrected_at or recording.received_at
    items = tx.agency_settings.listed(ListSetting.AREA, recording.agency_id, at)
    return area_of(items, allowed.place_apart_metres)


def _hand_in(tx: Transaction, recording: Recording) -> CheckResult | None:
    """Judge the hand-in by the duty of its capture, or by what its agency gives as of the capture."""
    at = recording.corrected_at or recording.received_at
    hours = tx.agency_settings.value(Setting.HAND_IN_HOURS, recording.agency_id, at)
    duty = tx.shifts.duty_time(recording)
    return check_hand_in(recording.corrected_at, recording.received_at, duty, allowed_hours=hours)


def unnamed(claims: Claims, media_type: str) -> tuple[CheckResult, ...]:
    """Return that what a person brings names no officers.

    A paper is written, and not captured by two: what it says of them stands in it. It is one where its bringer calls it so
    and the file is a document; a photo of whatever stays a photo.
    """
    is_written = claims.is_paper and medium_of(media_type) is Medium.DOCUMENT
    return () if is_written or not claims.is_unsigned else (check_officers(None),)


def _presented(tx: Transaction, recording: Recording) -> Presented:
    """Read the manifest again from its bytes; a refused one keeps the rule it broke.

    Raises:
        IntegrityBroken: a manifest that was declared no longer verifies.
    """
    if recording.manifest_id is None:
        is_declared = recording.declaration is not None and recording.declaration.way is HandInWay.BROWSER
        return Presented(is_named=tx.recordings.names_manifest(recording.id), is_by_browser=is_declared)
    evidence = tx.manifests.evidence(recording.manifest_id)
    if evidence.state is ManifestState.REFUSED:
        return Presented(evidence, problem=evidence.problem or MANIFEST_INVALID.slug)
    return Presented(evidence, manifest=_declared(evidence))


def _declared(evidence: ManifestEvidence) -> CaptureManifest:
    """Verify once more, from the bytes, what held on the day it was declared.

    Raises:
        IntegrityBroken: it no longer holds: bytes, signature or key were altered here, not by the sender.
    """
    manifest = kept_manifest(evidence.payload, evidence.sha256)
    jwk = kept_key(manifest.device.kid, evidence.jwk or {})
    with ours(MANIFEST_BROKEN, f"the kept signature of manifest {evidence.sha256} no longer verifies"):
        verify_detached(evidence.payload, evidence.signature, jwk=jwk, algs=evidence.algs, typ=MANIFEST_TYP)
    return manifest


def _of_key(problem: str) -> bool:
    return any(problem == finding.code for finding in DEVICE_KEY.findings)


@examines(MANIFEST_SIGNATURE)
def check_signature(check: Check, presented: Presented) -> CheckResult:
    """Say whether the manifest holds and is signed; one refused for its key was not looked at further.

    A rule that has no finding of its own is told as the manifest contradicting itself.
    """
    if presented.evidence is None:
        unsigned = "handed-in-by-browser" if presented.is_by_browser else "manifest-absent"
        return check.found("manifest-unknown" if presented.is_named else unsigned)
    if not presented.problem:
        return check.held()
    if _of_key(presented.problem):
        return check.found("manifest-refused")
    known = {finding.code for finding in check.findings}
    return check.found(presented.problem if presented.problem in known else MANIFEST_INVALID.slug)


@examines(DEVICE_KEY)
def check_key(check: Check, presented: Presented) -> CheckResult:
    """Say whether the signing key was registered, and not revoked, when the manifest was declared."""
    evidence = presented.evidence
    if evidence is None:
        return check.found("device-key-no-manifest")
    if presented.problem:
        return check.found(presented.problem if _of_key(presented.problem) else "device-key-unread")
    if evidence.revoked_at is not None and evidence.revoked_at <= evidence.declared_at:
        return check.found("device-key-revoked")
    return check.held()


@examines(CASE)
def check_case(check: Check, recording: Recording, linked: Collection[str]) -> CheckResult | None:
    """Say whether the stated case exists and the recording is linked to it; many state none."""
    number = recording.stated_case
    if number is None:
        return None
    return check.held() if number in linked else check.found("case-unknown", number=number)
