"""What other nouns ask of cases: their numbers, what is linked to them, and when they were decided."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, select

from schemas.actor import Actor
from schemas.ids import AgencyId, CaseId, RecordingId
from schemas.policy import Action
from storage.reads.agency import Query
from storage.reads.policy import within
from storage.tables.case import case_links, cases, is_numbered


def with_case(query: Query, case_id: ColumnElement[Any]) -> Query:
    """Add number and matter of the case behind a column."""
    return query.add_columns(cases.c.number.label("case_number"), cases.c.matter).join(
        cases, cases.c.id == case_id
    )


def with_number(query: Query, case_id: ColumnElement[Any]) -> Query:
    """Add the number of the case behind a column."""
    return query.add_columns(cases.c.number.label("case_number")).join(cases, cases.c.id == case_id)


def numbered(connection: Connection, agency_id: AgencyId, number: str) -> CaseId | None:
    """Return the case of this number in an agency, however it is typed and whoever asks."""
    found: CaseId | None = connection.scalar(
        select(cases.c.id)
        .where(is_numbered(number), cases.c.agency_id == agency_id)
        .order_by(cases.c.number != number, cases.c.id)
        .limit(1)
    )
    return found


def numbers(connection: Connection, idents: Select[Any]) -> dict[Any, str]:
    """Return the numbers of those of the ids that are cases."""
    rows = connection.execute(select(cases.c.id, cases.c.number).where(cases.c.id.in_(idents)))
    return {row.id: row.number for row in rows}


def cases_of(
    connection: Connection, actor: Actor, at: datetime, idents: Iterable[RecordingId]
) -> dict[RecordingId, tuple[str, ...]]:
    """Return the numbers of the cases that hold some recordings now and that the actor may see, by recording."""
    seen = within(actor, Action.CASE_VIEW, at, cases)
    rows = connection.execute(
        select(case_links.c.recording_id, cases.c.number)
        .join(cases, cases.c.id == case_links.c.case_id)
        .where(case_links.c.recording_id.in_(list(idents)), case_links.c.unlinked_at.is_(None), seen)
        .order_by(case_links.c.id)
    )
    found: dict[RecordingId, tuple[str, ...]] = {}
    for row in rows:
        ident = RecordingId(row.recording_id)
        found[ident] = (*found.get(ident, ()), row.number)
    return found


def decided_at(connection: Connection, case_id: CaseId) -> datetime | None:
    """Return when a case was decided; None before."""
    at: datetime | None = connection.scalar(select(cases.c.decided_at).where(cases.c.id == case_id))
    return at


def is_linked(recording_id: ColumnElement[Any], case_id: CaseId) -> ColumnElement[bool]:
    """Return the condition that a recording is linked to a case now."""
    return exists().where(
        case_links.c.recording_id == recording_id,
        case_links.c.case_id == case_id,
        case_links.c.unlinked_at.is_(None),
    )


def is_in_another(recording_id: ColumnElement[Any], case_id: CaseId) -> ColumnElement[bool]:
    """Return the condition that a recording is linked now to another case than this one."""
    return exists().where(
        case_links.c.recording_id == recording_id,
        case_links.c.case_id != case_id,
        case_links.c.unlinked_at.is_(None),
    )


def is_linked_to_number(recording_id: ColumnElement[Any], number: str) -> ColumnElement[bool]:
    """Return the condition that a recording is linked now to a case of this number."""
    return exists().where(
        case_links.c.recording_id == recording_id,
        case_links.c.unlinked_at.is_(None),
        case_links.c.case_id == cases.c.id,
        is_numbered(number),
    )
