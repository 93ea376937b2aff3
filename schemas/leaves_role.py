"""Leaves of roles: given from a time on, corrected, and ended."""

from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from schemas.act import Act, Spec
from schemas.actor import Role
from schemas.members import LeafDigest, Slug, Time
from schemas.opening import SaltedText
from schemas.words import Words

_ADMIN = frozenset({Role.ADMIN})
_SECURITY = frozenset({Role.ADMIN, Role.SECURITY})
"""A small site joins the two."""


class RoleGrant(Act):
    """A role is given from a time on, until another where that is known."""

    spec: ClassVar = Spec(
        event="role:grant",
        chains=("account",),
        actors=("account", "service"),
        roles=_ADMIN,
        words=Words("授予角色", "Role granted"),
        follows="the account is open",
        columns={
            "subject": "role_grants.grant_id",
            "role": "role_grants.role",
            "reach": "role_grants.reach",
            "from": "role_grants.valid_during",
            "until": "role_grants.valid_during",
            "at": "role_grants.known_during",
        },
    )
    role: Literal[
        "officer",
        "auxiliary",
        "handler",
        "head",
        "custodian",
        "evidence_reviewer",
        "legal_reviewer",
        "source",
        "supervisor",
        "inspector",
        "party",
        "admin",
    ]
    reach: Literal["agency", "own"]
    from_: Time = Field(alias="from")
    until: Time | None = None


class RoleGrantNamed(Act):
    """As version 1, by an administrator or a security administrator; role and reach are named.

    The lists of both live elsewhere and grow: a reader that does not know a name knows who gave it, to whom and when.
    """

    spec: ClassVar = replace(RoleGrant.spec, ev=2, roles=_SECURITY)
    role: Slug
    reach: Slug
    from_: Time = Field(alias="from")
    until: Time | None = None


class RoleEnd(Act):
    """A role ends; `grant` is the digest of the leaf that gave it."""

    spec: ClassVar = Spec(
        event="role:end",
        chains=("account",),
        roles=_ADMIN,
        words=Words("撤销角色", "Role ended"),
        follows="the grant stands",
        columns={
            "grant": "role_grants.grant_leaf",
            "at": "role_grants.valid_during role_grants.known_during",
            "reason": "role_grants.reason",
        },
    )
    grant: LeafDigest
    reason: SaltedText


class RoleEndApart(Act):
    """As version 1, by an administrator or a security administrator."""

    spec: ClassVar = replace(RoleEnd.spec, ev=2, roles=_SECURITY)
    grant: LeafDigest
    reason: SaltedText


class RoleAmend(Act):
    """From when to when a role was held is said anew, whole; `grant` is the digest of the leaf that gave it.

    What was said before stays known for its time: acts are judged by what was known when they were done.
    """

    spec: ClassVar = Spec(
        event="role:amend",
        chains=("account",),
        roles=_SECURITY,
        words=Words("更正角色任期", "Term of a role corrected"),
        follows="the role was given by the leaf that it names; one that is over does not come back",
        columns={
            "subject": "role_grants.grant_id",
            "grant": "role_grants.grant_leaf",
            "from": "role_grants.valid_during",
            "until": "role_grants.valid_during",
            "at": "role_grants.known_during",
            "reason": "role_grants.reason",
        },
    )
    grant: LeafDigest
    from_: Time = Field(alias="from")
    until: Time | None = None
    reason: SaltedText
