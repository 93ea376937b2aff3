"""Leaves of the issue of a certificate, by which its life begins; what comes after stands in `leaves_certificate`."""

from dataclasses import replace
from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from schemas.act import Act, Spec
from schemas.actor import Role
from schemas.members import Slug, Time
from schemas.opening import SaltedText
from schemas.words import Words


class IssuedKind(StrEnum):
    """What a certificate lets its holder do."""

    ENFORCEMENT = "enforcement"
    AUXILIARY = "auxiliary"
    SUPERVISION = "supervision"


IssuedKind.__name__ = IssuedKind.__qualname__ = "CertificateKind"
"""As the published schema of `certificate:issue` 1 calls this closed list."""


class CertificateKind(StrEnum):
    """What a certificate of the register says of its holder; the list grows, so that leaves name it by its word.

    Attributes:
        ENFORCEMENT: They may enforce (执法证).
        AUXILIARY: They help whoever enforces.
        SUPERVISION: They may supervise.
        LEGAL: They passed the national examination of the legal profession (法律职业资格).
        LEGAL_BEFORE: They gave legal reviews before that was asked of newcomers, so that they are none.
    """

    ENFORCEMENT = "enforcement"
    AUXILIARY = "auxiliary"
    SUPERVISION = "supervision"
    LEGAL = "legal"
    LEGAL_BEFORE = "legal-before"


class CertificateIssue(Act):
    """A certificate of a person; its number names them, so it is salted."""

    spec: ClassVar = Spec(
        event="certificate:issue",
        chains=("account",),
        actors=("account", "service"),
        roles=frozenset({Role.CUSTODIAN}),
        versions=("certificate",),
        words=Words("颁发执法证件", "Certificate issued"),
        follows="the account is open",
        columns={
            "subject": "certificates.id certificate_facts.certificate_id",
            "from": "certificates.valid_from certificate_facts.valid_during",
            "until": "certificates.valid_until certificate_facts.valid_during",
            "at": "certificate_facts.known_during",
            "n": "certificates.version",
            "kind": "certificates.kind",
            "number": "certificates.number",
        },
    )
    from_: Time = Field(alias="from")
    until: Time
    kind: IssuedKind
    number: SaltedText


class CertificateIssueNamed(Act):
    """As version 1; the kind is named, as the list of kinds grows."""

    spec: ClassVar = replace(CertificateIssue.spec, ev=2, words=Words("登记证件", "Certificate entered"))
    from_: Time = Field(alias="from")
    until: Time
    kind: Slug
    number: SaltedText
