"""The leaf of a role that was held from when to when otherwise than was said."""

from typing import ClassVar

from pydantic import Field

from schemas.act import Act, Spec
from schemas.actor import Role
from schemas.members import LeafDigest, Time
from schemas.opening import SaltedText
from schemas.words import Words


class RoleAmend(Act):
    """From when to when a role was held is said anew, whole; `grant` is the digest of the leaf that gave it.

    What was said before stays known for its time: acts are judged by what was known when they were done.
    """

    spec: ClassVar = Spec(
        event="role:amend",
        chains=("account",),
        roles=frozenset({Role.ADMIN, Role.SECURITY}),
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
