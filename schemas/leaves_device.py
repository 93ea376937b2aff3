"""Leaves of devices and of fixed equipment: who or what records, with which key, under which papers."""

from typing import ClassVar, Literal

from pydantic import Field

from schemas.act import Act, Spec
from schemas.actor import Role
from schemas.equipment import EquipmentKind, EquipmentState, ReviewKind
from schemas.members import Digest256, KeyId, Slug, Time
from schemas.opening import SaltedPoint, SaltedText
from schemas.reference import AccountReference, AgencyReference, Uuid
from schemas.words import Words

_CUSTODIAN = frozenset({Role.CUSTODIAN})
_KEPT = "the equipment is registered; the time is not in the future"


class DeviceCode(Act):
    """A one-time code is handed out. The subject is the device it will become: its id is drawn with the code."""

    spec: ClassVar = Spec(
        event="device:code",
        chains=("agency",),
        roles=_CUSTODIAN,
        neutral=("agency",),
        words=Words("发放设备登记码", "Enrolment code issued"),
        follows="the agency is open",
        columns={
            "subject": "enrolment_codes.device_id",
            "code": "enrolment_codes.id",
            "agency": "enrolment_codes.agency_id",
            "actor": "enrolment_codes.issued_by",
            "expires_at": "enrolment_codes.expires_at",
            "code_hash": "enrolment_codes.code_hash",
        },
    )
    agency: AgencyReference
    code: Uuid
    expires_at: Time
    code_hash: SaltedText


class DeviceVoid(Act):
    """A one-time code is taken back: no device enrols by it any more. The subject is the one it would have become."""

    spec: ClassVar = Spec(
        event="device:void",
        chains=("agency",),
        roles=_CUSTODIAN,
        neutral=("agency",),
        words=Words("收回设备登记码", "Enrolment code taken back"),
        follows="the code was handed out by this agency and is not used",
        columns={"code": "enrolment_codes.id", "at": "enrolment_codes.voided_at"},
    )
    agency: AgencyReference
    code: Uuid


class DeviceEnrol(Act):
    """A device shows its key and the code; the registry's signed statement is named by its digest."""

    spec: ClassVar = Spec(
        event="device:enrol",
        chains=("device",),
        opens=True,
        actors=("device",),
        versions=("device",),
        words=Words("执法记录设备登记", "Device enrolled"),
        follows="its code was handed out by this agency, is not used and not expired",
        columns={
            "subject": "devices.id",
            "agency": "devices.agency_id",
            "kid": "devices.kid",
            "alg": "devices.algs",
            "registration_sha256": "devices.registration devices.jwk devices.challenge",
            "at": "devices.enrolled_at enrolment_codes.used_at",
            "name": "devices.name",
            "model": "devices.model",
        },
    )
    agency: AgencyReference
    code: Uuid
    kid: KeyId
    alg: Literal["ES256", "Ed25519", "EdDSA", "SM2"]
    registration_sha256: Digest256
    name: SaltedText
    model: SaltedText


class DeviceRename(Act):
    """A device is called otherwise."""

    spec: ClassVar = Spec(
        event="device:rename",
        chains=("device",),
        roles=_CUSTODIAN,
        versions=("device",),
        words=Words("变更设备名称", "Device renamed"),
        follows="the key is alive",
        columns={"name": "devices.name"},
    )
    name: SaltedText


class DeviceRevoke(Act):
    """The device's key is dead from this index on, never earlier."""

    spec: ClassVar = Spec(
        event="device:revoke",
        chains=("device",),
        roles=_CUSTODIAN,
        versions=("device",),
        words=Words("执法记录设备注销", "Device revoked"),
        follows="the key is alive",
        columns={"at": "devices.revoked_at"},
    )
    kid: KeyId
    reason_code: Slug
    reason: SaltedText | None = None


class EquipmentRegister(Act):
    """Fixed equipment enters the register."""

    spec: ClassVar = Spec(
        event="equipment:register",
        chains=("equipment",),
        opens=True,
        roles=_CUSTODIAN,
        versions=("equipment",),
        words=Words("监控设备登记", "Equipment registered"),
        follows="the agency is open",
        columns={
            "subject": "equipment.id",
            "agency": "equipment.agency_id",
            "kind": "equipment.kind",
            "to": "equipment.state",
            "n": "equipment.version",
            "actor": "equipment.registered_by",
            "at": "equipment.registered_at",
            "number": "equipment.number",
            "name": "equipment.name",
            "site": "equipment.site",
            "standard": "equipment.standard",
            "point": "equipment.lat_e7 equipment.lon_e7 equipment.crs",
        },
    )
    agency: AgencyReference
    kind: EquipmentKind
    to: Literal[EquipmentState.IN_SERVICE]
    number: SaltedText
    name: SaltedText
    site: SaltedText
    standard: SaltedText
    point: SaltedPoint | None = None


class EquipmentBind(Act):
    """The account that hands in the equipment's records is named."""

    spec: ClassVar = Spec(
        event="equipment:bind",
        chains=("equipment",),
        roles=_CUSTODIAN,
        versions=("equipment",),
        words=Words("绑定数据来源", "Source bound"),
        follows="the equipment is registered",
        columns={"source": "equipment.source_id", "n": "equipment.version"},
    )
    source: AccountReference


class EquipmentCertify(Act):
    """A verification certificate (检定证书): valid from the first time inclusive to the second exclusive."""

    spec: ClassVar = Spec(
        event="equipment:certify",
        chains=("equipment",),
        roles=_CUSTODIAN,
        versions=("equipment",),
        words=Words("登记检定证书", "Verification certificate recorded"),
        follows=_KEPT,
        columns={
            "n": "equipment.version",
            "from": "equipment_certificates.valid_during",
            "until": "equipment_certificates.valid_during",
            "number": "equipment_certificates.number",
            "issuer": "equipment_certificates.issuer",
            "document": "equipment_certificates.scan",
            "actor": "equipment_certificates.recorded_by",
            "at": "equipment_certificates.known_during",
        },
    )
    from_: Time = Field(alias="from")
    until: Time
    document: Digest256 | None = None
    number: SaltedText
    issuer: SaltedText


class EquipmentReviewed(Act):
    """One of the two reviews that article 41 asks for."""

    spec: ClassVar = Spec(
        event="equipment:review",
        chains=("equipment",),
        roles=_CUSTODIAN,
        versions=("equipment",),
        words=Words("登记设备审核", "Equipment review recorded"),
        follows=_KEPT,
        columns={
            "n": "equipment.version",
            "kind": "equipment_reviews.kind",
            "reviewed_at": "equipment_reviews.valid_during",
            "title": "equipment_reviews.document",
            "actor": "equipment_reviews.recorded_by",
            "at": "equipment_reviews.known_during",
        },
    )
    kind: ReviewKind
    reviewed_at: Time
    document: Digest256 | None = None
    title: SaltedText


class EquipmentPublish(Act):
    """The place of the equipment was published."""

    spec: ClassVar = Spec(
        event="equipment:publish",
        chains=("equipment",),
        roles=_CUSTODIAN,
        versions=("equipment",),
        words=Words("登记设备公示", "Equipment publication recorded"),
        follows=_KEPT,
        columns={
            "n": "equipment.version",
            "published_at": "equipment_publications.valid_during",
            "url": "equipment_publications.url",
            "actor": "equipment_publications.recorded_by",
            "at": "equipment_publications.known_during",
        },
    )
    published_at: Time
    url: SaltedText


class EquipmentSuspend(Act):
    """The equipment is out of service from a time on."""

    spec: ClassVar = Spec(
        event="equipment:suspend",
        chains=("equipment",),
        roles=_CUSTODIAN,
        versions=("equipment",),
        words=Words("监控设备停用", "Equipment suspended"),
        follows="the equipment is in service; the time is not in the future",
        columns={
            "n": "equipment.version",
            "to": "equipment.state",
            "from_at": "equipment_suspensions.valid_during",
            "reason": "equipment_suspensions.reason",
            "actor": "equipment_suspensions.recorded_by",
            "at": "equipment_suspensions.known_during",
        },
    )
    from_at: Time
    to: Literal[EquipmentState.SUSPENDED]
    reason: SaltedText


class EquipmentResume(Act):
    """The equipment is back in service from a time on."""

    spec: ClassVar = Spec(
        event="equipment:resume",
        chains=("equipment",),
        roles=_CUSTODIAN,
        versions=("equipment",),
        words=Words("监控设备恢复使用", "Equipment back in service"),
        follows="the equipment is suspended; the time is not in the future",
        columns={
            "n": "equipment.version",
            "to": "equipment.state",
            "until_at": "equipment_suspensions.valid_during",
            "actor": "equipment_suspensions.recorded_by",
            "at": "equipment_suspensions.known_during",
        },
    )
    until_at: Time
    to: Literal[EquipmentState.IN_SERVICE]
