"""Lines of audits and of what they lead to."""

from collections.abc import Callable
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import and_, exists, false, or_

from schemas.actor import Actor
from schemas.audit import AuditState, RecheckOutcome
from schemas.duty import Duty
from schemas.policy import Action
from schemas.rectification import STEPS as RECTIFICATION_STEPS
from storage.duties.line import Item, Line, Lines, inside
from storage.reads.recusal import barred
from storage.tables.audit import (
    audit_inspectors,
    audit_rechecks,
    audit_sample,
    audit_scores,
    audit_thirds,
    audits,
)
from storage.tables.recording import recordings
from storage.tables.rectification import rectifications

_BAD_RECHECKS = (RecheckOutcome.MISMATCH, RecheckOutcome.NOT_CHECKED)


def _rectifications(action: Action) -> Callable[[Actor, datetime], Line]:
    states = RECTIFICATION_STEPS.waiting(action)

    def line(actor: Actor, now: datetime) -> Line:
        return Line(
            source=rectifications,
            where=and_(inside(rectifications.c.agency_id, actor), rectifications.c.state.in_(states)),
            overdue=rectifications.c.due_at < now,
            since=rectifications.c.raised_at,
            item=Item(
                rectifications.c.id,
                rectifications.c.text,
                rectifications.c.agency_id,
                due=rectifications.c.due_at,
            ),
        )

    return line


def _audits(*states: AuditState) -> Callable[[Actor, datetime], Line]:
    def line(actor: Actor, now: datetime) -> Line:
        del now
        own_entry = and_(audits.c.state == AuditState.ENTERED, audits.c.entered_by == actor.id)
        return Line(
            source=audits,
            where=and_(inside(audits.c.agency_id, actor), audits.c.state.in_(states), ~own_entry),
            overdue=false(),
            since=audits.c.defined_at,
            item=Item(audits.c.id, audits.c.title, audits.c.agency_id),
        )

    return line


def _unscored(actor: Actor, now: datetime) -> Line:
    del now
    thirds = audit_thirds.alias()
    asked_once = exists().where(thirds.c.audit_id == audit_sample.c.audit_id, thirds.c.account_id == actor.id)
    assigned = exists().where(
        audit_inspectors.c.audit_id == audit_sample.c.audit_id, audit_inspectors.c.account_id == actor.id
    )
    third = exists().where(
        audit_thirds.c.audit_id == audit_sample.c.audit_id,
        audit_thirds.c.member_id == audit_sample.c.member_id,
        audit_thirds.c.account_id == actor.id,
    )
    scored = exists().where(
        audit_scores.c.audit_id == audit_sample.c.audit_id,
        audit_scores.c.member_id == audit_sample.c.member_id,
        audit_scores.c.inspector_id == actor.id,
    )
    return Line(
        source=audit_sample.join(audits, audits.c.id == audit_sample.c.audit_id),
        where=and_(
            audits.c.state == AuditState.DRAWN,
            or_(third, and_(assigned, ~asked_once)),
            ~scored,
            ~barred(actor, audit_sample.c.member_id),
        ),
        overdue=false(),
        since=audits.c.drawn_at,
    )


def _failed_rechecks(actor: Actor, now: datetime) -> Line:
    del now
    return Line(
        source=audit_rechecks.join(recordings, recordings.c.id == audit_rechecks.c.recording_id),
        where=and_(
            inside(recordings.c.agency_id, actor),
            audit_rechecks.c.outcome.in_(_BAD_RECHECKS),
        ),
        overdue=false(),
        since=audit_rechecks.c.checked_at,
    )


AUDIT: Lines = MappingProxyType(
    {
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
        Duty.RECHECK_FAILED: (Action.AUDIT_DEFINE, _failed_rechecks),
    }
)
