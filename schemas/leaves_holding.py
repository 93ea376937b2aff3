"""Leaves of a device's life beside its key: what it is, how it was found, who had it from when to when.

All stand in the device's chain. What is said of the past is said anew, never overwritten: each leaf names the one that
it goes on with by its digest.
"""

from typing import ClassVar, Self

from pydantic import Field, model_validator

from schemas.act import Act, Element, Spec
from schemas.actor import Role
from schemas.members import Flag, LeafDigest, Slug, Time
from schemas.opening import SaltedText
from schemas.reference import AccountReference
from schemas.words import Words

_CUSTODIAN = frozenset({Role.CUSTODIAN})
MOST_CHECKED = 32
"""So many points of a device one check may look at."""


class DeviceDescribe(Act):
    """What a device is from a time on: kind, maker, model, serial number. Said again it corrects what was said before."""

    spec: ClassVar = Spec(
        event="device:describe",
        chains=("device",),
        roles=_CUSTODIAN,
        neutral=("device",),
        words=Words("登记设备信息", "Device described"),
        follows="the key is alive; the time lies between its enrolment and now",
        columns={
            "from": "device_descriptions.valid_during",
            "at": "device_descriptions.known_during",
            "actor": "device_descriptions.described_by",
            "kind": "device_descriptions.kind",
            "maker": "device_descriptions.maker",
            "model": "device_descriptions.model",
            "serial": "device_descriptions.serial",
            "reason": "device_descriptions.reason",
        },
    )
    kind: Slug
    from_: Time = Field(alias="from")
    maker: SaltedText
    model: SaltedText
    serial: SaltedText
    reason: SaltedText | None = None


class CheckedItem(Element):
    """One point that was looked at; a remark is committed as `remark.k`."""

    item: Slug
    ok: Flag
    remark: SaltedText | None = None


class DeviceCheck(Act):
    """A device was looked at, before it is handed out, when it comes back, or in between; `passed`: every point is well."""

    spec: ClassVar = Spec(
        event="device:check",
        chains=("device",),
        roles=_CUSTODIAN,
        neutral=("device",),
        words=Words("检查执法记录设备", "Device checked"),
        follows="the device is enrolled; it may have been revoked",
        columns={
            "occasion": "device_checks.occasion",
            "passed": "device_checks.passed",
            "items": "device_check_items.position device_check_items.item device_check_items.is_ok",
            "remark": "device_check_items.remark",
            "at": "device_checks.checked_at",
            "actor": "device_checks.checked_by",
        },
    )
    occasion: Slug
    passed: Flag
    items: tuple[CheckedItem, ...] = Field(min_length=1, max_length=MOST_CHECKED)

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.passed is not all(one.ok for one in self.items):
            raise ValueError("a check passes where every point is well")
        return self


class DeviceIssue(Act):
    """A device is handed out (领用): somebody has it from a time on, and brings it back by another where one is said.

    `check` is the one before it. One that did not pass, or none, has a reason.
    """

    spec: ClassVar = Spec(
        event="device:issue",
        chains=("device",),
        roles=_CUSTODIAN,
        neutral=("device",),
        words=Words("领用执法记录设备", "Device handed out"),
        follows="the key is alive; nobody has the device from that time on; the person is of its agency",
        columns={
            "person": "device_holdings.person_id",
            "from": "device_holdings.valid_during",
            "due_at": "device_holdings.due_at",
            "check": "device_holdings.issue_check",
            "at": "device_holdings.known_during",
            "reason": "device_holdings.issue_reason",
        },
    )
    person: AccountReference
    from_: Time = Field(alias="from")
    due_at: Time | None = None
    check: LeafDigest | None = None
    reason: SaltedText | None = None


class DeviceReturn(Act):
    """A device is back (归还) since a time. Without a check there is a reason: it was lost, it is entered afterwards."""

    spec: ClassVar = Spec(
        event="device:return",
        chains=("device",),
        roles=_CUSTODIAN,
        neutral=("device",),
        words=Words("归还执法记录设备", "Device returned"),
        follows="the device was handed out by the leaf that it names, and is not back; it may have been revoked",
        columns={
            "issue": "device_holdings.issue",
            "until": "device_holdings.valid_during",
            "check": "device_holdings.return_check",
            "at": "device_holdings.known_during",
            "reason": "device_holdings.return_reason",
        },
    )
    issue: LeafDigest
    until: Time
    check: LeafDigest | None = None
    reason: SaltedText | None = None


class DeviceAmend(Act):
    """Who had a device, from when to when, is said anew; without person and beginning: it was never handed out."""

    spec: ClassVar = Spec(
        event="device:amend",
        chains=("device",),
        roles=_CUSTODIAN,
        neutral=("device",),
        words=Words("更正设备领用", "Holder of a device corrected"),
        follows="the device was handed out by the leaf that it names; it may have been revoked",
        columns={
            "issue": "device_holdings.issue",
            "person": "device_holdings.person_id",
            "from": "device_holdings.valid_during",
            "until": "device_holdings.valid_during",
            "at": "device_holdings.known_during",
            "reason": "device_holdings.amend_reason",
        },
    )
    issue: LeafDigest
    person: AccountReference | None = None
    from_: Time | None = Field(default=None, alias="from")
    until: Time | None = None
    reason: SaltedText

    @model_validator(mode="after")
    def _says_all_or_nothing(self) -> Self:
        if (self.person is None) is not (self.from_ is None):
            raise ValueError("who and since when are said together")
        if self.from_ is None and self.until is not None:
            raise ValueError("what never was has no end")
        return self
