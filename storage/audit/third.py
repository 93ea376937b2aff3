"""A third inspector for a file whose totals lie too far apart: named by who runs the audit, blind until they scored it."""

from sqlalchemy import insert, select

from schemas.actor import Actor, Role
from schemas.ids import AccountId, AuditId, MemberId
from schemas.leaves_scoring import AuditThird
from schemas.policy import Action
from schemas.reference import reference
from schemas.refusals_audit import INSPECTOR_UNKNOWN, THIRD_NAMED, THIRD_NEEDLESS, THIRD_UNFIT
from schemas.separation import Charge, check_charge, kept_by
from storage.act import Deed
from storage.audit.score import AuditScores
from storage.audit.values import Audit, Inspector, Member, audit_name, drawn_name
from storage.collection import Collection, Unit
from storage.reads.account import holding
from storage.reads.participation import parts_in_sample
from storage.tables.audit import audit_inspectors, audit_thirds
from storage.version import require_version


class AuditThirds(Collection):
    """Who scores a file besides its inspectors."""

    def __init__(self, unit: Unit, scores: AuditScores) -> None:
        super().__init__(unit)
        self._scores = scores

    def offered(self, actor: Actor, member: Member) -> tuple[Inspector, ...]:
        """Return whom the page of a file offers: where a third is needed and none is named, all who may be one."""
        if not member.is_wide or member.third is not None:
            return ()
        return tuple(
            one
            for one in self._fit(actor, member.audit)
            if not kept_by(
                Charge.INSPECT, parts_in_sample(self._connection, member.audit.id, one.id, member.member_id)
            )
        )

    def _fit(self, actor: Actor, audit: Audit) -> tuple[Inspector, ...]:
        """Return the candidates who know no points: none of the inspectors, and nobody who runs audits."""
        found = self._scores.candidates(actor, audit)
        scoring = {one.id for one in self._scores.inspectors(audit.id)}
        told = holding(self._connection, Role.SUPERVISOR, [one.id for one in found], self._moment)
        return tuple(one for one in found if one.id not in scoring | told | {actor.account_id})

    def name(
        self, actor: Actor, audit_id: AuditId, member_id: MemberId, account_id: AccountId, seen: int
    ) -> Member:
        """Name the third inspector of a file.

        Raises:
            TransitionRefused: nothing is drawn, the audit is closed, or the totals do not ask for one (slug
                `third-needless`).
            Conflict: another is named (slug `third-named`).
            NotFound: no such inspector within the actor's scope (slug `inspector-unknown`), or no such file.
            Refused: one of the audit's inspectors, or somebody who sees the points (slug `third-unfit`); or the inspector
                took part in the file (slug `inspector-took-part`).
            VersionConflict: somebody else changed the audit.
        """
        inspector = reference("account", account_id)
        deed, audit = self._scores.take(actor, audit_id, Action.AUDIT_DEFINE, inspector)
        require_version(audit.version, seen)
        member = self._scores.member(actor, audit_id, member_id)
        if member.third is not None and member.third.id == account_id:
            return member
        if member.third is not None:
            raise THIRD_NAMED("a third inspector is named for it")
        if not member.is_wide:
            raise THIRD_NEEDLESS("the totals are not all given, or lie near enough", gap=member.gap)
        if account_id not in {one.id for one in self._scores.candidates(actor, audit)}:
            raise INSPECTOR_UNKNOWN("no such inspector outside the audited agency")
        if account_id not in {one.id for one in self._fit(actor, audit)}:
            raise THIRD_UNFIT("a third inspector knows no points of the audit")
        check_charge(Charge.INSPECT, parts_in_sample(self._connection, audit_id, account_id, member_id))
        self._keep(actor, deed, audit_id, member_id, account_id)
        third = AuditThird(member=drawn_name(audit.kind, member_id), inspector=inspector)
        deed.write(third, audit_name(audit_id))
        return self._scores.member(actor, audit_id, member_id)

    def _keep(
        self, actor: Actor, deed: Deed, audit_id: AuditId, member_id: MemberId, account_id: AccountId
    ) -> None:
        """Keep who was named; whoever is a third of another file of the audit stands among its inspectors already."""
        named = {"account_id": account_id, "assigned_by": actor.reference, "assigned_at": deed.at}
        known = select(audit_inspectors.c.account_id).where(
            audit_inspectors.c.audit_id == audit_id, audit_inspectors.c.account_id == account_id
        )
        if self._connection.scalar(known) is None:
            self._connection.execute(insert(audit_inspectors).values(audit_id=audit_id, **named))
        self._connection.execute(insert(audit_thirds).values(audit_id=audit_id, member_id=member_id, **named))
