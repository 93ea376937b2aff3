"""The leaf of a dated fact of fixed equipment that was entered wrongly."""

from typing import ClassVar, Self

from pydantic import Field, model_validator

from schemas.act import Act, Spec
from schemas.actor import Role
from schemas.members import LeafDigest, Time
from schemas.opening import SaltedText
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
