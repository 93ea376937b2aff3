"""Scoring what was drawn: inspectors blind to each other, after every drawn recording was re-hashed.

How many score each member is a setting, never fewer than two: `Audits.terms`.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, insert, select

from schemas.actor import Actor
from schemas.audit import DRAWN_STATES, AuditKind, AuditState, RecheckOutcome
from schemas.ids import AccountId, AuditId, CaseId, MemberId
from schemas.leaves_scoring import AuditAssign, AuditScore, LeafScore
from schemas.policy import NONE, Action, Relation, Subject, may, require
from schemas.precheck import DrawnRecording, pre_check
from schemas.reference import reference
from schemas.refusals_audit import (
    AUDIT_NOT_DRAWN,
    AUDIT_STEP_REFUSED,
    INSPECTOR_UNKNOWN,
    INSPECTORS_COMPLETE,
    MEMBER_UNKNOWN,
    RECHECK_WAITING,
    SCORED_ALREADY,
)
from schemas.refusals_request import REQUEST_INVALID
from schemas.separation import Charge, Part, check_charge, kept_by
from schemas.standard import ItemScore, Standard, check_scores
from storage.act import Deed
from storage.audit.audit import Audits
from storage.audit.given import given_scores, is_of
from storage.audit.population import is_of_third
from storage.audit.standard import Standards
from storage.audit.values import (
    Audit,
    Drawn,
    Inspector,
    Member,
    PreCheck,
    Recheck,
    audit_name,
    drawn_name,
)
from storage.collection import Collection, Unit
from storage.custody.values import shown
from storage.reads.account import inspectors_outside, people
from storage.reads.case import numbers
from storage.reads.monitoring import monitored
from storage.reads.participation import cases_behind, parts_in_sample
from storage.reads.recording import filenames
from storage.recording.recording import Recordings
from storage.tables.audit import audit_inspectors, audit_rechecks, audit_sample, audit_scores, audit_thirds
from storage.version import require_version


class AuditScores(Collection):
    """Inspectors and what they give."""

    def __init__(self, unit: Unit, audits_: Audits, recordings_: Recordings) -> None:
        super().__init__(unit)
        self.audits = audits_
        self._recordings = recordings_

    def inspectors(self, audit_id: AuditId) -> tuple[Inspector, ...]:
        """Return who scores every file of an audit; the caller has checked it. A third of one file is none of them."""
        thirds = select(audit_thirds.c.account_id).where(audit_thirds.c.audit_id == audit_id)
        assigned = select(audit_inspectors.c.account_id).where(
            audit_inspectors.c.audit_id == audit_id, audit_inspectors.c.account_id.not_in(thirds)
        )
        return tuple(Inspector.of_row(row) for row in people(self._connection, assigned))

    def thirds(self, audit_id: AuditId) -> Mapping[MemberId, Inspector]:
        """Return who scores a file besides the inspectors, by file; the caller has checked the audit."""
        rows = self._connection.execute(
            select(audit_thirds.c.member_id, audit_thirds.c.account_id).where(
                audit_thirds.c.audit_id == audit_id
            )
        )
        named = {row.member_id: row.account_id for row in rows}
        asked = select(audit_thirds.c.account_id).where(audit_thirds.c.audit_id == audit_id)
        known = {row["id"]: Inspector.of_row(row) for row in people(self._connection, asked)} if named else {}
        return {member: known[account] for member, account in named.items()}

    def candidates(self, actor: Actor, audit: Audit) -> tuple[Inspector, ...]:
        """Return inspectors within the supervisor's scope who are not of the audited agency."""
        rows = inspectors_outside(self._connection, actor.agency_ids, audit.target_agency_id, self._moment)
        return tuple(Inspector.of_row(row) for row in rows)

    def offered(self, actor: Actor, audit: Audit) -> tuple[Inspector, ...]:
        """Return of the candidates those who took no part in anything that was drawn: whom the page offers."""
        return tuple(
            one
            for one in self.candidates(actor, audit)
            if not kept_by(Charge.INSPECT, parts_in_sample(self._connection, audit.id, one.id))
        )

    def assign(
        self, actor: Actor, audit_id: AuditId, account_id: AccountId, seen: int
    ) -> tuple[Inspector, ...]:
        """Assign one of the inspectors of a drawn audit.

        Raises:
            TransitionRefused: nothing is drawn yet, the audit is closed, or all are assigned (slug
                `inspectors-complete`).
            NotFound: no such inspector within the actor's scope (slug `inspector-unknown`).
            Refused: the inspector took part in what was drawn (slug `inspector-took-part`).
            VersionConflict: somebody else changed the audit.
        """
        inspector = reference("account", account_id)
        deed, audit = self.take(actor, audit_id, Action.AUDIT_DEFINE, inspector)
        require_version(audit.version, seen)
        given = self.inspectors(audit_id)
        if account_id in {one.id for one in given}:
            return given
        if len(given) >= self.audits.terms(audit).inspectors:
            raise INSPECTORS_COMPLETE("all inspectors are assigned")
        if account_id not in {one.id for one in self.candidates(actor, audit)}:
            raise INSPECTOR_UNKNOWN("no such inspector outside the audited agency")
        check_charge(Charge.INSPECT, parts_in_sample(self._connection, audit_id, account_id))
        self._connection.execute(
            insert(audit_inspectors).values(
                audit_id=audit_id,
                account_id=account_id,
                assigned_by=actor.reference,
                assigned_at=deed.at,
            )
        )
        deed.write(AuditAssign(inspector=inspector), audit_name(audit_id))
        return self.inspectors(audit_id)

    def take(self, actor: Actor, audit_id: AuditId, action: Action, *relies: str) -> tuple[Deed, Audit]:
        """Hold the chain of a drawn audit that is not closed, and return the audit as it stands then."""
        known = self._drawn(actor, audit_id, action)
        deed = self._begin(actor, known.agency_id, audit_name(audit_id), relies=relies)
        audit = self._drawn(actor, audit_id, action)
        if audit.state is AuditState.CLOSED:
            raise AUDIT_STEP_REFUSED("the audit is closed", state=audit.state)
        return deed, audit

    def _drawn(self, actor: Actor, audit_id: AuditId, action: Action) -> Audit:
        audit = self.audits.get(actor, audit_id)
        require(actor, action, self.subject(actor, audit), self._now)
        if audit.state not in DRAWN_STATES:
            raise AUDIT_NOT_DRAWN("nothing is drawn yet", state=audit.state)
        return audit

    def subject(self, actor: Actor, audit: Audit) -> Subject:
        """Return how the actor stands to an audit and what it drew; the caller has checked the audit."""
        panel = (*self.inspectors(audit.id), *self.thirds(audit.id).values())
        is_inspector = actor.id in {one.id for one in panel}
        related = Relation.INSPECTED if is_inspector else NONE
        if audit.target_agency_id == actor.agency_id:
            related |= Relation.AUDITED
        return Subject(agency_id=audit.agency_id, related=related)

    def tells_points(self, actor: Actor, audit: Audit) -> bool:
        """Say whether points of a drawn audit are told to the actor: before its end only to who runs and who scores it.

        Not to a third of some files: those are told the points of their own, once they scored it.
        """
        if not may(actor, Action.AUDIT_RESULT, self.subject(actor, audit), self._now):
            return False
        runs = may(actor, Action.AUDIT_DEFINE, Subject(agency_id=audit.agency_id), self._now)
        scores = actor.id in {one.id for one in self.inspectors(audit.id)}
        return runs or scores or audit.state is AuditState.CLOSED

    def drawn(self, actor: Actor, audit_id: AuditId) -> tuple[Drawn, ...]:
        """Return the sample with how far each member has come; the caller has checked the audit."""
        outcomes = self._outcomes(audit_id)
        scored = self._scored(actor, audit_id)
        labels = self._labels(audit_id)
        thirds = self.thirds(audit_id)
        is_inspector = actor.id in {one.id for one in self.inspectors(audit_id)}
        rows = self._connection.execute(
            select(audit_sample).where(audit_sample.c.audit_id == audit_id).order_by(audit_sample.c.rank)
        )
        return tuple(
            Drawn(
                rank=row.rank,
                member_id=row.member_id,
                label=labels.get(row.member_id, ""),
                ticket=bytes(row.ticket).hex(),
                rechecks=outcomes.get(row.member_id, {}),
                scored_by=scored.get(row.member_id, (0, False))[0],
                is_own_scored=scored.get(row.member_id, (0, False))[1],
                is_asked=not scored.get(row.member_id, (0, False))[1]
                and (is_inspector or is_of(actor, thirds.get(row.member_id))),
            )
            for row in rows
        )

    def _outcomes(self, audit_id: AuditId) -> dict[MemberId, dict[str, int]]:
        rows = self._connection.execute(
            select(audit_rechecks.c.member_id, audit_rechecks.c.outcome, func.count().label("number"))
            .where(audit_rechecks.c.audit_id == audit_id)
            .group_by(audit_rechecks.c.member_id, audit_rechecks.c.outcome)
        )
        found: dict[MemberId, dict[str, int]] = {}
        for row in rows:
            found.setdefault(row.member_id, {})[row.outcome] = row.number
        return found

    def _scored(self, actor: Actor, audit_id: AuditId) -> dict[MemberId, tuple[int, bool]]:
        rows = self._connection.execute(
            select(
                audit_scores.c.member_id,
                func.count(audit_scores.c.inspector_id.distinct())
                .filter(~is_of_third(audit_scores))
                .label("number"),
                func.bool_or(audit_scores.c.inspector_id == actor.id).label("is_own"),
            )
            .where(audit_scores.c.audit_id == audit_id)
            .group_by(audit_scores.c.member_id)
        )
        return {row.member_id: (row.number, row.is_own) for row in rows}

    def _labels(self, audit_id: AuditId) -> dict[MemberId, str]:
        drawn = select(audit_sample.c.member_id).where(audit_sample.c.audit_id == audit_id)
        return numbers(self._connection, drawn) | filenames(self._connection, drawn)

    def member(self, actor: Actor, audit_id: AuditId, member_id: MemberId) -> Member:
        """Return a drawn member with what the system found out about it, and the scores one may see.

        Raises:
            NotFound: no such audit within the actor's scope, or no such member of its sample.
            TransitionRefused: nothing is drawn yet, or a recording waits for its recheck (`recheck-waiting`).
        """
        audit = self._drawn(actor, audit_id, Action.AUDIT_VIEW)
        found = next((one for one in self.drawn(actor, audit_id) if one.member_id == member_id), None)
        if found is None:
            raise MEMBER_UNKNOWN("this was not drawn")
        if found.is_waiting:
            raise RECHECK_WAITING("a recording of it is still being re-hashed")
        is_inspector = actor.id in {one.id for one in self.inspectors(audit_id)}
        third = self.thirds(audit_id).get(member_id)
        return self._member(actor, audit, found, self.standard(audit), third, is_inspector=is_inspector)

    def members(self, actor: Actor, audit_id: AuditId) -> tuple[Member, ...]:
        """Return the whole sample as `member` does, but for what waits for its recheck.

        Raises:
            NotFound, TransitionRefused: no such audit within the actor's scope, or nothing is drawn yet.
        """
        audit = self._drawn(actor, audit_id, Action.AUDIT_VIEW)
        standard = self.standard(audit)
        is_inspector, thirds = (
            actor.id in {one.id for one in self.inspectors(audit_id)},
            self.thirds(audit_id),
        )
        return tuple(
            self._member(actor, audit, one, standard, thirds.get(one.member_id), is_inspector=is_inspector)
            for one in self.drawn(actor, audit_id)
            if not one.is_waiting
        )

    def _member(
        self,
        actor: Actor,
        audit: Audit,
        found: Drawn,
        standard: Standard,
        third: Inspector | None,
        *,
        is_inspector: bool,
    ) -> Member:
        audit_id, member_id = audit.id, found.member_id
        rechecks = self._rechecks(audit_id, member_id)
        terms = self.audits.terms(audit)
        is_third = is_of(actor, third)
        is_told = is_third or self.tells_points(actor, audit)
        scores = given_scores(self._connection, actor, (audit_id, member_id), terms, third) if is_told else ()
        totals = [one.total for one in scores if not one.is_third]
        gap = max(totals) - min(totals) if len(totals) == terms.inspectors else None
        is_final = gap is not None and (gap <= terms.gap_points or any(one.is_third for one in scores))
        makes = [one.total for one in scores if one.counts]
        kept = self._kept_by(actor, audit_id, member_id) if is_inspector or is_third else ()
        return Member(
            audit=audit,
            member_id=member_id,
            label=found.label,
            rank=found.rank,
            rechecks=rechecks,
            pre_checks=self._pre_checks(standard, rechecks),
            scores=scores,
            gap=gap,
            gap_most=terms.gap_points,
            third=third,
            mean=sum(makes) / len(makes) if is_final else None,
            inspectors_wanted=terms.inspectors,
            kept_by=kept,
            may_score=(is_inspector or is_third)
            and not found.is_own_scored
            and not kept
            and audit.state is AuditState.DRAWN,
        )

    def _kept_by(self, actor: Actor, audit_id: AuditId, member_id: MemberId) -> tuple[Part, ...]:
        return kept_by(
            Charge.INSPECT, parts_in_sample(self._connection, audit_id, actor.account_id, member_id)
        )

    def standard(self, audit: Audit) -> Standard:
        """Return the standard an audit scores against."""
        return Standards(self._connection).get(audit.standard_id)

    def _rechecks(self, audit_id: AuditId, member_id: MemberId) -> tuple[Recheck, ...]:
        rows = self._connection.execute(
            select(audit_rechecks)
            .where(audit_rechecks.c.audit_id == audit_id, audit_rechecks.c.member_id == member_id)
            .order_by(audit_rechecks.c.recording_id)
        )
        return tuple(
            Recheck(
                recording=self._recordings.known(row.recording_id),
                outcome=RecheckOutcome(row.outcome),
                code=row.code,
                sha256=row.sha256,
                checked_at=row.checked_at,
            )
            for row in rows
        )

    def _pre_checks(self, standard: Standard, rechecks: Sequence[Recheck]) -> tuple[PreCheck, ...]:
        by_equipment = monitored(self._connection, [one.recording.id for one in rechecks])
        drawn = [
            DrawnRecording(
                outcome=one.outcome,
                checks=tuple(row.check for row in self._recordings.checks(one.recording.id)),
                is_capture_known=one.recording.corrected_at is not None,
                is_by_officer=one.recording.id not in by_equipment,
            )
            for one in rechecks
        ]
        return tuple(
            PreCheck(item=item.code, check=pre_check(item.auto, drawn))
            for item in standard.items
            if item.auto is not None
        )

    def score(
        self, actor: Actor, audit_id: AuditId, member_id: MemberId, wish: Sequence[ItemScore]
    ) -> Member:
        """Give all points of one member, once.

        Raises:
            Refused: the actor is no inspector of this audit, or took part in the member by now (slug
                `inspector-took-part`).
            Invalid: not every item is scored, or a deduction says not why.
            Conflict: the actor has scored it already (slug `scored-already`).
            NotFound, TransitionRefused: as for `member`.
        """
        # Whoever is barred, or takes part, meanwhile comes behind the scores in the log: in the cases behind the member, or
        # as that is tied to one. What was tied while this waited is held as well, or the act is tried again.
        kind = self.audits.get(actor, audit_id).kind
        behind = cases_behind(self._connection, member_id)
        deed, audit = self.take(actor, audit_id, Action.AUDIT_SCORE, drawn_name(kind, member_id), *behind)
        deed = deed.leaning(cases_behind(self._connection, member_id))
        member = self.member(actor, audit_id, member_id)
        if any(one.is_own for one in member.scores):
            raise SCORED_ALREADY("you have scored it; scores are never changed")
        check_charge(Charge.INSPECT, member.kept_by)
        check_scores(self.standard(audit), wish)
        if not member.may_score:
            raise REQUEST_INVALID("only an assigned inspector scores")
        self._connection.execute(
            insert(audit_scores),
            [
                {
                    "audit_id": audit_id,
                    "member_id": member_id,
                    "inspector_id": actor.id,
                    "item_code": score.code,
                    "points": score.points,
                    "remark": score.remark.strip(),
                    "given_at": deed.at,
                }
                for score in wish
            ],
        )
        scored = AuditScore(
            member=drawn_name(audit.kind, member_id),
            scores=tuple(
                LeafScore(code=score.code, points=score.points, remark=shown(score.remark.strip()))
                for score in wish
            ),
            total=sum(score.points for score in wish),
        )
        deed.write(scored, audit_name(audit_id))
        return self.member(actor, audit_id, member_id)

    def case_id_of(self, audit: Audit, member_id: MemberId) -> CaseId | None:
        """Return the case behind a member, when cases were drawn."""
        return CaseId(member_id) if audit.kind is AuditKind.CLOSED_CASES else None
