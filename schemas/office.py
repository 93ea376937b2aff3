"""By which role somebody acted: what the register said of it when they did (行事时的岗位)."""

from collections.abc import Iterable
from datetime import datetime

from schemas.actor import Role
from schemas.base import Frozen


class Office(Frozen):
    """A role that somebody held when they acted, from when to when, as the register had said it since `known_from`.

    `is_said`: it still says that the role was held then; else it was corrected since, and the act stays judged by this.
    """

    role: Role
    valid_from: datetime
    valid_until: datetime | None
    known_from: datetime
    is_said: bool


Held = tuple[Office, ...]


def carrying(held: Held, roles: Iterable[Role]) -> Held:
    """Return those of the roles held that carry an act."""
    allowed = frozenset(roles)
    return tuple(one for one in held if one.role in allowed)
