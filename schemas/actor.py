"""Who acts: kinds, roles with dates, and which roles nobody holds together.

Roles are those of the role matrix (field officer, auxiliary, custodian, head, legal reviewer, supervisor,
inspector, party, administrator) plus ours: *handler*, who opens and runs own cases and never reviews
them; *evidence reviewer*, the first of the two people who look at a monitoring record (the legal reviewer is the
second); *security* and *trail reader*, apart from the administrator; and *source*, a machine account that hands in what
its fixed equipment records. What they may do is `schemas.policy`.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from schemas.base import Frozen
from schemas.ids import AccountId, AgencyId


class Role(StrEnum):
    """The roles an account may hold in its agency."""

    OFFICER = "officer"
    AUXILIARY = "auxiliary"
    HANDLER = "handler"
    HEAD = "head"
    CUSTODIAN = "custodian"
    EVIDENCE_REVIEWER = "evidence_reviewer"
    LEGAL_REVIEWER = "legal_reviewer"
    SOURCE = "source"
    SUPERVISOR = "supervisor"
    INSPECTOR = "inspector"
    PARTY = "party"
    ADMIN = "admin"
    SECURITY = "security"
    TRAIL_READER = "trail_reader"


class ActorKind(StrEnum):
    """What acted: a person's account, capturing hardware, or the system itself."""

    ACCOUNT = "account"
    DEVICE = "device"
    SERVICE = "service"


class Grant(Frozen):
    """A role as it is held: from `since` until `until`, which is the earlier of its appointed end and of its real one."""

    role: Role
    since: datetime
    until: datetime | None = None

    def stands(self, at: datetime) -> bool:
        """Say whether the role is held at a time."""
        return self.since <= at and (self.until is None or at < self.until)


class Actor(Frozen):
    """Somebody who has proved who they are, with the roles they hold.

    `agency_ids` are the own agency and, for who supervises or administers, those below it; `entrusted_ids` the bodies
    that act in its name (Administrative Penalty Law art. 20).
    """

    id: UUID
    kind: ActorKind
    agency_id: AgencyId
    agency_ids: frozenset[AgencyId]
    entrusted_ids: frozenset[AgencyId] = frozenset()
    grants: tuple[Grant, ...] = ()
    name: str
    login: str = ""
    agency_name: str = ""
    certificates: frozenset[str] = frozenset()
    is_machine: bool = False

    @property
    def roles(self) -> frozenset[Role]:
        """The roles that were held when it was found out who asks."""
        return frozenset(one.role for one in self.grants)

    @property
    def account_id(self) -> AccountId:
        """The account that acts, where the policy lets no device come: judging, scoring, answering."""
        return AccountId(self.id)

    @property
    def reference(self) -> str:
        """The opaque form that enters custody leaves."""
        return f"{self.kind.value}/{self.id}"


class Reach(StrEnum):
    """How far a grant of a role goes, as its leaf states it."""

    AGENCY = "agency"
    OWN = "own"


GRANTABLE: tuple[Role, ...] = tuple(role for role in Role if role not in (Role.SOURCE, Role.PARTY))
"""What a person may be given: a source is a machine's, and a party is nobody of ours."""


ADMINISTERING = frozenset({Role.ADMIN, Role.SECURITY, Role.TRAIL_READER})
"""System, security and trail: three people where a site is large enough, or one (GB/T 22239-2019, level 3).

Where nobody is security administrator, the administrator is that too (`storage.reads.account.joins_security`).
"""


def joined(roles: Iterable[Role]) -> list[Role]:
    """Return which of the administrators' roles are joined in one person; nothing where they are apart."""
    held = sorted(ADMINISTERING.intersection(roles))
    return held if len(held) > 1 else []


def stands_apart(roles: Iterable[Role]) -> bool:
    """Say whether nobody may hold these roles together: whoever administers sees no content and judges nothing."""
    held = set(roles)
    return bool(held & ADMINISTERING) and not held <= ADMINISTERING
