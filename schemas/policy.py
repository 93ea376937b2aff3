"""The one policy function: who may do what to which subject, and when.

Deny by default: an action that no rule below grants is refused, and so is one on a subject to which the actor has no
relation that the rule asks for. `storage.reads.policy` is the same question in SQL, for lists.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import Flag, StrEnum, auto

from schemas.actor import Actor, ActorKind, Role
from schemas.base import Frozen
from schemas.errors import Refused
from schemas.ids import AgencyId
from schemas.refusals_actor import PERMISSION_MISSING


class Action(StrEnum):
    """Everything that can be asked of the system; the value is the permission's name in a refusal."""

    RECORDING_SUBMIT = "recording:submit"
    RECORDING_COUNT = "recording:count"
    RECORDING_VIEW = "recording:view"
    RECORDING_WATCH = "recording:watch"
    APPROVAL_ASK = "approval:ask"
    APPROVAL_GIVE = "approval:give"
    CASE_OPEN = "case:open"
    CASE_VIEW = "case:view"
    CASE_PARTY = "case:party"
    CASE_LINK = "case:link"
    CASE_EXPORT = "case:export"
    CASE_RUN = "case:run"
    CASE_DECIDE = "case:decide"
    CASE_REVIEW = "case:review"
    EQUIPMENT_VIEW = "equipment:view"
    EQUIPMENT_KEEP = "equipment:keep"
    MONITORING_SUBMIT = "monitoring:submit"
    MONITORING_VIEW = "monitoring:view"
    MONITORING_PARTY = "monitoring:party"
    MONITORING_REVIEW_FIRST = "monitoring:review-first"
    MONITORING_REVIEW_SECOND = "monitoring:review-second"
    MONITORING_NOTIFY = "monitoring:notify"
    MONITORING_LINK = "monitoring:link"
    AUDIT_VIEW = "audit:view"
    AUDIT_DEFINE = "audit:define"
    AUDIT_CONFIRM = "audit:confirm"
    AUDIT_SCORE = "audit:score"
    AUDIT_RESULT = "audit:result"
    RECTIFICATION_VIEW = "rectification:view"
    RECTIFICATION_ANSWER = "rectification:answer"
    RECTIFICATION_VERIFY = "rectification:verify"
    CERTIFICATE_VIEW = "certificate:view"
    CERTIFICATE_KEEP = "certificate:keep"
    DEVICE_VIEW = "device:view"
    DEVICE_ENROL = "device:enrol"
    DEVICE_REVOKE = "device:revoke"
    DEVICE_KEEP = "device:keep"
    CUSTODY_VIEW = "custody:view"
    ACCOUNT_VIEW = "account:view"
    ACCOUNT_KEEP = "account:keep"
    ACCOUNT_UNLOCK = "account:unlock"
    ROLE_GRANT = "role:grant"
    AGENCY_KEEP = "agency:keep"
    DUTY_KEEP = "duty:keep"
    DUTY_VIEW = "duty:view"
    FINDING_ANSWER = "finding:answer"
    NOTE_KEEP = "note:keep"
    RECORDING_EXAMINE = "recording:examine"
    RETENTION_MARK = "retention:mark"
    SETTING_VIEW = "setting:view"
    SETTING_KEEP = "setting:keep"
    WORK_VIEW = "work:view"
    LOOK_VIEW = "look:view"
    LIKENESS_VIEW = "likeness:view"
    TRAIL_VIEW = "trail:view"


class Relation(Flag):
    """How a subject stands to an actor: what a rule of the policy reaches.

    Attributes:
        OWN: Sent or captured by the actor; a case in which such a recording stands; what waits for the actor by name.
        HANDLED: The actor is a handler of the case, or of the case in which the recording stands.
        ASSIGNED: A round of legal review of the case is open, or the actor gave the opinion of one.
        JUDGED: A monitoring record that waits for an opinion, or on which the actor gave one; and its media.
        MONITORED: Media of a monitoring record.
        SAMPLED: Drawn by an audit of the actor's agencies, or answered to one.
        INSPECTED: Drawn by an audit whose inspector the actor is, or answered to one.
        APPROVED: Opened to the actor by name, until a time.
        AUDITED: An audit of the actor's own agency; before the freeze whoever may define it sees it, and nobody else.
        UNIT: Of the actor's own agency.
        SUBTREE: Of an agency that the actor supervises or administers.
        MENDED: Named by a rectification of the actor's own agency that is open: the case or recording it was found in.
        ENTRUSTED: Of a body that acts in the name of the actor's agency (Administrative Penalty Law art. 20).
    """

    OWN = auto()
    HANDLED = auto()
    ASSIGNED = auto()
    JUDGED = auto()
    MONITORED = auto()
    SAMPLED = auto()
    INSPECTED = auto()
    AUDITED = auto()
    APPROVED = auto()
    UNIT = auto()
    SUBTREE = auto()
    ENTRUSTED = auto()
    MENDED = auto()


NONE = Relation(0)
NEAR = Relation.OWN | Relation.HANDLED | Relation.ASSIGNED | Relation.JUDGED | Relation.MONITORED
"""Count within the own agency and the bodies it entrusts only."""
FAR = Relation.SAMPLED | Relation.INSPECTED | Relation.AUDITED | Relation.APPROVED | Relation.MENDED
"""Count wherever the subject is: the audit, the approval or the rectification that made them says how far."""


class Subject(Frozen):
    """What the policy needs to know of the thing asked for; `related` leaves out what follows from its agency."""

    agency_id: AgencyId
    related: Relation = NONE


_OWN, _HANDLED, _ASSIGNED, _JUDGED = Relation.OWN, Relation.HANDLED, Relation.ASSIGNED, Relation.JUDGED
_SAMPLED, _INSPECTED, _APPROVED = Relation.SAMPLED, Relation.INSPECTED, Relation.APPROVED
_MENDED = Relation.MENDED
_UNIT, _TREE, _NAME = Relation.UNIT, Relation.SUBTREE, Relation.UNIT | Relation.ENTRUSTED

POLICY: Mapping[Role, Mapping[Action, Relation]] = {
    Role.OFFICER: {
        Action.NOTE_KEEP: _OWN,
        Action.RECORDING_SUBMIT: _UNIT,
        Action.DUTY_KEEP: _OWN,
        Action.FINDING_ANSWER: _OWN,
        Action.APPROVAL_ASK: _UNIT,
        Action.RECORDING_VIEW: _OWN | _APPROVED,
        Action.RECORDING_WATCH: _OWN | _APPROVED,
        Action.CASE_VIEW: _OWN,
        Action.CUSTODY_VIEW: _UNIT,
    },
    Role.AUXILIARY: {
        Action.NOTE_KEEP: _OWN,
        Action.RECORDING_SUBMIT: _UNIT,
        Action.DUTY_KEEP: _OWN,
        Action.FINDING_ANSWER: _OWN,
        Action.APPROVAL_ASK: _UNIT,
        Action.RECORDING_VIEW: _OWN | _APPROVED,
        Action.RECORDING_WATCH: _OWN | _APPROVED,
    },
    Role.HANDLER: {
        Action.NOTE_KEEP: _OWN | _HANDLED,
        Action.RECORDING_SUBMIT: _UNIT,
        Action.FINDING_ANSWER: _OWN,
        Action.APPROVAL_ASK: _UNIT,
        Action.RECORDING_VIEW: _OWN | _HANDLED | Relation.MONITORED | _APPROVED | _MENDED,
        Action.RECORDING_WATCH: _OWN | _HANDLED | Relation.MONITORED | _APPROVED | _MENDED,
        Action.LIKENESS_VIEW: _HANDLED | Relation.MONITORED,
        Action.CASE_OPEN: _UNIT,
        Action.CASE_VIEW: _HANDLED | _MENDED,
        Action.CASE_PARTY: _HANDLED,
        Action.CASE_LINK: _HANDLED,
        Action.CASE_EXPORT: _HANDLED,
        Action.CUSTODY_VIEW: _UNIT,
        Action.CASE_RUN: _HANDLED,
        Action.EQUIPMENT_VIEW: _UNIT,
        Action.MONITORING_VIEW: _UNIT,
        Action.MONITORING_PARTY: _UNIT,
        Action.MONITORING_NOTIFY: _UNIT,
        Action.MONITORING_LINK: _UNIT,
        Action.RECTIFICATION_VIEW: _UNIT,
        Action.RECTIFICATION_ANSWER: _UNIT,
        Action.LOOK_VIEW: _HANDLED,
    },
    Role.HEAD: {
        Action.NOTE_KEEP: _NAME,
        Action.DUTY_VIEW: _UNIT,
        Action.SETTING_VIEW: _UNIT,
        Action.CERTIFICATE_VIEW: _UNIT,
        Action.APPROVAL_GIVE: _NAME,
        Action.RETENTION_MARK: _UNIT,
        Action.RECORDING_VIEW: _NAME | _MENDED,
        Action.RECORDING_WATCH: _NAME | _MENDED,
        Action.LIKENESS_VIEW: _NAME,
        Action.CASE_OPEN: _UNIT,
        Action.CASE_VIEW: _NAME | _MENDED,
        Action.CASE_PARTY: _NAME,
        Action.CASE_LINK: _UNIT,
        Action.CASE_EXPORT: _NAME,
        Action.CUSTODY_VIEW: _UNIT,
        Action.CASE_RUN: _UNIT,
        Action.CASE_DECIDE: _NAME,
        Action.EQUIPMENT_VIEW: _UNIT,
        Action.MONITORING_VIEW: _NAME,
        Action.MONITORING_PARTY: _NAME,
        Action.AUDIT_VIEW: _UNIT | Relation.AUDITED,
        Action.AUDIT_RESULT: _UNIT | Relation.AUDITED,
        Action.RECTIFICATION_VIEW: _UNIT,
        Action.RECTIFICATION_ANSWER: _UNIT,
        Action.LOOK_VIEW: _NAME,
    },
    Role.CUSTODIAN: {
        Action.NOTE_KEEP: _UNIT,
        Action.DUTY_KEEP: _UNIT,
        Action.DUTY_VIEW: _UNIT,
        Action.SETTING_VIEW: _UNIT,
        Action.CERTIFICATE_VIEW: _UNIT,
        Action.CERTIFICATE_KEEP: _UNIT,
        Action.APPROVAL_ASK: _UNIT,
        Action.RECORDING_VIEW: _UNIT | _APPROVED,
        Action.RECORDING_WATCH: _APPROVED,
        Action.RECORDING_EXAMINE: _UNIT,
        Action.DEVICE_VIEW: _UNIT,
        Action.DEVICE_ENROL: _UNIT,
        Action.DEVICE_REVOKE: _UNIT,
        Action.DEVICE_KEEP: _UNIT,
        Action.CUSTODY_VIEW: _UNIT,
        Action.EQUIPMENT_VIEW: _UNIT,
        Action.EQUIPMENT_KEEP: _UNIT,
        Action.MONITORING_VIEW: _UNIT,
    },
    Role.LEGAL_REVIEWER: {
        Action.NOTE_KEEP: _ASSIGNED,
        Action.APPROVAL_ASK: _UNIT,
        Action.RECORDING_VIEW: _ASSIGNED | _JUDGED | _APPROVED,
        Action.RECORDING_WATCH: _ASSIGNED | _JUDGED | _APPROVED,
        Action.LIKENESS_VIEW: _ASSIGNED | _JUDGED,
        Action.CASE_VIEW: _ASSIGNED,
        Action.CASE_PARTY: _ASSIGNED,
        Action.CASE_EXPORT: _ASSIGNED,
        Action.CUSTODY_VIEW: _UNIT,
        Action.CASE_REVIEW: _NAME,
        Action.EQUIPMENT_VIEW: _UNIT,
        Action.MONITORING_VIEW: _ASSIGNED | _JUDGED,
        Action.MONITORING_PARTY: _ASSIGNED,
        Action.MONITORING_REVIEW_SECOND: _UNIT,
        Action.RECTIFICATION_VIEW: _UNIT,
    },
    Role.EVIDENCE_REVIEWER: {
        Action.APPROVAL_ASK: _UNIT,
        Action.RECORDING_VIEW: _JUDGED | _APPROVED,
        Action.RECORDING_WATCH: _JUDGED | _APPROVED,
        Action.LIKENESS_VIEW: _JUDGED,
        Action.CUSTODY_VIEW: _UNIT,
        Action.EQUIPMENT_VIEW: _UNIT,
        Action.MONITORING_VIEW: _JUDGED,
        Action.MONITORING_REVIEW_FIRST: _UNIT,
    },
    Role.SOURCE: {
        Action.RECORDING_SUBMIT: _UNIT,
        Action.RECORDING_VIEW: _OWN,
        Action.MONITORING_SUBMIT: _OWN,
    },
    Role.SUPERVISOR: {
        Action.SETTING_VIEW: _TREE,
        Action.RECORDING_COUNT: _TREE,
        Action.APPROVAL_ASK: _TREE,
        Action.RECORDING_VIEW: _SAMPLED | _APPROVED,
        Action.RECORDING_WATCH: _SAMPLED | _APPROVED,
        Action.LIKENESS_VIEW: _SAMPLED,
        Action.CASE_VIEW: _SAMPLED,
        Action.CUSTODY_VIEW: _TREE,
        Action.EQUIPMENT_VIEW: _TREE,
        Action.MONITORING_VIEW: _SAMPLED,
        Action.AUDIT_VIEW: _TREE | Relation.AUDITED,
        Action.AUDIT_RESULT: _TREE | Relation.AUDITED,
        Action.AUDIT_DEFINE: _TREE,
        Action.AUDIT_CONFIRM: _TREE,
        Action.RECTIFICATION_VIEW: _TREE,
        Action.RECTIFICATION_VERIFY: _TREE,
    },
    Role.INSPECTOR: {
        Action.RECORDING_VIEW: _INSPECTED,
        Action.RECORDING_WATCH: _INSPECTED,
        Action.LIKENESS_VIEW: _INSPECTED,
        Action.CASE_VIEW: _INSPECTED,
        Action.CASE_PARTY: _INSPECTED,
        Action.CUSTODY_VIEW: _UNIT,
        Action.MONITORING_VIEW: _INSPECTED,
        Action.MONITORING_PARTY: _INSPECTED,
        Action.AUDIT_VIEW: _INSPECTED | _OWN,
        Action.AUDIT_CONFIRM: _TREE,
        Action.AUDIT_SCORE: _INSPECTED,
        Action.AUDIT_RESULT: _INSPECTED,
        Action.RECTIFICATION_VIEW: _INSPECTED,
    },
    Role.PARTY: {},
    Role.ADMIN: {
        Action.DEVICE_VIEW: _TREE,
        Action.CUSTODY_VIEW: _TREE,
        Action.ACCOUNT_VIEW: _TREE,
        Action.ACCOUNT_KEEP: _TREE,
        Action.AGENCY_KEEP: _TREE,
        Action.SETTING_VIEW: _TREE,
        Action.SETTING_KEEP: _TREE,
        Action.WORK_VIEW: _TREE,
    },
    Role.SECURITY: {
        Action.CUSTODY_VIEW: _TREE,
        Action.ACCOUNT_VIEW: _TREE,
        Action.ACCOUNT_UNLOCK: _TREE,
        Action.ROLE_GRANT: _TREE,
    },
    Role.TRAIL_READER: {
        Action.CUSTODY_VIEW: _TREE,
        Action.TRAIL_VIEW: _TREE,
    },
}
"""Rules of the role matrix; printed as `docs/policy.json`. An officer's case is one in which a recording of their own
stands; a legal reviewer's what waits for review or was reviewed by them; a supervisor sees of others' evidence what was
drawn and counts the rest; who answers a rectification sees the case and the recording it names while it is open; an
inspector the whole of what was drawn for them. Names, codes and telephone numbers of parties are read whole by who works
on the matter (`CASE_PARTY`, `MONITORING_PARTY`), masked by whoever else sees it."""

DEVICE_POLICY: Mapping[Action, Relation] = {
    Action.RECORDING_SUBMIT: Relation.OWN,
    Action.RECORDING_VIEW: Relation.OWN,
    Action.DUTY_KEEP: Relation.OWN,
}


class Scope(Frozen):
    """What an actor may do an action to: everything of some agencies, what is related near by, what is related anywhere.

    Attributes:
        relations: Every relation by which a rule reaches.
        agency_ids: Everything of these agencies.
        near_ids: Of these agencies what stands in one of the relations `NEAR`.
    """

    relations: Relation
    agency_ids: frozenset[AgencyId] = frozenset()
    near_ids: frozenset[AgencyId] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Nothing at all may be asked for."""
        return not self.relations

    @property
    def places(self) -> frozenset[AgencyId]:
        """The agencies in which something may be within it by a relation that is not `FAR`."""
        return self.agency_ids | (self.near_ids if self.relations & NEAR else frozenset())

    def holds(self, subject: Subject) -> bool:
        """Say whether one subject is within it."""
        if subject.agency_id in self.agency_ids:
            return True
        met = self.relations & subject.related
        return bool(met & FAR) or (bool(met & NEAR) and subject.agency_id in self.near_ids)


def _granted(actor: Actor, action: Action, at: datetime) -> Relation:
    if actor.kind is ActorKind.DEVICE:
        return DEVICE_POLICY.get(action, NONE)
    granted = NONE
    for one in actor.grants:
        if one.stands(at):
            granted |= POLICY[one.role].get(action, NONE)
    return granted


def scope(actor: Actor, action: Action, at: datetime) -> Scope:
    """Return what the actor may do `action` to at a time; every collection query starts from this."""
    granted = _granted(actor, action, at)
    if not granted:
        return Scope(relations=NONE)
    wide: frozenset[AgencyId] = frozenset()
    for relation, reached in (
        (Relation.UNIT, frozenset({actor.agency_id})),
        (Relation.SUBTREE, actor.agency_ids),
        (Relation.ENTRUSTED, actor.entrusted_ids),
    ):
        if relation in granted:
            wide |= reached
    return Scope(relations=granted, agency_ids=wide, near_ids=actor.entrusted_ids | {actor.agency_id})


def holds(actor: Actor, action: Action, at: datetime) -> bool:
    """Say whether the actor has the permission at all at a time, on whatever subject: what has a list may be entered."""
    return bool(_granted(actor, action, at))


def may(actor: Actor, action: Action, subject: Subject, at: datetime) -> bool:
    """Say whether `actor` may do `action` to `subject` at the time `at`: roles are held from a time until another."""
    return scope(actor, action, at).holds(subject)


def roles_with(action: Action) -> frozenset[Role]:
    """Return the roles that may do something, whatever it is about."""
    return frozenset(role for role, granted in POLICY.items() if action in granted)


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


def require_scope(actor: Actor, action: Action, at: datetime) -> Scope:
    """Return what a list under `action` may show at a time, for those who may see any of it.

    Raises:
        Refused: the permission is missing on whatever subject (slug `permission-missing`).
    """
    allowed = scope(actor, action, at)
    if allowed.is_empty:
        raise missing(action)
    return allowed
