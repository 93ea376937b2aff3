"""What other nouns ask of audits: their titles, and who is assigned to one."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, select

from schemas.ids import AccountId, AuditId
from schemas.rectification import RectificationState
from storage.reads.agency import Query
from storage.tables.audit import audit_inspectors, audits
from storage.tables.case import cases
from storage.tables.recording import recordings
from storage.tables.rectification import rectifications


def with_title(query: Query, audit_id: ColumnElement[Any]) -> Query:
    """Add the title of the audit behind a column."""
    return query.add_columns(audits.c.title.label("audit_title")).join(audits, audits.c.id == audit_id)


def with_found(query: Query, member_id: ColumnElement[Any], recording_id: ColumnElement[Any]) -> Query:
    """Add case and recording of what was found on a drawn member: itself, or what is named of it."""
    named = func.coalesce(recording_id, member_id)
    return (
        query.add_columns(
            cases.c.id.label("found_case_id"),
            cases.c.number.label("case_number"),
            recordings.c.id.label("found_recording_id"),
            recordings.c.filename,
        )
        .join(cases, cases.c.id == member_id, isouter=True)
        .join(recordings, recordings.c.id == named, isouter=True)
    )


def is_assigned(audit_id: ColumnElement[Any], account_id: AccountId) -> ColumnElement[bool]:
    """Return the condition that an account is an inspector of the audit behind a column."""
    return exists().where(
        audit_inspectors.c.audit_id == audit_id, audit_inspectors.c.account_id == account_id
    )


def standard_of(audit_id: AuditId) -> Select[tuple[Any]]:
    """Return the standard that an audit scores against, as a query."""
    return select(audits.c.standard_id).where(audits.c.id == audit_id)


def count_unmended(connection: Connection, audit_id: AuditId) -> int:
    """Return how many rectifications of an audit are open."""
    open_ones = rectifications.c.state != RectificationState.CLOSED
    counted: int = connection.execute(
        select(func.count()).where(rectifications.c.audit_id == audit_id, open_ones)
    ).scalar_one()
    return counted
