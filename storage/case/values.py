"""Cases as they are shown: the query, its rows as values, and whose they are."""

from sqlalchemy import ColumnElement, Select, and_, exists, func, select

from schemas.actor import Action, Actor, scope
from schemas.case import EVIDENCE_STATES, Case
from schemas.refusals_case import CASE_UNDER_REVIEW
from storage.reads.account import names_of
from storage.reads.agency import with_agency
from storage.reads.monitoring import linked_to
from storage.tables.case import case_handlers, case_links, cases


def select_cases() -> Select[tuple[object, ...]]:
    """Return the query behind every case that is shown: with its agency, handlers and how much is linked."""
    names = names_of(case_handlers.c.account_id, case_handlers.c.case_id == cases.c.id)
    linked = (
        select(func.count())
        .where(case_links.c.case_id == cases.c.id, case_links.c.unlinked_at.is_(None))
        .scalar_subquery()
    )
    query = select(
        cases,
        func.coalesce(names, []).label("handlers"),
        linked.label("recordings"),
        linked_to(cases.c.id).label("records"),
    )
    return with_agency(query, cases.c.agency_id)


def require_open(case: Case) -> None:
    """Refuse a change by hand of what a reviewer looks at or a decision rests on.

    Raises:
        TransitionRefused: slug `case-under-review`.
    """
    if case.state not in EVIDENCE_STATES:
        raise CASE_UNDER_REVIEW(f"the case is at {case.state}: its evidence stands", state=case.state)


def cases_within(actor: Actor, action: Action) -> ColumnElement[bool]:
    """Return the SQL form of what the actor may do `action` to, over `cases`."""
    allowed = scope(actor, action)
    inside = cases.c.agency_id.in_(sorted(allowed.agency_ids))
    if not allowed.own_only:
        return inside
    own = exists().where(case_handlers.c.case_id == cases.c.id, case_handlers.c.account_id == actor.id)
    return and_(inside, own)
