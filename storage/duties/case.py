"""Lines of cases, their reviews and their exports."""

from datetime import datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, false, func, select
from sqlalchemy.sql.selectable import ScalarSelect

from schemas.actor import Actor
from schemas.case import STEPS as CASE_STEPS
from schemas.case import CaseState
from schemas.duty import Duty
from schemas.export import ExportState
from schemas.policy import Action
from schemas.procedure import TERM_DAYS
from schemas.review import OpinionWord, ReviewState
from storage.duties.line import Item, Line, Lines, inside
from storage.reads.examination import is_doubted
from storage.reads.monitoring import rests_on_reopened
from storage.reads.recusal import barred
from storage.reads.scope import awaits_agreement
from storage.reads.summary import awaits_filing, is_unfiled
from storage.tables.case import case_handlers, cases
from storage.tables.export import exports
from storage.tables.review import review_grounds, reviews

_ZONE = "Asia/Shanghai"
"""China has one zone: a day of the term begins at its midnight."""


def _handled(actor: Actor, case_id: ColumnElement[object]) -> ColumnElement[bool]:
    """Say of an open case whether the actor handles it: asked of each, where a join would read all that anybody handled."""
    mine = case_handlers.c.case_id == case_id, case_handlers.c.account_id == actor.id
    # PostgreSQL makes no join of a query with an offset.
    handled = select(case_handlers.c.case_id).where(*mine).offset(0).exists()
    return and_(handled, ~barred(actor, case_id))


def _numbered(case_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Return the number of the case behind a column."""
    return select(cases.c.number).where(cases.c.id == case_id).scalar_subquery()


@cache
def _term() -> ColumnElement[Any]:
    """Return the end of the ninety days in which a filed case is decided (art. 60); the day of filing does not count."""
    ends = func.date_trunc("day", cases.c.filed_at, _ZONE) + timedelta(days=TERM_DAYS + 1)
    return case((cases.c.decided_at.is_(None), ends))


@cache
def _case_item() -> Item:
    return Item(cases.c.id, cases.c.number, cases.c.agency_id, due=_term())


def _own_cases(actor: Actor, now: datetime) -> Line:
    # What is on its way to a decision waits for the head, as do a lead and what is to be filed; that somebody may take it
    # back, or penalise on the spot, is nothing that waits.
    states = CASE_STEPS.waiting(Action.CASE_RUN) - {CaseState.LEAD, CaseState.REVIEW_NOT_NEEDED}
    return Line(
        source=cases,
        where=and_(
            inside(cases.c.agency_id, actor),
            cases.c.state.in_(states),
            _handled(actor, cases.c.id),
            ~is_unfiled(cases.c.id),
        ),
        overdue=_term() < now,
        since=cases.c.opened_at,
        item=_case_item(),
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
        item=Item(reviews.c.case_id, _numbered(reviews.c.case_id), reviews.c.agency_id),
    )


def _of_head(actor: Actor, now: datetime, state: CaseState, *more: ColumnElement[bool]) -> Line:
    """Return the cases of the agency in a state, but those that the actor is barred from."""
    return Line(
        source=cases,
        where=and_(
            inside(cases.c.agency_id, actor), cases.c.state == state, *more, ~barred(actor, cases.c.id)
        ),
        overdue=_term() < now,
        since=cases.c.opened_at,
        item=_case_item(),
    )


def _leads(actor: Actor, now: datetime) -> Line:
    return _of_head(actor, now, CaseState.LEAD)


def _passed(actor: Actor, now: datetime) -> Line:
    passed = exists().where(reviews.c.case_id == cases.c.id, reviews.c.opinion == OpinionWord.PASS)
    return _of_head(actor, now, CaseState.LEGAL_REVIEW, passed)


def _exempt(actor: Actor, now: datetime) -> Line:
    return _of_head(actor, now, CaseState.REVIEW_NOT_NEEDED)


def _to_exempt(actor: Actor, now: datetime) -> Line:
    return _of_head(actor, now, CaseState.INVESTIGATION_CLOSED, awaits_agreement(actor.account_id))


def _to_file(actor: Actor, now: datetime) -> Line:
    return _of_head(actor, now, CaseState.DECIDED, awaits_filing(actor.account_id, cases.c.id))


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
        item=Item(
            reviews.c.id,
            _numbered(reviews.c.case_id),
            reviews.c.agency_id,
            due=reviews.c.due_at,
            case_id=reviews.c.case_id,
        ),
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
        item=Item(exports.c.case_id, _numbered(exports.c.case_id), exports.c.agency_id),
    )


def _worse(actor: Actor, now: datetime) -> Line:
    return Line(
        source=cases,
        where=and_(inside(cases.c.agency_id, actor), is_doubted(now)),
        overdue=false(),
        since=cases.c.decided_at,
        item=Item(cases.c.id, cases.c.number, cases.c.agency_id),
    )


def _reopened(actor: Actor, now: datetime) -> Line:
    return Line(
        source=cases,
        where=and_(inside(cases.c.agency_id, actor), rests_on_reopened(now)),
        overdue=false(),
        since=cases.c.decided_at,
        item=Item(cases.c.id, cases.c.number, cases.c.agency_id),
    )


def _reviewed_worse(actor: Actor, now: datetime) -> Line:
    mine = exists().where(reviews.c.case_id == cases.c.id, reviews.c.reviewer_id == actor.id)
    return Line(
        source=cases,
        where=and_(inside(cases.c.agency_id, actor), is_doubted(now), mine),
        overdue=false(),
        since=cases.c.decided_at,
        item=Item(cases.c.id, cases.c.number, cases.c.agency_id),
    )


CASE: Lines = MappingProxyType(
    {
        Duty.REVIEW_CASE: (Action.CASE_REVIEW, _open_reviews),
        Duty.FILE_CASE: (Action.CASE_DECIDE, _leads),
        Duty.EXEMPT_CASE: (Action.CASE_DECIDE, _to_exempt),
        Duty.DECIDE_CASE: (Action.CASE_DECIDE, _passed),
        Duty.DECIDE_EXEMPT: (Action.CASE_DECIDE, _exempt),
        Duty.RECORD_SUMMARY: (Action.CASE_DECIDE, _to_file),
        Duty.EVIDENCE_WORSE: (Action.CASE_DECIDE, _worse),
        Duty.REVIEWED_WORSE: (Action.CASE_REVIEW, _reviewed_worse),
        Duty.EVIDENCE_REOPENED: (Action.CASE_DECIDE, _reopened),
        Duty.ANSWER_REVIEW: (Action.CASE_RUN, _unanswered),
        Duty.RUN_CASE: (Action.CASE_RUN, _own_cases),
        Duty.EXPORT_FAILED: (Action.CASE_EXPORT, _failed_exports),
    }
)
