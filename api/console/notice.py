"""What is due: everything that waits for this person, and what others have to do by a day, the first to be due first."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, NamedTuple

from fastapi import Query
from starlette.responses import Response

from api.console.guard import Visiting
from api.console.home import PLACES
from api.console.listing import Asked, Sought
from api.console.visit import Visit
from api.route import pages
from schemas.actor import Actor, Role
from schemas.duty import Duty
from schemas.holding import Out
from schemas.policy import Action, roles_with
from storage.duties.duties import ACTIONS, Waiting
from storage.duties.notice import Notice

router = pages()

PAGES: Mapping[Duty, str] = MappingProxyType(
    {
        Duty.REVIEW_FIRST: "/console/monitoring/{}",
        Duty.REVIEW_SECOND: "/console/monitoring/{}",
        Duty.LINK_RECORD: "/console/monitoring/{}",
        Duty.REVIEW_CASE: "/console/reviews/{}",
        Duty.ANSWER_REVIEW: "/console/cases/{}#reviews",
        Duty.EXPORT_FAILED: "/console/cases/{}#exports",
        **dict.fromkeys(
            (
                *(Duty.FILE_CASE, Duty.EXEMPT_CASE, Duty.DECIDE_CASE, Duty.DECIDE_EXEMPT, Duty.RUN_CASE),
                *(Duty.RECORD_SUMMARY, Duty.EVIDENCE_WORSE, Duty.REVIEWED_WORSE, Duty.EVIDENCE_REOPENED),
            ),
            "/console/cases/{}",
        ),
        Duty.ANSWER_RECTIFICATION: "/console/rectifications/{}",
        Duty.VERIFY_RECTIFICATION: "/console/rectifications/{}",
        Duty.ADVANCE_AUDIT: "/console/audits/{}",
        Duty.CONFIRM_AUDIT: "/console/audits/{}",
        Duty.RENEW_CERTIFICATE: "/console/equipment/{}",
        Duty.RENEW_OFFICER: "/console/certificates/{}",
        **dict.fromkeys(
            (Duty.UNLOCK_ACCOUNT, Duty.FOLLOW_LINK, Duty.GIVE_ROLE, Duty.RENEW_ROLE), "/console/accounts/{}"
        ),
        Duty.EXPLAIN_LATE: "/console/recordings/{}",
        Duty.STORE_FAULT: "/console/recordings/{}",
    }
)
"""Where one thing of a duty is; the others are found in their list."""


class Row(NamedTuple):
    """A line of the page: what is to be done about what, by whom, of which agency, until when.

    `duty` is None where a device is to be given back; `many` is more than one where things are not named one by one.
    """

    duty: Duty | None
    name: str
    href: str
    roles: tuple[Role, ...]
    person: str
    agency: str
    due_at: datetime | None
    since_at: datetime | None
    many: int = 1


class NoticesAsked(Asked):
    """Whose notices: of those who may do it by a role, of an agency."""

    role: Sought = ""
    agency: Sought = ""


@router.get("/notices")
def notices(visit: Visiting, asked: Annotated[NoticesAsked, Query()]) -> Response:
    """Show what is due, by whom and until when."""
    tx, actor = visit.tx, visit.actor
    waiting = tx.duties.waiting(actor)
    own = _sorted([*_own(actor, waiting, tx.duties.notices(actor, waiting)), *_to_return(visit)])
    others = _sorted([*map(_of_others, tx.duties.watched(actor)), *_out(visit)])
    rows = [*own, *others]
    return visit.page(
        "notices.html",
        here="notices",
        own=_narrowed(own, asked),
        others=_narrowed(others, asked),
        open_notices=_total(waiting),
        overdue=sum(one.overdue for one in waiting),
        roles=sorted({role for row in rows for role in row.roles}),
        agencies=sorted({row.agency for row in rows if row.agency}),
        asked=asked,
        now=tx.now,
    )


@router.get("/notices/count")
def count(visit: Visiting) -> Response:
    """Return how much waits: a fragment of the head of every page."""
    return visit.page("_notice_count.html", open_notices=_total(visit.tx.duties.waiting(visit.actor)))


def _total(waiting: Iterable[Waiting]) -> int:
    return sum(one.count for one in waiting)


def _own(actor: Actor, waiting: Sequence[Waiting], found: Sequence[Notice]) -> Iterable[Row]:
    """Yield each thing by its name, and of each line how many are left that are not named."""
    for line in waiting:
        roles = tuple(sorted(roles_with(ACTIONS[line.duty]) & actor.roles))
        items = [one for one in found if one.duty is line.duty]
        for one in items:
            href = PAGES.get(one.duty, PLACES[one.duty]).format(one.ident)
            yield Row(one.duty, one.name, href, roles, actor.name, one.agency_name, one.due_at, one.since_at)
        if left := line.count - len(items):
            since = None if items else line.oldest_at
            yield Row(line.duty, "", PLACES[line.duty], roles, actor.name, "", None, since, left)


def _of_others(one: Notice) -> Row:
    href = f"/console/cases/{one.case_id}" if one.case_id else PAGES[one.duty].format(one.ident)
    roles = tuple(sorted(roles_with(ACTIONS[one.duty])))
    return Row(one.duty, one.name, href, roles, "", one.agency_name, one.due_at, one.since_at)


def _to_return(visit: Visit) -> list[Row]:
    return [_device(visit, one, "/console#own-devices") for one in visit.tx.holdings.own(visit.actor)]


def _out(visit: Visit) -> list[Row]:
    if not visit.holds(Action.DEVICE_VIEW):
        return []
    out = [one for one in visit.tx.holdings.out(visit.actor) if one.fact.person_id != visit.actor.id]
    return [_device(visit, one, f"/console/devices/{one.fact.device_id}") for one in out]


def _device(visit: Visit, one: Out, href: str) -> Row:
    agency = visit.actor.agency_name if one.agency_id == visit.actor.agency_id else ""
    fact = one.fact
    return Row(None, one.device_name, href, (), fact.person, agency or "", fact.due_at, fact.from_at)


def _sorted(rows: Iterable[Row]) -> list[Row]:
    """Put what is due first in front; behind it what has no end, the longest waiting first."""

    def key(row: Row) -> tuple[bool, float, float]:
        due, since = row.due_at, row.since_at
        return (due is None, due.timestamp() if due else 0.0, since.timestamp() if since else 0.0)

    return sorted(rows, key=key)


def _narrowed(rows: Iterable[Row], asked: NoticesAsked) -> list[Row]:
    return [
        row
        for row in rows
        if (not asked.role or asked.role in row.roles) and asked.agency in ("", row.agency)
    ]
