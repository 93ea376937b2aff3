"""Leaves of what the people say whom a capture names: "I was there", "I was not", and what came of a denial."""

from dataclasses import replace
from enum import StrEnum
from typing import ClassVar, Literal

from schemas.act import Act, Spec
from schemas.actor import Role
from schemas.members import LeafDigest
from schemas.opening import SaltedText
from schemas.reference import AccountReference, CertificateReference
from schemas.words import Words

_ANYBODY = frozenset(Role)
_ANSWERED = {
    "subject": "presences.id",
    "person": "presences.account_id",
    "certificate": "presences.certificate_id",
    "way": "presences.way",
    "at": "presences.answered_at",
}


class PresenceWay(StrEnum):
    """How the person who was named proved to be that person: by own log-in, or by a code that a colleague scanned."""

    LOGIN = "login"
    SCAN = "scan"


class PresenceConfirm(Act):
    """Somebody whom a capture names was there; `certificate` is the one that names them."""

    spec: ClassVar = Spec(
        event="presence:confirm",
        chains=("manifest",),
        roles=_ANYBODY,
        words=Words("本人确认在场", "Presence confirmed"),
        follows="the manifest is kept; the person has answered nothing yet",
        columns=_ANSWERED,
    )
    person: AccountReference
    certificate: CertificateReference
    way: PresenceWay


class PresenceConfirmByCode(Act):
    """As version 1, by a code that a colleague showed on the spot: `partner`, whom the same capture names."""

    spec: ClassVar = replace(
        PresenceConfirm.spec,
        ev=2,
        follows="the manifest is kept; the person has answered nothing yet, and is not the partner",
        columns={**_ANSWERED, "partner": "presences.partner_id"},
    )
    person: AccountReference
    certificate: CertificateReference
    way: Literal[PresenceWay.SCAN]
    partner: AccountReference


class PresenceDeny(Act):
    """Somebody whom a capture names was not there; also after having confirmed it, and after the seal."""

    spec: ClassVar = Spec(
        event="presence:deny",
        chains=("manifest",),
        roles=_ANYBODY,
        words=Words("本人否认在场", "Presence denied"),
        follows="the manifest is kept; the person has not denied it yet",
        columns={**_ANSWERED, "reason": "presences.reason"},
    )
    person: AccountReference
    certificate: CertificateReference
    way: PresenceWay
    reason: SaltedText


class PresenceSettle(Act):
    """The head says what came of a denial; `denial` is the digest of its leaf. Nothing that was sealed changes by it."""

    spec: ClassVar = Spec(
        event="presence:settle",
        chains=("manifest",),
        roles=frozenset({Role.HEAD}),
        words=Words("否认在场的处理", "Denial settled"),
        follows="the denial stands in this chain and nobody has settled it",
        columns={
            "denial": "presences.leaf",
            "text": "presences.settlement",
            "actor": "presences.settled_by",
            "at": "presences.settled_at",
        },
    )
    denial: LeafDigest
    text: SaltedText
