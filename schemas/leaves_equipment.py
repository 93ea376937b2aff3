"""Leaves of fixed equipment by which what was said of it is said anew: dated facts, and what it is called and stands at."""

from enum import StrEnum
from typing import ClassVar, Self

from pydantic import Field, model_validator

from schemas.act import Act, Spec
from schemas.actor import Role
from schemas.members import LeafDigest, Time
from schemas.opening import SaltedPoint, SaltedText
from schemas.words import Words

_TABLES = tuple(f"equipment_{name}" for name in ("certificates", "reviews", "publications", "suspensions"))


def _each(column: str) -> str:
    return " ".join(f"{table}.{column}" for table in _TABLES)


class EquipmentCorrect(Act):
    """A certificate, review, publication or suspension is said anew, whole; without a beginning: it never was.

    `entry` is the digest of the leaf that entered it. What was said before stays known for its time.
    """

    spec: ClassVar = Spec(
        event="equipment:correct",
        chains=("equipment",),
        roles=frozenset({Role.CUSTODIAN}),
        versions=("equipment",),
        words=Words("更正监控设备登记", "Fact of equipment corrected"),
        follows="the fact was entered by the leaf that it names; only a certificate may lie in the future",
        columns={
            "n": "equipment.version",
            "entry": _each("entry"),
            "from": _each("valid_during"),
            "until": "equipment_certificates.valid_during equipment_suspensions.valid_during",
            "number": "equipment_certificates.number",
            "issuer": "equipment_certificates.issuer",
            "title": "equipment_reviews.document",
            "url": "equipment_publications.url",
            "reason": _each("amend_reason"),
            "actor": _each("recorded_by"),
            "at": _each("known_during"),
        },
    )
    entry: LeafDigest
    from_: Time | None = Field(default=None, alias="from")
    until: Time | None = None
    number: SaltedText | None = None
    issuer: SaltedText | None = None
    title: SaltedText | None = None
    url: SaltedText | None = None
    reason: SaltedText

    @model_validator(mode="after")
    def _says_all_or_nothing(self) -> Self:
        texts = (self.until, self.number, self.issuer, self.title, self.url)
        if self.from_ is None and any(one is not None for one in texts):
            raise ValueError("what never was has no end and no text")
        return self


class EquipmentAnnul(Act):
    """A certificate is void: from a time on, or without one from the beginning. What was said before stays known.

    `certificate` is the digest of the leaf that entered it. The records that rested on it are re-opened by leaves of
    their own, in the same act (`monitoring:reopen`).
    """

    spec: ClassVar = Spec(
        event="equipment:annul",
        chains=("equipment",),
        roles=frozenset({Role.CUSTODIAN}),
        versions=("equipment",),
        words=Words("撤销检定证书", "Certificate annulled"),
        follows="the certificate was entered by the leaf that it names; the time is past, and within its validity",
        columns={
            "n": "equipment.version",
            "certificate": "equipment_annulments.entry equipment_certificates.entry",
            "from": "equipment_annulments.void_from equipment_certificates.valid_during",
            "reason": "equipment_annulments.reason equipment_certificates.amend_reason",
            "actor": "equipment_annulments.annulled_by equipment_certificates.recorded_by",
            "at": "equipment_annulments.annulled_at equipment_certificates.known_during",
        },
    )
    certificate: LeafDigest
    from_: Time | None = Field(default=None, alias="from")
    reason: SaltedText


class EquipmentField(StrEnum):
    """What of equipment may be said anew; its kind stays."""

    NAME = "name"
    NUMBER = "number"
    POINT = "point"
    SITE = "site"
    STANDARD = "standard"


def _both(column: str) -> str:
    return f"equipment.{column} equipment_descriptions.{column}"


class EquipmentDescribe(Act):
    """What equipment is called, where it stands, which standard it follows: said anew from a time on.

    Without a time it was so from the beginning. A value that is named holds until the next time from which something
    else of it is said; a position that is named and not committed to is none.
    """

    spec: ClassVar = Spec(
        event="equipment:describe",
        chains=("equipment",),
        roles=frozenset({Role.CUSTODIAN}),
        versions=("equipment",),
        words=Words("变更设备登记", "Equipment described anew"),
        follows="the equipment is registered; the time is not in the future; a correction says its reason",
        columns={
            "n": "equipment.version",
            "from": "equipment_descriptions.valid_during",
            "at": "equipment_descriptions.known_during",
            "actor": "equipment_descriptions.described_by",
            "number": _both("number"),
            "name": _both("name"),
            "site": _both("site"),
            "standard": _both("standard"),
            "point": " ".join(map(_both, ("lat_e7", "lon_e7", "crs"))),
            "reason": "equipment_descriptions.reason",
        },
    )
    fields: tuple[EquipmentField, ...] = Field(min_length=1, max_length=5)
    from_: Time | None = Field(default=None, alias="from")
    number: SaltedText | None = None
    name: SaltedText | None = None
    site: SaltedText | None = None
    standard: SaltedText | None = None
    point: SaltedPoint | None = None
    reason: SaltedText | None = None

    @model_validator(mode="after")
    def _names_what_it_changes(self) -> Self:
        named = [field.value for field in self.fields]
        if named != sorted(set(named)):
            raise ValueError("fields are sorted and stand once")
        if not set(self.committed()) <= {*named, "reason"}:
            raise ValueError("a value of a field that is not named")
        if any(getattr(self, name) is None for name in named if name != "point"):
            raise ValueError("only a position can be taken away")
        if self.from_ is None and self.reason is None:
            raise ValueError("what was wrong from the beginning is corrected with a reason")
        return self
