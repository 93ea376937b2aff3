"""The result of an audit: for who runs and who scores it as it comes, for the audited agency once it is closed."""

from itertools import groupby

from sqlalchemy import select

from schemas.actor import Actor
from schemas.audit import DRAWN_STATES, AuditState
from schemas.audit_result import AuditResult, Drawn, Scored, result_of
from schemas.ids import AuditId
from schemas.policy import Action, require
from schemas.refusals_audit import AUDIT_NOT_CLOSED, AUDIT_NOT_DRAWN
from storage.audit.score import AuditScores
from storage.audit.values import Audit
from storage.collection import Collection, Unit
from storage.tables.audit import audit_scores


class AuditResults(Collection):
    """What audits found."""

    def __init__(self, unit: Unit, scores: AuditScores) -> None:
        super().__init__(unit)
        self._scores = scores

    def of(self, actor: Actor, audit_id: AuditId) -> AuditResult:
        """Return the result of an audit, over the files that every inspector has scored.

        Raises:
            NotFound: no such audit within the actor's scope.
            Refused: the actor may not see its result.
            TransitionRefused: nothing is drawn yet (slug `audit-not-drawn`), or the audited agency asks before the end
                (slug `audit-not-closed`).
        """
        audit = self._scores.audits.get(actor, audit_id)
        require(actor, Action.AUDIT_RESULT, self._scores.subject(actor, audit), self._now)
        if audit.state not in DRAWN_STATES:
            raise AUDIT_NOT_DRAWN("nothing is drawn yet", state=audit.state)
        if not self._scores.tells_points(actor, audit):
            raise AUDIT_NOT_CLOSED("the result is told once the audit is closed", state=audit.state)
        terms = self._scores.audits.terms(audit)
        whole = self._whole(actor, audit, terms.inspectors)
        return result_of(
            self._scores.standard(audit),
            Drawn(audit.population_count or 0, audit.size or 0, len(whole)),
            whole,
            inspectors=terms.inspectors,
            gap_most=terms.gap_points,
            of_three=terms.of_three,
            is_final=audit.state is AuditState.CLOSED,
        )

    def may_see(self, actor: Actor, audit: Audit) -> bool:
        """Say whether the actor is told the result now; the caller has checked the audit."""
        return audit.state in DRAWN_STATES and self._scores.tells_points(actor, audit)

    def _whole(self, actor: Actor, audit: Audit, inspectors: int) -> list[Scored]:
        """The drawn files that every inspector has scored: the others stay blind to each other."""
        drawn = {one.member_id: one for one in self._scores.drawn(actor, audit.id)}
        rows = self._connection.execute(
            select(
                audit_scores.c.member_id,
                audit_scores.c.inspector_id,
                audit_scores.c.item_code,
                audit_scores.c.points,
            )
            .where(audit_scores.c.audit_id == audit.id)
            .order_by(audit_scores.c.member_id, audit_scores.c.inspector_id, audit_scores.c.item_code)
        ).all()
        found = []
        thirds = self._scores.thirds(audit.id)
        for member_id, given in groupby(rows, key=lambda row: row.member_id):
            points = {
                inspector_id: {row.item_code: row.points for row in some}
                for inspector_id, some in groupby(given, key=lambda row: row.inspector_id)
            }
            named = thirds.get(member_id)
            third = None if named is None else points.pop(named.id, None)
            if len(points) >= inspectors:
                one = drawn[member_id]
                found.append(Scored(member_id, one.rank, one.label, list(points.values()), third))
        return sorted(found, key=lambda one: one.rank)
