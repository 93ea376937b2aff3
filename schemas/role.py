"""Roles as they were given to a person: from when to when they were held, as far as that was known at a time (角色任期)."""

from datetime import datetime
from uuid import UUID

from pydantic import model_validator

from schemas.actor import Reach, Role
from schemas.base import Frozen, Moment, Reason, Sha256Hex, WireIn


class RoleAmendIn(WireIn):
    """From when to when a role was held, corrected; a time that is left out stays as it is said.

    `leaf` is the leaf that says what is corrected, as it was seen. `for_good`: the role has no end.
    """

    leaf: Sha256Hex
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    for_good: bool = False
    reason: Reason

    @model_validator(mode="after")
    def _corrects(self) -> "RoleAmendIn":
        if self.valid_from is None and self.valid_until is None and not self.for_good:
            raise ValueError("a time is corrected, or both are")
        if self.valid_until is not None and self.for_good:
            raise ValueError("what has no end has no time of it")
        return self


class RoleFact(Frozen):
    """A role was held in [`valid_from`, `valid_until`), as said in [`known_from`, `known_until`).

    Without `valid_until` it has no end, without `known_until` that is still said. `leaf` is the digest of the leaf that
    said it, hex.
    """

    valid_from: datetime
    valid_until: datetime | None
    known_from: datetime
    known_until: datetime | None
    reason: str | None
    leaf: str

    def holds(self, at: datetime) -> bool:
        """Say whether the role is held at a time by what this says."""
        return self.valid_from <= at and (self.valid_until is None or at < self.valid_until)

    def covers(self, at: datetime, known: datetime) -> bool:
        """Say whether this was said at `known` and the role is held at `at` by it."""
        was_said = self.known_from <= known and (self.known_until is None or known < self.known_until)
        return was_said and self.holds(at)


class Grant(Frozen):
    """A role as it was given by `leaf`; `facts` is all that was ever said of it, one at least, what was said last first."""

    id: UUID
    role: Role
    reach: Reach
    leaf: str
    facts: tuple[RoleFact, ...]

    @property
    def said(self) -> RoleFact | None:
        """What is said of it now; None where it ended before it began."""
        last = self.facts[0]
        return last if last.known_until is None else None

    @property
    def granted_at(self) -> datetime:
        """When it was given."""
        return self.facts[-1].known_from

    @property
    def valid_from(self) -> datetime:
        """When it began, or was to begin."""
        return self.facts[0].valid_from

    @property
    def valid_until(self) -> datetime | None:
        """When it ends, by its date or by hand; when it began where it ended before that, None where nobody knows."""
        return self.facts[0].valid_until if self.said else self.valid_from

    def stands(self, at: datetime) -> bool:
        """Say whether the role is held at a time, by what is said now."""
        return self.said is not None and self.said.holds(at)

    def is_over(self, at: datetime) -> bool:
        """Say whether the role is held neither at a time nor later."""
        return self.said is None or (self.valid_until is not None and self.valid_until <= at)

    def fact_at(self, at: datetime, known: datetime) -> RoleFact | None:
        """Return what was said at `known` of the time `at`; None: the role was not held then, as far as was known."""
        return next((one for one in self.facts if one.covers(at, known)), None)
