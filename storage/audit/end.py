"""The end of an audit: what is missing by then is counted behind its lock, shown before, and explained."""

from schemas.actor import Actor
from schemas.audit import AuditCloseIn, AuditFacts, AuditState, AuditStep, Lacking
from schemas.ids import AuditId, MemberId
from schemas.leaves_scoring import AuditCloseTold
from schemas.refusals_audit import AUDIT_CLOSE_CHANGED
from storage.audit.audit import Audits
from storage.audit.population import count_missing, gaps
from storage.audit.values import Audit
from storage.collection import Collection, Unit
from storage.custody.values import shown
from storage.reads.audit import count_unmended


class AuditEnds(Collection):
    """How audits end."""

    def __init__(self, unit: Unit, audits_: Audits) -> None:
        super().__init__(unit)
        self._audits = audits_

    def lacking(self, audit: Audit) -> Lacking:
        """Return what a drawn audit lacks now; the caller has checked it."""
        terms = self._audits.terms(audit)
        return Lacking(
            missing=count_missing(self._connection, audit.id, terms.inspectors),
            wide=len(self.unsettled(audit)),
            unmended=count_unmended(self._connection, audit.id),
        )

    def unsettled(self, audit: Audit) -> frozenset[MemberId]:
        """Return the members whose totals lie too far apart, and that no third has scored; the caller has checked it."""
        terms = self._audits.terms(audit)
        found = gaps(self._connection, audit.id, terms.inspectors)
        return frozenset(member for member, gap in found.items() if gap > terms.gap_points)

    def close(self, actor: Actor, ident: AuditId, wish: AuditCloseIn, seen: int) -> Audit:
        """End an audit; its rectifications go on by themselves.

        Raises:
            Conflict: something else is missing than its closer was shown (slug `audit-close-changed`).
            Invalid: something is missing, and no reason says why it ends (slug `audit-close-unsaid`).
            TransitionRefused, NotFound, Refused, VersionConflict: as for every change of an audit.
        """
        deed, held, row = self._audits.held(actor, ident, AuditStep.CLOSE, seen)
        lacking = self.lacking(held)
        if (wish.missing, wish.wide, wish.unmended) != (lacking.missing, lacking.wide, lacking.unmended):
            raise AUDIT_CLOSE_CHANGED("what is missing has changed", **lacking.model_dump())
        reason = (wish.reason or "").strip()
        row.check(AuditFacts(now=deed.at, lacking=lacking.total, is_explained=bool(reason)))
        closed = AuditCloseTold(
            to=AuditState.CLOSED,
            reason=shown(reason) if reason else None,
            **lacking.model_dump(),
        )
        columns = {f"close_{name}": number for name, number in lacking.model_dump().items()}
        self._audits.move(deed, held, row, closed, closed_by=actor.id, close_reason=reason or None, **columns)
        return self._audits.get(actor, ident)
