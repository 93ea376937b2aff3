"""What was answered of art. 58 when the investigation of a case was closed, and whether its agency asks for more."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select

from schemas.decision import PROVEN_OUTCOMES, DecisionOutcome
from schemas.ids import AgencyId, CaseId
from schemas.review_scope import Scope, ScopeAnswer, ScopeKind, demands
from schemas.setting_list import ListSetting
from storage.reads.account import with_name
from storage.reads.setting import list_at
from storage.settings import StorageSettings
from storage.tables.case import cases
from storage.tables.review import reviews
from storage.tables.scope import case_proposals, case_scopes

_ORDER = list(ScopeKind)
_other = case_scopes.alias()
_LAST = (
    select(func.max(_other.c.number))
    .where(_other.c.case_id == case_scopes.c.case_id)
    .correlate(case_scopes)
    .scalar_subquery()
)
"""The number of the last conclusion of a case that was asked, as a part of a query of answers."""


def scope_of(connection: Connection, case_id: CaseId) -> Scope | None:
    """Return what the last conclusion that was asked answered; None where none was."""
    query = with_name(select(case_scopes), case_scopes.c.answered_by, "answerer")
    query = query.where(case_scopes.c.case_id == case_id, case_scopes.c.number == _LAST)
    rows = connection.execute(query).mappings().all()
    if not rows:
        return None
    told = sorted(rows, key=lambda row: _ORDER.index(row["kind"]))
    answers = tuple(ScopeAnswer.of_row(row) for row in told)
    return Scope(
        answered_by=rows[0]["answerer"],
        answered_at=rows[0]["answered_at"],
        answers=answers,
        proposal=proposal_of(connection, case_id),
    )


def proposal_of(connection: Connection, case_id: CaseId) -> DecisionOutcome | None:
    """Return the outcome that the last conclusion proposed; None where it proposed none."""
    of_last = select(func.max(case_scopes.c.number)).where(case_scopes.c.case_id == case_id).scalar_subquery()
    found: str | None = connection.scalar(
        select(case_proposals.c.outcome).where(
            case_proposals.c.case_id == case_id, case_proposals.c.number == of_last
        )
    )
    return None if found is None else DecisionOutcome(found)


def scope_facts(connection: Connection, case_id: CaseId) -> dict[str, Any]:
    """Return what a gate asks of the last conclusion: whether it answered, of how many kinds the case is, its proposal."""
    told = connection.execute(
        select(func.count(), func.count().filter(case_scopes.c.applies)).where(
            case_scopes.c.case_id == case_id, case_scopes.c.number == _LAST
        )
    ).one()
    proposal = proposal_of(connection, case_id)
    is_found = proposal is None or proposal in PROVEN_OUTCOMES
    return {"is_scoped": bool(told[0]), "applying": told[1], "is_found": is_found}


def is_demanded(
    connection: Connection, installed: StorageSettings, agency_id: AgencyId, at: datetime
) -> bool:
    """Say whether a rule of an agency asks for a review beyond the law, at a time."""
    return demands(list_at(connection, installed, agency_id, ListSetting.REVIEW_SCOPE, at))


def awaits_agreement(actor_id: object) -> ColumnElement[bool]:
    """Return the condition that by its answers a case needs no review, and somebody else than who gave them may agree."""
    last = case_scopes.c.number == _LAST
    about = and_(case_scopes.c.case_id == cases.c.id, last)
    return and_(
        exists().where(about, case_scopes.c.answered_by != actor_id),
        ~exists().where(about, case_scopes.c.applies),
        ~exists().where(reviews.c.case_id == cases.c.id),
    )
