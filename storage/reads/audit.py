"""What other nouns ask of audits: their titles, and who is assigned to one."""

from typing import Any

from sqlalchemy import ColumnElement, exists

from schemas.ids import AccountId
from storage.reads.agency import Query
from storage.tables.audit import audit_inspectors, audits


def with_title(query: Query, audit_id: ColumnElement[Any]) -> Query:
    """Add the title of the audit behind a column."""
    return query.add_columns(audits.c.title.label("audit_title")).join(audits, audits.c.id == audit_id)


def is_assigned(audit_id: ColumnElement[Any], account_id: AccountId) -> ColumnElement[bool]:
    """Return the condition that an account is an inspector of the audit behind a column."""
    return exists().where(
        audit_inspectors.c.audit_id == audit_id, audit_inspectors.c.account_id == account_id
    )
