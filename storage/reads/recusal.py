"""What other nouns ask of bars: whether somebody is barred from a case."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, select

from schemas.actor import Actor
from schemas.ids import CaseId
from storage.tables.recusal import recusals


def barred(actor: Actor, case_id: ColumnElement[Any] | CaseId) -> ColumnElement[bool]:
    """Say of a case whether the actor is barred from it now, as part of a query."""
    return exists().where(
        recusals.c.case_id == case_id, recusals.c.account_id == actor.id, recusals.c.lifted_at.is_(None)
    )


def is_barred(connection: Connection, actor: Actor, case_id: CaseId) -> bool:
    """Say whether the actor is barred from a case now."""
    return bool(connection.scalar(select(barred(actor, case_id))))
