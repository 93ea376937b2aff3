"""Leaves of what arrives: manifests, recordings, transfers that expired, and what a scrub of the store found."""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field

from schemas.act import Act, Process, Spec
from schemas.actor import Role
from schemas.declaration import DocumentKind, HandInWay, Origin
from schemas.integrity import Verdict
from schemas.members import (
    CheckName,
    CheckWord,
    Count,
    Digest256,
    KeyId,
    MediaType,
    ObjectKey,
    Ordinal,
    Slug,
    Time,
    VersionId,
)
from schemas.opening import SaltedDocument, SaltedText
from schemas.recording import RecordingState
from schemas.reference import AccountReference, AgencyReference, DeviceReference, IntakeReference, Uuid
from schemas.words import Words

FirstKinds = Literal[
    DocumentKind.NOTICE,
    DocumentKind.SCENE_RECORD,
    DocumentKind.INSPECTION_RECORD,
    DocumentKind.INTERVIEW_RECORD,
    DocumentKind.PLEA_RECORD,
    DocumentKind.HEARING_RECORD,
    DocumentKind.APPRAISAL,
    DocumentKind.DECISION,
    DocumentKind.SERVICE_RECEIPT,
    DocumentKind.RECTIFICATION_REPORT,
    DocumentKind.VERIFICATION_CERTIFICATE,
    DocumentKind.IDENTITY,
    DocumentKind.OTHER,
]
"""The kinds of paper of version 1 of `recording:declare`."""

_SENDERS = frozenset({Role.OFFICER, Role.AUXILIARY, Role.HANDLER, Role.SOURCE})
_VERIFIED = {
    "to": "recordings.state",
    "sha256": "recordings.sha256",
    "sm3": "recordings.sm3",
    "media_type": "recordings.media_type",
    "captured_at": "recordings.captured_at",
    "corrected_at": "recordings.corrected_at",
    "verdict": "recordings.verdict",
    "checks": "checks.outcome checks.code checks.version",
    "run": "recordings.run checks.run",
    "retain_until": "recordings.retain_until",
    "at": "recordings.verified_at checks.at",
    "report": "recordings.facts checks.severity checks.params derivatives.sha256",
}


class ReceivedFrom(StrEnum):
    """By what way the bytes came."""

    DEVICE = "device"
    ACCOUNT = "account"
    INTAKE = "intake"


class ManifestDeclare(Act):
    """A capture manifest whose signature holds is kept."""

    spec: ClassVar = Spec(
        event="manifest:declare",
        chains=("manifest",),
        opens=True,
        actors=("device", "account"),
        roles=_SENDERS,
        words=Words("采集清单申报", "Manifest declared"),
        follows="the device's key is alive",
        columns={
            "subject": "manifests.id",
            "agency": "manifests.agency_id",
            "device": "manifests.device_id",
            "kid": "manifests.kid",
            "seq": "manifests.seq",
            "sha256": "manifests.sha256",
            "at": "manifests.declared_at",
        },
    )
    agency: AgencyReference
    device: DeviceReference
    kid: KeyId
    seq: Ordinal
    sha256: Digest256
    signature_sha256: Digest256
    files: Ordinal


class ManifestRefuse(Act):
    """A manifest that breaks a rule is kept all the same."""

    spec: ClassVar = Spec(
        event="manifest:refuse",
        actors=("device", "account"),
        roles=_SENDERS,
        words=Words("采集清单未被接受，留存", "Manifest refused, kept"),
        follows="nothing",
        columns={
            "subject": "manifests.id",
            "agency": "manifests.agency_id",
            "sha256": "manifests.sha256",
            "problem": "manifests.problem",
            "at": "manifests.declared_at",
        },
    )
    agency: AgencyReference
    sha256: Digest256
    signature_sha256: Digest256
    problem: Slug


class UploadExpire(Act):
    """A transfer was never finished; what had come was dropped and never was evidence."""

    spec: ClassVar = Spec(
        event="upload:expire",
        by=Process.WORKER,
        actors=("service",),
        words=Words("上传过期", "Upload expired"),
        follows="the transfer is open",
    )
    agency: AgencyReference
    opened_at: Time
    offset_bytes: Count
    length_bytes: Count
    declared_sha256: Digest256 | None = None
    manifest_sha256: Digest256 | None = None
    file_index: Count | None = None
    filename: SaltedText


class RecordingReceive(Act):
    """The bytes are here in full. The digest they were declared with is bound before anybody hashed them."""

    spec: ClassVar = Spec(
        event="recording:receive",
        chains=("recording",),
        opens=True,
        actors=("device", "account"),
        roles=_SENDERS,
        versions=("recording",),
        words=Words("上交入库", "Handed in and received in full"),
        follows="its manifest is declared, or it has none",
        columns={
            "subject": "recordings.id",
            "agency": "recordings.agency_id",
            "actor": "recordings.device_id recordings.account_id",
            "upload": "recordings.upload_id",
            "size_bytes": "recordings.size_bytes",
            "object_key": "recordings.object_key",
            "version_id": "recordings.version_id",
            "declared_sha256": "recordings.declared_sha256",
            "manifest_sha256": "recordings.manifest_id",
            "file_index": "recordings.file_index",
            "position": "monitoring_media.position",
            "at": "recordings.received_at",
            "filename": "recordings.filename",
            "stated_case": "recordings.stated_case",
        },
    )
    agency: AgencyReference
    source: ReceivedFrom
    upload: Uuid
    size_bytes: Count
    object_key: ObjectKey
    version_id: VersionId
    declared_sha256: Digest256 | None = None
    manifest_sha256: Digest256 | None = None
    file_index: Count | None = None
    intake: IntakeReference | None = None
    row: Count | None = None
    position: Count | None = None
    to: Literal[RecordingState.RECEIVED]
    filename: SaltedText
    stated_case: SaltedText | None = None


class RecordingDeclare(Act):
    """Who handed it in says of it, in the same act: where it comes from, who made it, when and how, which paper it is.

    One person's word, beside what the file says of itself. Names and texts are committed to, the closed lists stand clear.
    """

    spec: ClassVar = Spec(
        event="recording:declare",
        chains=("recording",),
        roles=_SENDERS,
        words=Words("交来说明", "Declared at the hand-in"),
        follows="the recording is received from the same person, and nothing is declared of it",
        columns={
            "subject": "declarations.recording_id",
            "way": "declarations.way",
            "origin": "declarations.origin",
            "document": "declarations.document",
            "made_at": "declarations.made_at",
            "source": "declarations.source",
            "maker": "declarations.maker",
            "method": "declarations.method",
            "media_type": "declarations.media_type",
        },
    )
    way: HandInWay
    origin: Origin
    document: FirstKinds | None = None
    made_at: Time | None = None
    source: SaltedText | None = None
    maker: SaltedText | None = None
    method: SaltedText | None = None
    media_type: SaltedText | None = None


class RecordingDeclareLater(Act):
    """As version 1, of a kind of paper that version 1 did not know."""

    spec: ClassVar = replace(RecordingDeclare.spec, ev=2)
    way: HandInWay
    origin: Origin
    document: Literal[DocumentKind.PAYMENT_RECEIPT, DocumentKind.ENFORCEMENT]
    made_at: Time | None = None
    source: SaltedText | None = None
    maker: SaltedText | None = None
    method: SaltedText | None = None
    media_type: SaltedText | None = None


Declared = RecordingDeclare | RecordingDeclareLater


class RecordingSeal(Act):
    """Verified and locked; it never changes again."""

    spec: ClassVar = Spec(
        event="recording:seal",
        chains=("recording",),
        by=Process.WORKER,
        actors=("service",),
        versions=("recording",),
        words=Words("核验后封存", "Verified and sealed"),
        follows="the recording is received",
        columns=_VERIFIED,
    )
    sha256: Digest256
    sm3: Digest256 | None = None
    size_bytes: Count
    media_type: MediaType
    captured_at: Time | None = None
    corrected_at: Time | None = None
    verdict: Verdict
    checks: Mapping[CheckName, CheckWord]
    checks_count: Count
    run: Ordinal
    retain_until: Time
    to: Literal[RecordingState.SEALED]
    report: SaltedDocument


class RecordingQuarantine(Act):
    """A claim about the bytes did not hold, or nobody could verify them; kept, locked and unusable.

    What could not be found out is absent: bytes that could not be read have no digest and no type.
    """

    spec: ClassVar = Spec(
        event="recording:quarantine",
        chains=("recording",),
        by=Process.WORKER,
        actors=("service",),
        versions=("recording",),
        words=Words("隔离并锁定", "Quarantined and locked"),
        follows="the recording is received",
        columns=_VERIFIED,
    )
    sha256: Digest256 | None = None
    sm3: Digest256 | None = None
    size_bytes: Count
    media_type: MediaType | None = None
    captured_at: Time | None = None
    corrected_at: Time | None = None
    verdict: Verdict
    checks: Mapping[CheckName, CheckWord]
    checks_count: Count
    run: Ordinal
    retain_until: Time | None = None
    to: Literal[RecordingState.QUARANTINED]
    report: SaltedDocument


class RecordingExamine(Act):
    """A sealed recording was examined again, by newer checks. The seal stays what it is; the newer result stands beside.

    `sha256` is that of the bytes that were read again, and none other than the sealed ones; `run` is one more than that
    of the result before. What was judged of people, clocks and keys is taken from there and never judged anew.
    """

    spec: ClassVar = Spec(
        event="recording:examine",
        chains=("recording",),
        by=Process.WORKER,
        actors=("service",),
        versions=("recording",),
        words=Words("重新检查", "Examined again"),
        follows="the recording is sealed",
        columns={
            "examination": "examinations.id",
            "asked_by": "examinations.asked_by",
            "media_type": "recordings.media_type",
            "verdict": "recordings.verdict examinations.verdict",
            "was": "examinations.was",
            "checks": "checks.outcome checks.code checks.version",
            "run": "recordings.run checks.run examinations.run",
            "at": "checks.at examinations.examined_at",
            "report": "recordings.facts checks.severity checks.params derivatives.sha256",
        },
    )
    examination: Uuid
    asked_by: AccountReference | None = None
    sha256: Digest256
    size_bytes: Count
    media_type: MediaType
    verdict: Verdict
    was: Verdict
    checks: Mapping[CheckName, CheckWord]
    checks_count: Count
    run: Ordinal
    report: SaltedDocument


class DerivativeMake(Act):
    """A copy for viewing was made of a recording after its verdict: never evidence, and always with its parent.

    `parent_sha256` is the digest of the bytes that were read for it, and none other than those that were verified. How
    it was made – tool, version, size, how far – stands in `params`.
    """

    spec: ClassVar = Spec(
        event="derivative:make",
        chains=("recording",),
        by=Process.WORKER,
        actors=("service",),
        neutral=("recording",),
        words=Words("生成预览副本", "Copy for viewing made"),
        follows="the recording is verified",
        columns={
            "subject": "derivations.id",
            "kind": "derivations.kind",
            "asked_by": "derivations.asked_by",
            "parent_sha256": "derivations.parent_sha256",
            "media_type": "derivations.media_type",
            "sha256": "derivations.sha256",
            "size_bytes": "derivations.size_bytes",
            "object_key": "derivations.object_key",
            "version_id": "derivations.version_id",
            "params": "derivations.params",
            "at": "derivations.made_at",
        },
    )
    kind: Slug
    asked_by: AccountReference | None = None
    parent_sha256: Digest256
    media_type: MediaType
    sha256: Digest256
    size_bytes: Count
    object_key: ObjectKey
    version_id: VersionId
    params: SaltedDocument


class ScrubFind(Act):
    """A stored object is not what was recorded. The evidence stays what it was; the finding stands beside it."""

    spec: ClassVar = Spec(
        event="scrub:find",
        chains=("recording",),
        by=Process.WORKER,
        actors=("service",),
        neutral=("recording",),
        words=Words("巡检发现存储差异", "Scrub found a difference"),
        follows="the recording is received",
        columns={
            "subject": "scrub_finds.id",
            "code": "scrub_finds.code",
            "sha256": "scrub_finds.sha256",
            "at": "scrub_finds.found_at",
        },
    )
    code: Slug
    sha256: Digest256 | None = None


class ScrubRun(Act):
    """A pass over the store ended."""

    spec: ClassVar = Spec(
        event="scrub:run",
        by=Process.WORKER,
        actors=("service",),
        words=Words("存储巡检完成", "Scrub of the store ended"),
        follows="nothing",
    )
    from_: Time = Field(alias="from")
    until: Time
    objects: Count
    faults: Count
