"""Who acts, and the one policy function: who may do what to which subject, and when.

Roles are those of the role matrix (field officer, auxiliary, custodian, head, legal reviewer, supervisor,
inspector, party, administrator) plus three of ours: *handler*, who opens and runs own cases and never reviews
them; *evidence reviewer*, the first of the two people who look at a monitoring record (the legal reviewer is the
second); and *source*, a machine account that hands in what its fixed equipment records. Deny by default: an
action that no rule below grants is refused, and so is one on a subject outside the actor's agencies.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from schemas.base import Frozen
from schemas.errors import Refused
from schemas.ids import AccountId, AgencyId
from schemas.refusals_actor import PERMISSION_MISSING


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


class Action(StrEnum):
    """Everything that can be asked of the system; the value is the permission's name in a refusal."""

    RECORDING_SUBMIT = "recording:submit"
    RECORDING_VIEW = "recording:view"
    RECORDING_WATCH = "recording:watch"
    CASE_OPEN = "case:open"
    CASE_VIEW = "case:view"
    CASE_LINK = "case:link"
    CASE_EXPORT = "case:export"
    CASE_RUN = "case:run"
    CASE_DECIDE = "case:decide"
    CASE_REVIEW = "case:review"
    EQUIPMENT_VIEW = "equipment:view"
    EQUIPMENT_KEEP = "equipment:keep"
    MONITORING_SUBMIT = "monitoring:submit"
    MONITORING_VIEW = "monitoring:view"
    MONITORING_REVIEW_FIRST = "monitoring:review-first"
    MONITORING_REVIEW_SECOND = "monitoring:review-second"
    MONITORING_NOTIFY = "monitoring:notify"
    MONITORING_LINK = "monitoring:link"
    AUDIT_VIEW = "audit:view"
    AUDIT_DEFINE = "audit:define"
    AUDIT_CONFIRM = "audit:confirm"
    AUDIT_SCORE = "audit:score"
    RECTIFICATION_VIEW = "rectification:view"
    RECTIFICATION_ANSWER = "rectification:answer"
    RECTIFICATION_VERIFY = "rectification:verify"
    DEVICE_VIEW = "device:view"
    DEVICE_ENROL = "device:enrol"
    DEVICE_REVOKE = "device:revoke"
    CUSTODY_VIEW = "custody:view"
    ACCOUNT_VIEW = "account:view"
    ACCOUNT_KEEP = "account:keep"
    ACCOUNT_UNLOCK = "account:unlock"
    ROLE_GRANT = "role:grant"
    AGENCY_KEEP = "agency:keep"
    WORK_VIEW = "work:view"
    LOOK_VIEW = "look:view"
    TRAIL_VIEW = "trail:view"


class Actor(Frozen):
    """Somebody who has proved who they are. `agency_ids` are the agencies whose subjects may be asked for."""

    id: UUID
    kind: ActorKind
    agency_id: AgencyId
    agency_ids: frozenset[AgencyId]
    roles: frozenset[Role]
    name: str
    login: str = ""
    agency_name: str = ""
    certificates: frozenset[str] = frozenset()
    is_machine: bool = False

    @property
    def account_id(self) -> AccountId:
        """The account that acts, where the policy lets no device come: judging, scoring, answering."""
        return AccountId(self.id)

    @property
    def reference(self) -> str:
        """The opaque form that enters custody leaves."""
        return f"{self.kind.value}/{self.id}"


class Subject(Frozen):
    """What the policy needs to know of the thing asked for."""

    agency_id: AgencyId
    is_own: bool = False


class Reach(StrEnum):
    """How far a role's permission goes inside the actor's agencies."""

    AGENCY = "agency"
    OWN = "own"


_OWN, _ALL = Reach.OWN, Reach.AGENCY

POLICY: Mapping[Role, Mapping[Action, Reach]] = {
    Role.OFFICER: {
        Action.RECORDING_SUBMIT: _ALL,
        Action.RECORDING_VIEW: _OWN,
        Action.RECORDING_WATCH: _OWN,
        Action.CASE_VIEW: _OWN,
        Action.CUSTODY_VIEW: _ALL,
    },
    Role.AUXILIARY: {
        Action.RECORDING_SUBMIT: _ALL,
        Action.RECORDING_VIEW: _OWN,
        Action.RECORDING_WATCH: _OWN,
    },
    Role.HANDLER: {
        Action.RECORDING_SUBMIT: _ALL,
        Action.RECORDING_VIEW: _OWN,
        Action.RECORDING_WATCH: _OWN,
        Action.CASE_OPEN: _ALL,
        Action.CASE_VIEW: _OWN,
        Action.CASE_LINK: _OWN,
        Action.CASE_EXPORT: _OWN,
        Action.CUSTODY_VIEW: _ALL,
        Action.CASE_RUN: _OWN,
        Action.EQUIPMENT_VIEW: _ALL,
        Action.MONITORING_VIEW: _ALL,
        Action.MONITORING_NOTIFY: _ALL,
        Action.MONITORING_LINK: _ALL,
        Action.RECTIFICATION_VIEW: _ALL,
        Action.RECTIFICATION_ANSWER: _ALL,
        Action.LOOK_VIEW: _OWN,
    },
    Role.HEAD: {
        Action.RECORDING_VIEW: _ALL,
        Action.RECORDING_WATCH: _ALL,
        Action.CASE_OPEN: _ALL,
        Action.CASE_VIEW: _ALL,
        Action.CASE_LINK: _ALL,
        Action.CASE_EXPORT: _ALL,
        Action.CUSTODY_VIEW: _ALL,
        Action.CASE_RUN: _ALL,
        Action.CASE_DECIDE: _ALL,
        Action.EQUIPMENT_VIEW: _ALL,
        Action.MONITORING_VIEW: _ALL,
        Action.AUDIT_VIEW: _ALL,
        Action.RECTIFICATION_VIEW: _ALL,
        Action.RECTIFICATION_ANSWER: _ALL,
        Action.LOOK_VIEW: _ALL,
    },
    Role.CUSTODIAN: {
        Action.RECORDING_VIEW: _ALL,
        Action.DEVICE_VIEW: _ALL,
        Action.DEVICE_ENROL: _ALL,
        Action.DEVICE_REVOKE: _ALL,
        Action.CUSTODY_VIEW: _ALL,
        Action.EQUIPMENT_VIEW: _ALL,
        Action.EQUIPMENT_KEEP: _ALL,
        Action.MONITORING_VIEW: _ALL,
    },
    Role.LEGAL_REVIEWER: {
        Action.RECORDING_VIEW: _ALL,
        Action.RECORDING_WATCH: _ALL,
        Action.CASE_VIEW: _ALL,
        Action.CASE_EXPORT: _ALL,
        Action.CUSTODY_VIEW: _ALL,
        Action.CASE_REVIEW: _ALL,
        Action.EQUIPMENT_VIEW: _ALL,
        Action.MONITORING_VIEW: _ALL,
        Action.MONITORING_REVIEW_SECOND: _ALL,
        Action.RECTIFICATION_VIEW: _ALL,
    },
    Role.EVIDENCE_REVIEWER: {
        Action.RECORDING_VIEW: _ALL,
        Action.RECORDING_WATCH: _ALL,
        Action.CUSTODY_VIEW: _ALL,
        Action.EQUIPMENT_VIEW: _ALL,
        Action.MONITORING_VIEW: _ALL,
        Action.MONITORING_REVIEW_FIRST: _ALL,
    },
    Role.SOURCE: {
        Action.RECORDING_SUBMIT: _ALL,
        Action.RECORDING_VIEW: _OWN,
        Action.MONITORING_SUBMIT: _OWN,
    },
    Role.SUPERVISOR: {
        Action.RECORDING_VIEW: _ALL,
        Action.CASE_VIEW: _ALL,
        Action.CUSTODY_VIEW: _ALL,
        Action.EQUIPMENT_VIEW: _ALL,
        Action.MONITORING_VIEW: _ALL,
        Action.AUDIT_VIEW: _ALL,
        Action.AUDIT_DEFINE: _ALL,
        Action.AUDIT_CONFIRM: _ALL,
        Action.RECTIFICATION_VIEW: _ALL,
        Action.RECTIFICATION_VERIFY: _ALL,
    },
    Role.INSPECTOR: {
        Action.RECORDING_VIEW: _OWN,
        Action.RECORDING_WATCH: _OWN,
        Action.CUSTODY_VIEW: _ALL,
        Action.AUDIT_VIEW: _OWN,
        Action.AUDIT_CONFIRM: _ALL,
        Action.AUDIT_SCORE: _OWN,
        Action.RECTIFICATION_VIEW: _OWN,
    },
    Role.PARTY: {},
    Role.ADMIN: {
        Action.DEVICE_VIEW: _ALL,
        Action.CUSTODY_VIEW: _ALL,
        Action.ACCOUNT_VIEW: _ALL,
        Action.ACCOUNT_KEEP: _ALL,
        Action.ACCOUNT_UNLOCK: _ALL,
        Action.ROLE_GRANT: _ALL,
        Action.AGENCY_KEEP: _ALL,
        Action.WORK_VIEW: _ALL,
    },
    Role.SECURITY: {
        Action.CUSTODY_VIEW: _ALL,
        Action.ACCOUNT_VIEW: _ALL,
        Action.ACCOUNT_UNLOCK: _ALL,
        Action.ROLE_GRANT: _ALL,
    },
    Role.TRAIL_READER: {
        Action.CUSTODY_VIEW: _ALL,
        Action.TRAIL_VIEW: _ALL,
    },
}
"""Rules of the role matrix. A supervisor and a custodian see facts and verdicts, not the media itself; an
inspector sees what was drawn and assigned to them, and nothing else."""

GRANTABLE: tuple[Role, ...] = tuple(role for role in Role if role not in (Role.SOURCE, Role.PARTY))
"""What a person may be given: a source is a machine's, and a party is nobody of ours."""


ADMINISTERING = frozenset({Role.ADMIN, Role.SECURITY, Role.TRAIL_READER})
"""System, security and trail: three people where a site is large enough, or one (GB/T 22239-2019, level 3)."""


def stands_apart(roles: Iterable[Role]) -> bool:
    """Say whether nobody may hold these roles together: whoever administers sees no content and judges nothing."""
    held = set(roles)
    return bool(held & ADMINISTERING) and not held <= ADMINISTERING


DEVICE_POLICY: Mapping[Action, Reach] = {
    Action.RECORDING_SUBMIT: Reach.OWN,
    Action.RECORDING_VIEW: Reach.OWN,
}


class Scope(Frozen):
    """What a list may show: the agencies, and whether only the actor's own subjects in them."""

    agency_ids: frozenset[AgencyId]
    own_only: bool

    @property
    def is_empty(self) -> bool:
        """Nothing at all may be shown."""
        return not self.agency_ids


def _reach(actor: Actor, action: Action) -> Reach | None:
    if actor.kind is ActorKind.DEVICE:
        return DEVICE_POLICY.get(action)
    granted = {POLICY[role].get(action) for role in actor.roles}
    if Reach.AGENCY in granted:
        return Reach.AGENCY
    return Reach.OWN if Reach.OWN in granted else None


def holds(actor: Actor, action: Action) -> bool:
    """Say whether the actor has the permission at all, on whatever subject."""
    return _reach(actor, action) is not None


def scope(actor: Actor, action: Action) -> Scope:
    """Return what a list under `action` may show; every collection query starts from this."""
    reach = _reach(actor, action)
    if reach is None:
        return Scope(agency_ids=frozenset(), own_only=True)
    return Scope(agency_ids=actor.agency_ids, own_only=reach is Reach.OWN)


def may(actor: Actor, action: Action, subject: Subject, at: datetime) -> bool:
    """Say whether `actor` may do `action` to `subject` at the time `at`.

    `at` is part of the question because certificates, duties and assignments are facts valid over time.
    """
    del at  # no time-bound grant exists yet; the question is asked with its time from the first day
    reach = _reach(actor, action)
    if reach is None or subject.agency_id not in actor.agency_ids:
        return False
    return reach is Reach.AGENCY or subject.is_own


def missing(action: Action) -> Refused:
    """Return the refusal that names the permission which is missing inside the actor's own scope."""
    return PERMISSION_MISSING(f"the permission {action.value} is missing", permission=action.value)


def require(actor: Actor, action: Action, subject: Subject, at: datetime) -> None:
    """Refuse whoever may not do `action` to `subject`.

    Raises:
        Refused: the permission is missing (slug `permission-missing`).
    """
    if not may(actor, action, subject, at):
        raise missing(action)


def require_scope(actor: Actor, action: Action) -> Scope:
    """Return what a list under `action` may show, for those who may see any of it.

    Raises:
        Refused: the permission is missing on whatever subject (slug `permission-missing`).
    """
    allowed = scope(actor, action)
    if allowed.is_empty:
        raise missing(action)
    return allowed
