"""What other nouns ask of penalties on the spot: whether one stands in a case, and whether it is filed."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, any_, exists, literal, or_, select
from sqlalchemy.dialects.postgresql import UUID

from schemas.ids import AccountId, CaseId
from storage.tables.summary import case_summaries


def is_summary(case_id: ColumnElement[Any] | CaseId) -> ColumnElement[bool]:
    """Return the condition that a case was decided on the spot, and nobody took that entry back."""
    return exists().where(case_summaries.c.case_id == case_id, case_summaries.c.retracted_at.is_(None))


def is_unfiled(case_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that a decision on the spot stands in a case, and the head has not filed it (art. 52)."""
    unfiled = case_summaries.c.recorded_at.is_(None), case_summaries.c.retracted_at.is_(None)
    return exists().where(case_summaries.c.case_id == case_id, *unfiled)


def penalised_by(account_id: AccountId) -> ColumnElement[bool]:
    """Return the condition that somebody made or entered the decision on the spot of a row of `case_summaries`."""
    made = literal(account_id, UUID(as_uuid=True)) == any_(case_summaries.c.officers)
    return or_(case_summaries.c.entered_by == account_id, made)


def awaits_filing(account_id: AccountId, case_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that a decision on the spot is to be filed, and somebody may be the one who does it."""
    unfiled = case_summaries.c.recorded_at.is_(None), case_summaries.c.retracted_at.is_(None)
    return exists().where(case_summaries.c.case_id == case_id, *unfiled, ~penalised_by(account_id))


def summary_facts(connection: Connection, case_id: CaseId) -> dict[str, bool]:
    """Return what a gate asks: whether a decision on the spot stands, and whether it is filed."""
    standing = case_summaries.c.case_id == case_id, case_summaries.c.retracted_at.is_(None)
    row = connection.execute(select(case_summaries.c.recorded_at).where(*standing)).one_or_none()
    return {"is_summary": row is not None, "is_recorded": row is not None and row.recorded_at is not None}
