"""An audit on paper: population, draw, what was found of each member and how it was scored; who prints it, and when."""

from starlette.responses import Response

from api.console.audit import told_of_audit
from api.console.audit_member import pre_checks_of
from api.console.audit_result import chart_of
from api.console.guard import Visiting
from api.route import pages
from schemas.audit import DRAWN_STATES
from schemas.ids import AuditId

router = pages()


@router.get("/audits/{audit_id}/print")
def printable(visit: Visiting, audit_id: AuditId) -> Response:
    """Show what is printed: what the page of the audit and those of its members show this visitor."""
    found = visit.tx.audits.get(visit.actor, audit_id)
    is_drawn = found.state in DRAWN_STATES
    members = visit.tx.audit_scores.members(visit.actor, audit_id) if is_drawn else ()
    results = visit.tx.audit_results
    result = results.of(visit.actor, audit_id) if results.may_see(visit.actor, found) else None
    return visit.page(
        "audit_print.html",
        members=[(one, pre_checks_of(one, visit.language)) for one in members],
        result=result,
        chart=None if result is None else chart_of(result),
        **told_of_audit(visit, found)._asdict(),
    )
