"""What other nouns ask of agencies: their names, and which lie below one."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Select, bindparam, func, select
from sqlalchemy.sql.selectable import ScalarSelect

from schemas.ids import AgencyId
from storage.tables.actor import agencies

Query = Select[tuple[Any, ...]]

_TOP = select(agencies.c.id).where(agencies.c.id == bindparam("agency_id")).cte("tree", recursive=True)
_TREE = _TOP.union_all(select(agencies.c.id).where(agencies.c.parent_id == _TOP.c.id))
_BELOW = select(_TREE.c.id)
"""Asked with every request of whoever reaches below: made once."""


def with_agency(query: Query, agency_id: ColumnElement[Any], *, label: str = "agency_name") -> Query:
    """Add the name of the agency behind a column."""
    return query.add_columns(agencies.c.name.label(label)).join(agencies, agencies.c.id == agency_id)


def name_of_agency(agency_id: AgencyId) -> Query:
    """Return the name of an agency, as a part of a query."""
    return select(agencies.c.name).where(agencies.c.id == agency_id)


def name_behind(agency_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Return the name of the agency behind a column, as a value of its row."""
    return select(agencies.c.name).where(agencies.c.id == agency_id).scalar_subquery()


def tree_below(connection: Connection, agency_id: AgencyId) -> list[AgencyId]:
    """Return an agency and all that lie below it."""
    return list(connection.scalars(_BELOW, {"agency_id": agency_id}))


def entrusted_by(agency_id: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the bodies that act in the name of the agency behind a column, as one array."""
    entrusted = agencies.alias("entrusted")
    return func.array(select(entrusted.c.id).where(entrusted.c.principal_id == agency_id).scalar_subquery())


def tree_above(agency_id: AgencyId | BindParameter[Any]) -> Select[tuple[AgencyId]]:
    """Return the ids of an agency and of all that it lies below, as a part of a query."""
    tree = select(agencies.c.id, agencies.c.parent_id).where(agencies.c.id == agency_id)
    above = tree.cte("above", recursive=True)
    step = select(agencies.c.id, agencies.c.parent_id).where(agencies.c.id == above.c.parent_id)
    return select(above.union_all(step).c.id)


def is_closed(connection: Connection, agency_id: AgencyId) -> bool:
    """Say whether an agency was closed."""
    at = connection.scalar(select(agencies.c.closed_at).where(agencies.c.id == agency_id))
    return at is not None


def supervised(connection: Connection, agency_ids: Iterable[AgencyId]) -> list[tuple[AgencyId, str]]:
    """Return those of the agencies that supervise nobody, by name."""
    rows = connection.execute(
        select(agencies.c.id, agencies.c.name)
        .where(agencies.c.id.in_(sorted(agency_ids)), ~agencies.c.is_supervising)
        .order_by(agencies.c.name)
    )
    return [(row.id, row.name) for row in rows]


def is_top(connection: Connection, agency_ids: Iterable[AgencyId]) -> bool:
    """Say whether an agency that stands below no other is among some."""
    top = select(agencies.c.id).where(agencies.c.id.in_(sorted(agency_ids)), agencies.c.parent_id.is_(None))
    return connection.scalar(top.limit(1)) is not None
