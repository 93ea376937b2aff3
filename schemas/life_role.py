"""The life of a role inside its holder's chain: from when to when it was held, and since when that was said."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from schemas.leaf import Leaf
from schemas.leaves_role import RoleAmend, RoleEnd, RoleEndApart, RoleGrant, RoleGrantNamed
from schemas.life import FaultCode, Here, Unlawful, law, told_until
from schemas.life_inside import Committed


class Term(NamedTuple):
    """A time for which a role was held, as told from a time on until another one; `leaf` told it."""

    valid_from: datetime
    valid_until: datetime | None
    known_from: datetime
    known_until: datetime | None
    leaf: str
    reason: Committed | None = None

    def meets(self, since: datetime, until: datetime | None) -> bool:
        """Say whether it shares a time with another one."""
        begins = until is None or self.valid_from < until
        return begins and (self.valid_until is None or since < self.valid_until)


class RoleLife(NamedTuple):
    """A role as it was given; `name` is `role/…`. Of `told` the last is told now, unless it was closed."""

    grant: RoleGrant | RoleGrantNamed
    name: str
    told: tuple[Term, ...]

    @property
    def now(self) -> Term | None:
        """What is told now; None where it ended before it began."""
        return self.told[-1] if self.told and self.told[-1].known_until is None else None


Roles = Mapping[str, RoleLife]
"""Digest of the leaf that gave a role → its life."""


def granted(leaf: Leaf, act: RoleGrant | RoleGrantNamed, here: Here) -> RoleLife:
    """Return a role that is given.

    Raises:
        Unlawful: it ends before it begins.
    """
    law(act.until is None or act.until > act.from_, FaultCode.PERIOD)
    return RoleLife(act, leaf.subject, (Term(act.from_, act.until, leaf.at, None, here.digest),))


def ended(roles: Roles, leaf: Leaf, act: RoleEnd | RoleEndApart, here: Here) -> RoleLife:
    """Return a role that ends now, or before it began.

    Raises:
        Unlawful: no such role, or it is over.
    """
    role, now = _standing(roles, act.grant)
    law(not _is_over(now, leaf.at), FaultCode.GRANT)
    if now.valid_from >= leaf.at:
        return role._replace(told=_closed(role.told, leaf.at))
    new = Term(now.valid_from, leaf.at, leaf.at, None, here.digest, act.reason)
    return role._replace(told=(*_closed(role.told, leaf.at), new))


def amended(roles: Roles, leaf: Leaf, act: RoleAmend, here: Here) -> RoleLife:
    """Return a role of whose time something else is said: what was said before is closed, not lost.

    Raises:
        Unlawful: no such role, the times cannot be, the same is said again, it is over and would come back, or the
            account holds that role within that time by another grant.
    """
    role, now = _standing(roles, act.grant)
    law(act.until is None or act.until > act.from_, FaultCode.PERIOD)
    law((act.from_, act.until) != (now.valid_from, now.valid_until), FaultCode.TWICE)
    is_past = act.until is not None and act.until <= leaf.at
    law(is_past or not _is_over(now, leaf.at), FaultCode.GRANT)
    others = (
        one for digest, one in roles.items() if digest != act.grant and one.grant.role == role.grant.role
    )
    meeting = (one.now is not None and one.now.meets(act.from_, act.until) for one in others)
    law(not any(meeting), FaultCode.TWICE)
    new = Term(act.from_, act.until, leaf.at, None, here.digest, act.reason)
    return role._replace(told=(*_closed(role.told, leaf.at), new))


def _standing(roles: Roles, grant: str) -> tuple[RoleLife, Term]:
    role = roles.get(grant)
    if role is None or role.now is None:
        raise Unlawful(FaultCode.GRANT)
    return role, role.now


def _is_over(now: Term, at: datetime) -> bool:
    return now.valid_until is not None and now.valid_until <= at


def _closed(told: tuple[Term, ...], at: datetime) -> tuple[Term, ...]:
    """Close what is told."""
    return tuple(kept for one in told for kept in told_until(one, at))
