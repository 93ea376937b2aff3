"""Lines of cases, their reviews and their exports."""

from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import ColumnElement, and_, exists, false

from schemas.actor import Actor
from schemas.case import STEPS as CASE_STEPS
from schemas.case import CaseState
from schemas.duty import Duty
from schemas.export import ExportState
from schemas.policy import Action
from schemas.review import OpinionWord, ReviewState
from storage.duties.line import Line, Lines, inside
from storage.reads.examination import is_doubted
from storage.reads.monitoring import rests_on_reopened
from storage.reads.recusal import barred
from storage.reads.scope import awaits_agreement
from storage.tables.case import case_handlers, cases
from storage.tables.export import exports
from storage.tables.review import review_grounds, reviews


def _handled(actor: Actor, case_id: ColumnElement[object]) -> ColumnElement[bool]:
    handled = exists().where(case_handlers.c.case_id == case_id, case_handlers.c.account_id == actor.id)
    return and_(handled, ~barred(actor, case_id))


def _own_cases(actor: Actor, now: datetime) -> Line:
    del now
    # What is on its way to a decision waits for the head; that somebody may take it back is nothing that waits.
    states = CASE_STEPS.waiting(Action.CASE_RUN) - {CaseState.REVIEW_NOT_NEEDED}
    return Line(
        source=cases,
        where=and_(inside(cases.c.agency_id, actor), cases.c.state.in_(states), _handled(actor, cases.c.id)),
        overdue=false(),
        since=cases.c.opened_at,
    )


def _unanswered(actor: Actor, now: datetime) -> Line:
    del now
    return Line(
        source=review_grounds.join(reviews, reviews.c.id == review_grounds.c.review_id),
        where=and_(
            inside(reviews.c.agency_id, actor),
            review_grounds.c.answer.is_(None),
            reviews.c.opinion.in_((OpinionWord.SUPPLEMENT, OpinionWord.REJECT)),
            _handled(actor, reviews.c.case_id),
        ),
        overdue=false(),
        since=reviews.c.given_at,
    )


def _of_head(actor: Actor, state: CaseState, *more: ColumnElement[bool]) -> Line:
    """Return the cases of the agency in a state, but those that the actor is barred from."""
    return Line(
        source=cases,
        where=and_(
            inside(cases.c.agency_id, actor), cases.c.state == state, *more, ~barred(actor, cases.c.id)
        ),
        overdue=false(),
        since=cases.c.opened_at,
    )


def _leads(actor: Actor, now: datetime) -> Line:
    del now
    return _of_head(actor, CaseState.LEAD)


def _passed(actor: Actor, now: datetime) -> Line:
    del now
    passed = exists().where(reviews.c.case_id == cases.c.id, reviews.c.opinion == OpinionWord.PASS)
    return _of_head(actor, CaseState.LEGAL_REVIEW, passed)


def _exempt(actor: Actor, now: datetime) -> Line:
    del now
    return _of_head(actor, CaseState.REVIEW_NOT_NEEDED)


def _to_exempt(actor: Actor, now: datetime) -> Line:
    del now
    return _of_head(actor, CaseState.INVESTIGATION_CLOSED, awaits_agreement(actor.account_id))


def _open_reviews(actor: Actor, now: datetime) -> Line:
    return Line(
        source=reviews,
        where=and_(
            inside(reviews.c.agency_id, actor),
            reviews.c.state == ReviewState.OPEN,
            ~barred(actor, reviews.c.case_id),
        ),
        overdue=reviews.c.due_at < now,
        since=reviews.c.submitted_at,
    )


def _failed_exports(actor: Actor, now: datetime) -> Line:
    return Line(
        source=exports,
        where=and_(
            inside(exports.c.agency_id, actor),
            exports.c.requested_by == actor.id,
            exports.c.state == ExportState.FAILED,
            exports.c.created_at > now - timedelta(days=7),
        ),
        overdue=false(),
        since=exports.c.created_at,
    )


def _worse(actor: Actor, now: datetime) -> Line:
    return Line(
        source=cases,
        where=and_(inside(cases.c.agency_id, actor), is_doubted(now)),
        overdue=false(),
        since=cases.c.decided_at,
    )


def _reopened(actor: Actor, now: datetime) -> Line:
    return Line(
        source=cases,
        where=and_(inside(cases.c.agency_id, actor), rests_on_reopened(now)),
        overdue=false(),
        since=cases.c.decided_at,
    )


def _reviewed_worse(actor: Actor, now: datetime) -> Line:
    mine = exists().where(reviews.c.case_id == cases.c.id, reviews.c.reviewer_id == actor.id)
    return Line(
        source=cases,
        where=and_(inside(cases.c.agency_id, actor), is_doubted(now), mine),
        overdue=false(),
        since=cases.c.decided_at,
    )


CASE: Lines = MappingProxyType(
    {
        Duty.REVIEW_CASE: (Action.CASE_REVIEW, _open_reviews),
        Duty.FILE_CASE: (Action.CASE_DECIDE, _leads),
        Duty.EXEMPT_CASE: (Action.CASE_DECIDE, _to_exempt),
        Duty.DECIDE_CASE: (Action.CASE_DECIDE, _passed),
        Duty.DECIDE_EXEMPT: (Action.CASE_DECIDE, _exempt),
        Duty.EVIDENCE_WORSE: (Action.CASE_DECIDE, _worse),
        Duty.REVIEWED_WORSE: (Action.CASE_REVIEW, _reviewed_worse),
        Duty.EVIDENCE_REOPENED: (Action.CASE_DECIDE, _reopened),
        Duty.ANSWER_REVIEW: (Action.CASE_RUN, _unanswered),
        Duty.RUN_CASE: (Action.CASE_RUN, _own_cases),
        Duty.EXPORT_FAILED: (Action.CASE_EXPORT, _failed_exports),
    }
)
