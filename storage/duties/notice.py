"""What is due, thing by thing: of each line of a home page the first to be due, by name, with its end."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import Connection, null, select

from schemas.base import Frozen
from schemas.duty import Duty
from schemas.ids import CaseId
from schemas.policy import Action
from storage.duties.line import Line
from storage.reads.agency import name_behind

MOST_NAMED = 50
"""Of one line so many are named; the rest is a number that leads to its list."""

WATCHED: Mapping[Duty, Action] = MappingProxyType(
    {
        Duty.REVIEW_FIRST: Action.MONITORING_VIEW,
        Duty.REVIEW_SECOND: Action.MONITORING_VIEW,
        Duty.REVIEW_CASE: Action.CASE_VIEW,
        Duty.ANSWER_RECTIFICATION: Action.RECTIFICATION_VIEW,
        Duty.VERIFY_RECTIFICATION: Action.RECTIFICATION_VIEW,
    }
)
"""What is due by others on a day, and what one must see to be told of it."""


class Notice(Frozen):
    """One thing that waits: what is to be done, what people call it, of which agency it is, and until when.

    `due_at` is absent where nothing sets an end; `since_at` where nothing says since when it waits.
    """

    duty: Duty
    ident: UUID
    name: str
    agency_name: str
    due_at: datetime | None
    since_at: datetime | None
    case_id: CaseId | None


def named(connection: Connection, duty: Duty, line: Line) -> Iterator[Notice]:
    """Yield the things of a line, the first to be due first; none of a line that is a number alone."""
    if line.item is None:
        return
    item = line.item
    due = null() if item.due is None else item.due
    since = null() if line.since is None else line.since
    rows = connection.execute(
        select(
            item.ident.label("ident"),
            item.name.label("name"),
            name_behind(item.agency_id).label("agency_name"),
            due.label("due_at"),
            since.label("since_at"),
            (null() if item.case_id is None else item.case_id).label("case_id"),
        )
        .select_from(line.source)
        .where(line.where)
        .order_by(*(one.asc().nulls_last() for one in (item.due, line.since) if one is not None))
        .limit(MOST_NAMED)
    ).mappings()
    for row in rows:
        yield Notice.of_row({**row, "duty": duty})
