"""An audit on paper: population, draw, what was found of each member and how it was scored; who prints it, and when."""

from collections.abc import Sequence
from typing import NamedTuple

from fastapi import APIRouter
from starlette.responses import Response

from api.console.audit import told_of_audit
from api.console.audit_member import pre_checks_of
from api.console.guard import Visiting
from api.route import Route
from schemas.audit import DRAWN_STATES
from schemas.ids import AuditId
from storage.audit.values import Member

router = APIRouter(route_class=Route)


class Sums(NamedTuple):
    """What the scores of an audit come to, as far as its reader sees them: whole members, their mean, wide distances."""

    scored: int
    mean: str
    wide: int


@router.get("/audits/{audit_id}/print")
def printable(visit: Visiting, audit_id: AuditId) -> Response:
    """Show what is printed: what the page of the audit and those of its members show this visitor."""
    found = visit.tx.audits.get(visit.actor, audit_id)
    is_drawn = found.state in DRAWN_STATES
    members = visit.tx.audit_scores.members(visit.actor, audit_id) if is_drawn else ()
    return visit.page(
        "audit_print.html",
        members=[(one, pre_checks_of(one, visit.language)) for one in members],
        sums=_sums(members),
        **told_of_audit(visit, found)._asdict(),
    )


def _sums(members: Sequence[Member]) -> Sums:
    """Sum up the members that every inspector has scored; those of the others are not all to be seen yet."""
    whole = [one for one in members if len(one.scores) == one.inspectors_wanted]
    totals = [given.total for one in whole for given in one.scores]
    mean = f"{sum(totals) / len(totals):.1f}" if totals else ""
    return Sums(len(whole), mean, sum((one.gap or 0) > one.gap_most for one in whole))
