"""What waits for a person, by role: one count each, with how much of it is overdue and how old the oldest is.

Every line is answered by an index over what is still open, so that a home page costs the same however much
has been finished.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select, true
from sqlalchemy.sql.selectable import FromClause

from schemas.actor import Actor
from schemas.audit import AuditState, RecheckOutcome
from schemas.base import Frozen
from schemas.case import STEPS as CASE_STEPS
from schemas.case import CaseState
from schemas.certificate import CertificateNeed
from schemas.duty import Duty
from schemas.equipment import EquipmentState
from schemas.export import ExportState
from schemas.leaves_actor import AccountKind
from schemas.monitoring import OPEN_STATES, STAGE_ACTIONS, MonitoringState, ReviewStage
from schemas.policy import Action, scope
from schemas.rectification import STEPS as RECTIFICATION_STEPS
from schemas.review import OpinionWord, ReviewState
from storage.collection import Collection
from storage.reads.account import ends_soon, is_roleless
from storage.reads.certificate import needing
from storage.reads.equipment import certified_until
from storage.reads.login import locked_accounts
from storage.reads.presence import unanswered, unsettled
from storage.reads.recusal import barred
from storage.reads.shift import goes_on_long, is_unexplained
from storage.tables.actor import account_links, accounts, certificates, role_grants
from storage.tables.approval import approvals
from storage.tables.audit import audit_inspectors, audit_rechecks, audit_sample, audit_scores, audits
from storage.tables.case import case_handlers, cases
from storage.tables.equipment import equipment
from storage.tables.export import exports
from storage.tables.monitoring import monitoring_opinions as opinions
from storage.tables.monitoring import monitoring_records as records
from storage.tables.presence import presences
from storage.tables.recording import manifests, recordings
from storage.tables.rectification import rectifications
from storage.tables.review import review_grounds, reviews
from storage.tables.shift import shifts

EXPIRES_SOON = timedelta(days=30)
"""A verification certificate takes weeks to renew; without it nothing the equipment records is evidence."""


class Waiting(Frozen):
    """One line: how many wait, how many of them are overdue, and since when the oldest has waited."""

    duty: Duty
    count: int
    overdue: int
    oldest_at: datetime | None


class _Line(NamedTuple):
    """How a duty is counted: what counts, which of it is overdue, and what says how old it is."""

    source: FromClause
    where: ColumnElement[bool]
    overdue: ColumnElement[bool]
    since: ColumnElement[datetime] | None = None


class Duties(Collection):
    """The home page's counts for one actor."""

    def waiting(self, actor: Actor) -> tuple[Waiting, ...]:
        """Return every line that concerns the actor, in the order of the page; empty ones are left out."""
        return tuple(line for line in self._lines(actor) if line.count)

    def _lines(self, actor: Actor) -> Iterator[Waiting]:
        for duty, (action, line_of) in _DUTIES.items():
            allowed = scope(actor, action, self._now)
            if not allowed.is_empty:
                reaching = actor.model_copy(update={"agency_ids": allowed.places})
                yield self._counted(duty, line_of(reaching, self._now))

    def _counted(self, duty: Duty, line: _Line) -> Waiting:
        oldest = func.min(line.since) if line.since is not None else func.now()
        row = self._connection.execute(
            select(
                func.count().label("number"),
                func.count().filter(line.overdue).label("overdue"),
                oldest.label("oldest_at"),
            )
            .select_from(line.source)
            .where(line.where)
        ).one()
        since = row.oldest_at if line.since is not None and row.number else None
        return Waiting(duty=duty, count=row.number, overdue=row.overdue, oldest_at=since)


_BAD_RECHECKS = (RecheckOutcome.MISMATCH, RecheckOutcome.NOT_CHECKED)


def _inside(column: ColumnElement[object], actor: Actor) -> ColumnElement[bool]:
    return column.in_(sorted(actor.agency_ids))


def _unreviewed(stage: ReviewStage) -> Callable[[Actor, datetime], _Line]:
    def line(actor: Actor, now: datetime) -> _Line:
        taken = exists().where(
            opinions.c.monitoring_id == records.c.id,
            or_(opinions.c.stage == stage, opinions.c.reviewer_id == actor.id),
        )
        is_open = records.c.state.in_(OPEN_STATES)
        return _Line(
            source=records,
            where=and_(_inside(records.c.agency_id, actor), is_open, ~taken),
            overdue=records.c.due_at < now,
            since=records.c.received_at,
        )

    return line


def _unlinked(actor: Actor, now: datetime) -> _Line:
    del now
    return _Line(
        source=records,
        where=and_(
            _inside(records.c.agency_id, actor),
            records.c.state == MonitoringState.VALID,
            records.c.links == 0,
            records.c.gate_faults == [],
        ),
        overdue=false(),
        since=records.c.concluded_at,
    )


def _handled(actor: Actor, case_id: ColumnElement[object]) -> ColumnElement[bool]:
    handled = exists().where(case_handlers.c.case_id == case_id, case_handlers.c.account_id == actor.id)
    return and_(handled, ~barred(actor, case_id))


def _own_cases(actor: Actor, now: datetime) -> _Line:
    del now
    states = CASE_STEPS.waiting(Action.CASE_RUN)
    return _Line(
        source=cases,
        where=and_(_inside(cases.c.agency_id, actor), cases.c.state.in_(states), _handled(actor, cases.c.id)),
        overdue=false(),
        since=cases.c.opened_at,
    )


def _unanswered(actor: Actor, now: datetime) -> _Line:
    del now
    return _Line(
        source=review_grounds.join(reviews, reviews.c.id == review_grounds.c.review_id),
        where=and_(
            _inside(reviews.c.agency_id, actor),
            review_grounds.c.answer.is_(None),
            reviews.c.opinion.in_((OpinionWord.SUPPLEMENT, OpinionWord.REJECT)),
            _handled(actor, reviews.c.case_id),
        ),
        overdue=false(),
        since=reviews.c.given_at,
    )


def _leads(actor: Actor, now: datetime) -> _Line:
    del now
    return _Line(
        source=cases,
        where=and_(
            _inside(cases.c.agency_id, actor), cases.c.state == CaseState.LEAD, ~barred(actor, cases.c.id)
        ),
        overdue=false(),
        since=cases.c.opened_at,
    )


def _passed(actor: Actor, now: datetime) -> _Line:
    del now
    passed = exists().where(reviews.c.case_id == cases.c.id, reviews.c.opinion == OpinionWord.PASS)
    return _Line(
        source=cases,
        where=and_(
            _inside(cases.c.agency_id, actor),
            cases.c.state == CaseState.LEGAL_REVIEW,
            passed,
            ~barred(actor, cases.c.id),
        ),
        overdue=false(),
        since=cases.c.opened_at,
    )


def _open_reviews(actor: Actor, now: datetime) -> _Line:
    return _Line(
        source=reviews,
        where=and_(
            _inside(reviews.c.agency_id, actor),
            reviews.c.state == ReviewState.OPEN,
            ~barred(actor, reviews.c.case_id),
        ),
        overdue=reviews.c.due_at < now,
        since=reviews.c.submitted_at,
    )


def _asked_approvals(actor: Actor, now: datetime) -> _Line:
    waiting = and_(
        approvals.c.granted_at.is_(None), approvals.c.ended_at.is_(None), approvals.c.until_at > now
    )
    return _Line(
        source=approvals,
        where=and_(_inside(approvals.c.agency_id, actor), waiting, approvals.c.account_id != actor.id),
        overdue=false(),
        since=approvals.c.asked_at,
    )


def _rectifications(action: Action) -> Callable[[Actor, datetime], _Line]:
    states = RECTIFICATION_STEPS.waiting(action)

    def line(actor: Actor, now: datetime) -> _Line:
        return _Line(
            source=rectifications,
            where=and_(_inside(rectifications.c.agency_id, actor), rectifications.c.state.in_(states)),
            overdue=rectifications.c.due_at < now,
            since=rectifications.c.raised_at,
        )

    return line


def _audits(*states: AuditState) -> Callable[[Actor, datetime], _Line]:
    def line(actor: Actor, now: datetime) -> _Line:
        del now
        own_entry = and_(audits.c.state == AuditState.ENTERED, audits.c.entered_by == actor.id)
        return _Line(
            source=audits,
            where=and_(_inside(audits.c.agency_id, actor), audits.c.state.in_(states), ~own_entry),
            overdue=false(),
            since=audits.c.defined_at,
        )

    return line


def _unscored(actor: Actor, now: datetime) -> _Line:
    del now
    assigned = exists().where(
        audit_inspectors.c.audit_id == audit_sample.c.audit_id, audit_inspectors.c.account_id == actor.id
    )
    scored = exists().where(
        audit_scores.c.audit_id == audit_sample.c.audit_id,
        audit_scores.c.member_id == audit_sample.c.member_id,
        audit_scores.c.inspector_id == actor.id,
    )
    return _Line(
        source=audit_sample.join(audits, audits.c.id == audit_sample.c.audit_id),
        where=and_(
            audits.c.state == AuditState.DRAWN, assigned, ~scored, ~barred(actor, audit_sample.c.member_id)
        ),
        overdue=false(),
        since=audits.c.drawn_at,
    )


def _expiring(actor: Actor, now: datetime) -> _Line:
    ends = func.coalesce(certified_until(equipment.c.id), equipment.c.registered_at)
    return _Line(
        source=equipment,
        where=and_(
            _inside(equipment.c.agency_id, actor),
            equipment.c.state == EquipmentState.IN_SERVICE,
            ends < now + EXPIRES_SOON,
        ),
        overdue=ends < now,
    )


def _running_out(actor: Actor, now: datetime) -> _Line:
    needed = or_(*(needing(need, now) for need in CertificateNeed))
    return _Line(
        source=certificates.join(accounts, accounts.c.id == certificates.c.account_id),
        where=and_(_inside(accounts.c.agency_id, actor), needed),
        overdue=false(),
    )


def _failed_rechecks(actor: Actor, now: datetime) -> _Line:
    del now
    return _Line(
        source=audit_rechecks.join(recordings, recordings.c.id == audit_rechecks.c.recording_id),
        where=and_(
            _inside(recordings.c.agency_id, actor),
            audit_rechecks.c.outcome.in_(_BAD_RECHECKS),
        ),
        overdue=false(),
        since=audit_rechecks.c.checked_at,
    )


def _unconfirmed(actor: Actor, now: datetime) -> _Line:
    """Captures, not files; whoever holds no certificate is named by none."""
    del now
    asked = (
        select(recordings.c.manifest_id, func.min(recordings.c.corrected_at).label("at"))
        .where(unanswered(actor))
        .group_by(recordings.c.manifest_id)
        .subquery("asked")
    )
    return _Line(source=asked, where=true(), overdue=false(), since=asked.c.at)


def _denied(actor: Actor, now: datetime) -> _Line:
    del now
    return _Line(
        source=presences.join(manifests, manifests.c.id == presences.c.manifest_id),
        where=and_(unsettled(), _inside(manifests.c.agency_id, actor)),
        overdue=false(),
        since=presences.c.answered_at,
    )


def _failed_exports(actor: Actor, now: datetime) -> _Line:
    return _Line(
        source=exports,
        where=and_(
            _inside(exports.c.agency_id, actor),
            exports.c.requested_by == actor.id,
            exports.c.state == ExportState.FAILED,
            exports.c.created_at > now - timedelta(days=7),
        ),
        overdue=false(),
        since=exports.c.created_at,
    )


def _people(actor: Actor, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    mine = _inside(accounts.c.agency_id, actor)
    return and_(mine, accounts.c.is_active, accounts.c.kind == AccountKind.PERSON, *conditions)


def _locked(actor: Actor, now: datetime) -> _Line:
    locked = locked_accounts(now)
    return _Line(
        source=accounts.join(locked, locked.c.account_id == accounts.c.id),
        where=_people(actor),
        overdue=false(),
    )


def _unentered(actor: Actor, now: datetime) -> _Line:
    usable = exists().where(
        account_links.c.account_id == accounts.c.id,
        account_links.c.used_at.is_(None),
        account_links.c.expires_at > now,
    )
    return _Line(
        source=accounts,
        where=_people(actor, accounts.c.password_hash.is_(None)),
        overdue=~usable,
        since=accounts.c.created_at,
    )


def _roleless(actor: Actor, now: datetime) -> _Line:
    return _Line(
        source=accounts,
        where=_people(actor, is_roleless(now)),
        overdue=false(),
        since=accounts.c.created_at,
    )


def _ending_roles(actor: Actor, now: datetime) -> _Line:
    ending = accounts.join(role_grants, ends_soon(now))
    return _Line(source=ending, where=_people(actor), overdue=false())


def _unexplained(actor: Actor, now: datetime) -> _Line:
    return _Line(
        source=recordings,
        where=is_unexplained(actor, now),
        overdue=false(),
        since=recordings.c.received_at,
    )


def _never_ended(actor: Actor, now: datetime) -> _Line:
    return _Line(source=shifts, where=goes_on_long(actor.id, now), overdue=false(), since=shifts.c.from_at)


_DUTIES: Mapping[Duty, tuple[Action, Callable[[Actor, datetime], _Line]]] = MappingProxyType(
    {
        Duty.CONFIRM_PRESENCE: (Action.RECORDING_VIEW, _unconfirmed),
        Duty.SETTLE_DENIAL: (Action.CASE_DECIDE, _denied),
        Duty.EXPLAIN_LATE: (Action.FINDING_ANSWER, _unexplained),
        Duty.END_DUTY: (Action.DUTY_KEEP, _never_ended),
        Duty.REVIEW_FIRST: (STAGE_ACTIONS[ReviewStage.FIRST], _unreviewed(ReviewStage.FIRST)),
        Duty.REVIEW_SECOND: (STAGE_ACTIONS[ReviewStage.SECOND], _unreviewed(ReviewStage.SECOND)),
        Duty.REVIEW_CASE: (Action.CASE_REVIEW, _open_reviews),
        Duty.FILE_CASE: (Action.CASE_DECIDE, _leads),
        Duty.DECIDE_CASE: (Action.CASE_DECIDE, _passed),
        Duty.GRANT_APPROVAL: (Action.APPROVAL_GIVE, _asked_approvals),
        Duty.ANSWER_REVIEW: (Action.CASE_RUN, _unanswered),
        Duty.LINK_RECORD: (Action.MONITORING_LINK, _unlinked),
        Duty.RUN_CASE: (Action.CASE_RUN, _own_cases),
        Duty.ANSWER_RECTIFICATION: (
            Action.RECTIFICATION_ANSWER,
            _rectifications(Action.RECTIFICATION_ANSWER),
        ),
        Duty.SCORE_MEMBER: (Action.AUDIT_SCORE, _unscored),
        Duty.ADVANCE_AUDIT: (
            Action.AUDIT_DEFINE,
            _audits(AuditState.DEFINED, AuditState.FROZEN, AuditState.CONFIRMED),
        ),
        Duty.CONFIRM_AUDIT: (Action.AUDIT_CONFIRM, _audits(AuditState.ENTERED)),
        Duty.VERIFY_RECTIFICATION: (
            Action.RECTIFICATION_VERIFY,
            _rectifications(Action.RECTIFICATION_VERIFY),
        ),
        Duty.RENEW_CERTIFICATE: (Action.EQUIPMENT_KEEP, _expiring),
        Duty.RENEW_OFFICER: (Action.CERTIFICATE_KEEP, _running_out),
        Duty.RECHECK_FAILED: (Action.AUDIT_DEFINE, _failed_rechecks),
        Duty.EXPORT_FAILED: (Action.CASE_EXPORT, _failed_exports),
        Duty.UNLOCK_ACCOUNT: (Action.ACCOUNT_UNLOCK, _locked),
        Duty.FOLLOW_LINK: (Action.ACCOUNT_KEEP, _unentered),
        Duty.GIVE_ROLE: (Action.ROLE_GRANT, _roleless),
        Duty.RENEW_ROLE: (Action.ROLE_GRANT, _ending_roles),
    }
)
"""Whom a duty concerns, and how it is counted; the order is that of the page."""
