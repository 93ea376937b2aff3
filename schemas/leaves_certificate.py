"""Leaves of a certificate's life after its issue: suspended, given back, withdrawn, cancelled, verified each year.

Each says from which time on it is so; that may lie before the entry. What was known before stays known for its time.
"""

from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field

from schemas.act import Act, Spec
from schemas.actor import Role
from schemas.members import Time
from schemas.opening import SaltedText
from schemas.words import Words

_CUSTODIAN = frozenset({Role.CUSTODIAN})
_STATED = {
    "n": "certificates.version",
    "to": "certificates.state certificate_facts.state",
    "from": "certificate_facts.valid_during",
    "at": "certificate_facts.known_during",
    "reason": "certificate_facts.reason",
}


class CertificateState(StrEnum):
    """valid ⇄ suspended; valid, suspended → withdrawn → valid; any → cancelled, which is the end."""

    VALID = "valid"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"


class CertificateSuspend(Act):
    """A certificate is suspended (暂扣) from a time on."""

    spec: ClassVar = Spec(
        event="certificate:suspend",
        chains=("account",),
        roles=_CUSTODIAN,
        versions=("certificate",),
        words=Words("暂扣执法证件", "Certificate suspended"),
        follows="the certificate is valid; the time lies within its dates and not in the future",
        columns=_STATED,
    )
    from_: Time = Field(alias="from")
    to: Literal[CertificateState.SUSPENDED]
    reason: SaltedText


class CertificateRestore(Act):
    """A suspended or withdrawn certificate is valid again from a time on; from the first of it: it always was."""

    spec: ClassVar = Spec(
        event="certificate:restore",
        chains=("account",),
        roles=_CUSTODIAN,
        versions=("certificate",),
        words=Words("恢复执法证件", "Certificate restored"),
        follows="the certificate is suspended or withdrawn; the time lies within its dates and not in the future",
        columns=_STATED,
    )
    from_: Time = Field(alias="from")
    to: Literal[CertificateState.VALID]
    reason: SaltedText


class CertificateWithdraw(Act):
    """A certificate is withdrawn (收回) from a time on: its holder left the work."""

    spec: ClassVar = Spec(
        event="certificate:withdraw",
        chains=("account",),
        roles=_CUSTODIAN,
        versions=("certificate",),
        words=Words("收回执法证件", "Certificate withdrawn"),
        follows="the certificate is valid or suspended; the time lies within its dates and not in the future",
        columns=_STATED,
    )
    from_: Time = Field(alias="from")
    to: Literal[CertificateState.WITHDRAWN]
    reason: SaltedText


class CertificateCancel(Act):
    """A certificate is cancelled (注销) from a time on, for good; one that has run out may be, too."""

    spec: ClassVar = Spec(
        event="certificate:cancel",
        chains=("account",),
        roles=_CUSTODIAN,
        versions=("certificate",),
        words=Words("注销执法证件", "Certificate cancelled"),
        follows="the certificate is not cancelled; the time lies behind its first and not in the future",
        columns=_STATED,
    )
    from_: Time = Field(alias="from")
    to: Literal[CertificateState.CANCELLED]
    reason: SaltedText


class CertificateVerify(Act):
    """A certificate passed its annual verification (年审)."""

    spec: ClassVar = Spec(
        event="certificate:verify",
        chains=("account",),
        roles=_CUSTODIAN,
        versions=("certificate",),
        words=Words("执法证件年审", "Certificate verified for the year"),
        follows="the certificate is valid or suspended; the time lies behind its first and not in the future",
        columns={"n": "certificates.version", "verified_at": "certificates.verified_at"},
    )
    verified_at: Time
    reason: SaltedText | None = None
