"""Leaves of recusal (回避): a named person is barred from a case, and no longer; they stand in the case's chain.

Administrative Penalty Law (2021) art. 43: whoever has an interest stays away, the party may ask for it, the head decides,
and the investigation does not stop meanwhile. So a bar never moves the case.
"""

from enum import StrEnum
from typing import ClassVar

from schemas.act import Act, Spec
from schemas.actor import Role
from schemas.members import LeafDigest
from schemas.opening import SaltedText
from schemas.reference import AccountReference
from schemas.words import Words

_HEAD = frozenset({Role.HEAD})
_THEMSELVES = frozenset(
    {
        *(Role.OFFICER, Role.AUXILIARY, Role.HANDLER, Role.EVIDENCE_REVIEWER, Role.LEGAL_REVIEWER),
        *(Role.SUPERVISOR, Role.INSPECTOR),
    }
)
"""Who may have to do with a case, and so stay away from it by their own word."""


class RecusalGround(StrEnum):
    """Who wanted it: the person themselves, the head, or a party whose request the head granted."""

    OWN = "own"
    HEAD = "head"
    PARTY = "party"


class RecusalBar(Act):
    """A person is barred from a case, from now on; their own word suffices, else the head decides."""

    spec: ClassVar = Spec(
        event="recusal:bar",
        chains=("case",),
        roles=_HEAD | _THEMSELVES,
        words=Words("回避", "Barred from the case"),
        follows="the person is not barred; whoever is no head bars themselves alone",
        columns={
            "subject": "recusals.id",
            "person": "recusals.account_id",
            "ground": "recusals.ground",
            "actor": "recusals.barred_by",
            "at": "recusals.barred_at",
            "reason": "recusals.reason",
        },
    )
    person: AccountReference
    ground: RecusalGround
    reason: SaltedText


class RecusalLift(Act):
    """A bar ends; `bar` is the digest of the leaf that made it."""

    spec: ClassVar = Spec(
        event="recusal:lift",
        chains=("case",),
        roles=_HEAD,
        words=Words("解除回避", "No longer barred"),
        follows="the bar stands, and is that of somebody else",
        columns={
            "bar": "recusals.leaf",
            "actor": "recusals.lifted_by",
            "at": "recusals.lifted_at",
            "reason": "recusals.lift_reason",
        },
    )
    bar: LeafDigest
    reason: SaltedText
