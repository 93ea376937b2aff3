"""Audits of the supervising agency: freeze and draw, and what every step of one shares; each waits for the log.

The order is proven by positions in the custody log, not by our clock: the value of the public event may be entered
only when the freeze has its place under a signed checkpoint, and the draw only when both values have theirs.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select

from schemas.act import Act
from schemas.actor import Actor
from schemas.audit import (
    DRAFT_STATES,
    STEPS,
    AuditFacts,
    AuditPlan,
    AuditState,
    AuditStep,
    check_size,
    parse_plan,
    plan_bytes,
)
from schemas.base import rfc3339
from schemas.digest import sha256_hex
from schemas.draw import draw, population_root, sample_size, seed_of
from schemas.ids import AuditId, EntryId, RecordingId
from schemas.leaves_audit import AuditDraw, AuditFreeze
from schemas.ours import ours
from schemas.page import Cursor, Page
from schemas.policy import Action, Subject, holds, require
from schemas.randomness import PlanSource, SourceIn, value_bytes
from schemas.refusals_audit import AUDIT_UNKNOWN, PLAN_BROKEN, POPULATION_CHANGED
from schemas.setting import Setting
from schemas.setting_list import ListSetting
from schemas.step import Step
from storage.act import Deed
from storage.audit.population import (
    count_eligible,
    freeze_population,
    keep_sample,
    members,
    sample_of,
)
from storage.audit.standard import Standards
from storage.audit.values import Audit, Terms, audit_name, audit_of, select_audits
from storage.collection import By, Collection, sorted_order
from storage.outbox import JobKind
from storage.reads.policy import require_within, within
from storage.reads.population import drawn_films
from storage.reads.setting import said, setting_at
from storage.recording.keeping import enter_examinations
from storage.tables.audit import audits
from storage.version import change_to, require_version

SORTS: Mapping[str, By | None] = {"defined": None, "title": By(audits.c.title)}
"""By what a reader may sort audits."""
Row = Step[AuditStep, AuditState, AuditFacts]
"""A row of the table of an audit's steps."""
_ENTRY = {
    AuditStep.FREEZE: "freeze_entry_id",
    AuditStep.ENTER: "enter_entry_id",
    AuditStep.CONFIRM: "confirm_entry_id",
    AuditStep.DRAW: "draw_entry_id",
}
"""Which column names the entry of a step, whose position in the log the later steps ask for."""


class Audits(Collection):
    """Audits, scoped by the supervising agency on every query; the audited agency sees its own."""

    def page(
        self, actor: Actor, *, sort: str | None = None, after: Cursor | None = None, limit: int = 50
    ) -> Page[Audit]:
        """List audits the actor may see, newest first or as `sort` says (`SORTS`).

        Raises:
            Refused: the actor may not see audits.
        """
        query = select_audits().where(self._visible(actor))
        order = sorted_order(audits.c.id, SORTS, sort)
        return self._page(query, order, after=after, limit=limit).each(audit_of)

    def get(self, actor: Actor, ident: AuditId) -> Audit:
        """Return one audit.

        Raises:
            NotFound: no such audit within the actor's scope.
            Refused: the actor may not see audits.
        """
        query = select_audits().where(audits.c.id == ident, self._visible(actor))
        return self._one(query, audit_of, AUDIT_UNKNOWN("no such audit"))

    def terms(self, audit: Audit) -> Terms:
        """Return how an audit is scored; the caller has checked it.

        By the settings of the supervising agency at the freeze, as they were known then: no later entry changes it. The
        tree is the one of now, as for every setting.
        """
        installed, names = self._unit.settings, (Setting.INSPECTORS, Setting.SCORE_GAP_POINTS)
        of_three = ListSetting.SCORES_OF_THREE
        told = said(self._connection, audit.agency_id, (*names, of_three))
        at = audit.frozen_at or self._now
        inspectors, gap = (told.at(name, at, installed, known_at=at).value for name in names)
        return Terms(inspectors, gap, told.list_at(of_three, at, installed, known_at=at).value)

    def is_visible(self, actor: Actor, ident: AuditId) -> bool:
        """Say whether the actor may open an audit: a link to another would lead nowhere."""
        if not holds(actor, Action.AUDIT_VIEW, self._now):
            return False
        return bool(
            self._connection.scalar(select(exists().where(audits.c.id == ident, self._visible(actor))))
        )

    def _visible(self, actor: Actor) -> ColumnElement[bool]:
        """The supervising agency sees its audits, the audited one those of itself, an inspector the assigned.

        Whoever may confirm a value sees what waits for it, and what they have confirmed. A draft is for those who may
        define it: whoever is to be audited knows of no audit before its population is frozen.
        """
        seen = require_within(actor, Action.AUDIT_VIEW, self._now, audits)
        own = within(actor, Action.AUDIT_DEFINE, self._now, audits)
        return and_(seen, or_(audits.c.state.not_in(DRAFT_STATES), own))

    def held(
        self, actor: Actor, ident: AuditId, step: AuditStep, seen: int, *, relies: Sequence[str] = ()
    ) -> tuple[Deed, Audit, Row]:
        """Hold the audit's chain; return the audit as it stands then and the row of its step, whose gate comes later.

        Raises:
            NotFound: no such audit within the actor's scope.
            Refused: the actor may not take the step.
            TransitionRefused: it is no step from this state.
            VersionConflict: somebody else changed the audit.
        """
        known = self.get(actor, ident)
        require(actor, STEPS[step].asks, Subject(agency_id=known.agency_id), self._now)
        deed = self._begin(actor, known.agency_id, audit_name(ident), relies=relies)
        query = select_audits().where(audits.c.id == ident, self._visible(actor))
        query = query.with_for_update(key_share=True, of=audits)
        held = self._one(query, audit_of, AUDIT_UNKNOWN("no such audit"))
        require_version(held.version, seen)
        return deed, held, STEPS.start(held.state, step)

    def row(self, held: Audit, step: AuditStep) -> Row:
        """Return the row of another step of a held audit, which the same permission may take."""
        return STEPS.start(held.state, step)

    def move(self, deed: Deed, held: Audit, row: Row, act: Act, **values: object) -> EntryId:
        """Write the leaf of a step with the columns that repeat it; return its id."""
        written = deed.write(act, audit_name(held.id))
        change_to(
            self._connection,
            audits,
            held.id,
            held.version,
            written.places[audit_name(held.id)],
            state=row.end,
            **row.stamp(deed.at),
            **values,
            **({} if row.name not in _ENTRY else {_ENTRY[row.name]: written.entry_id}),
        )
        return written.entry_id

    def positions(self, *entry_ids: EntryId | None) -> tuple[int | None, ...]:
        """Return where entries stand in the log; None of one that has no place yet."""
        return tuple(self._unit.custody.position(entry_id) for entry_id in entry_ids)

    def freeze(self, actor: Actor, ident: AuditId, seen: int) -> Audit:
        """Fix the population, the size and the sources, and log their digest.

        Raises:
            Invalid: the population is empty or smaller than the size, or a source could be known already.
            TransitionRefused: it is frozen already.
            NotFound, Refused, VersionConflict: as for every change of an audit.
        """
        deed, held, row = self.held(actor, ident, AuditStep.FREEZE, seen)
        lead = timedelta(seconds=self._unit.settings.randomness_lead_seconds)
        row.check(AuditFacts(now=deed.at, sources=sources_of(held), lead=lead))
        # Members and plan in one commit: a crash leaves no population, and the next freeze takes what is there then.
        count = freeze_population(self._connection, held)
        size = held.size or sample_size(
            count, defect_permille=held.defect_permille, confidence_permille=held.confidence_permille
        )
        check_size(count, size)
        root = population_root(members(self._connection, ident))
        plan = self._plan(held, count=count, size=size, root=root, lead=lead)
        payload = plan_bytes(plan)
        sha256 = sha256_hex(payload)
        frozen = AuditFreeze(plan_sha256=sha256, root=plan.root, count=count, size=size, to=AuditState.FROZEN)
        self.move(
            deed,
            held,
            row,
            frozen,
            size=size,
            population_count=count,
            population_root=bytes.fromhex(plan.root),
            plan=payload,
            plan_sha256=sha256,
        )
        return self.get(actor, ident)

    def _plan(self, held: Audit, *, count: int, size: int, root: bytes, lead: timedelta) -> AuditPlan:
        return AuditPlan(
            audit=str(held.id),
            kind=held.kind,
            agency=str(held.target_agency_id),
            from_at=rfc3339(held.from_at),
            until_at=rfc3339(held.until_at),
            count=count,
            root=root.hex(),
            size=size,
            defect_permille=held.defect_permille,
            confidence_permille=held.confidence_permille,
            sources=[
                PlanSource(
                    name=source.name,
                    kind=source.kind.value,
                    encoding=source.encoding,
                    happens_at=rfc3339(source.happens_at),
                )
                for source in held.sources
            ],
            standard_sha256=Standards(self._connection).get(held.standard_id).sha256,
            lead_seconds=int(lead.total_seconds()),
        )

    def values(self, ident: AuditId, sources: Sequence[PlanSource]) -> list[str]:
        """Return the values that count, as they are kept; the caller has checked the audit.

        Raises:
            IntegrityBroken: they are not of its sources (slug `plan-broken`).
        """
        kept = self._connection.execute(select(audits.c["values"]).where(audits.c.id == ident)).scalar_one()
        with ours(PLAN_BROKEN, f"the values kept for audit {ident} are not of its sources"):
            value_bytes(sources, list(kept))
        return list(kept)

    def draw(self, actor: Actor, ident: AuditId, seen: int) -> Audit:
        """Draw the sample, and order the re-hash of every recording that was drawn.

        Raises:
            Conflict: the log has not taken both values yet (`audit-not-logged`).
            IntegrityBroken: population (`population-changed`), plan or values (`plan-broken`) are no longer those
                that were frozen and entered.
            TransitionRefused, NotFound, Refused, VersionConflict: as for every change of an audit.
        """
        deed, held, row = self.held(actor, ident, AuditStep.DRAW, seen)
        positions = self.positions(held.freeze_entry_id, held.enter_entry_id, held.confirm_entry_id)
        row.check(AuditFacts(now=deed.at, positions=positions))
        plan = kept_plan(held)
        population = members(self._connection, ident)
        with ours(POPULATION_CHANGED, "the population is none that could be frozen"):
            root = population_root(population).hex()
        if (root, len(population)) != (plan.root, plan.count):
            raise POPULATION_CHANGED("the population is not the one that was frozen")
        seed = seed_of(bytes.fromhex(plan.root), value_bytes(plan.sources, self.values(ident, plan.sources)))
        sample = draw(population, plan.size, seed)
        # Sample, rechecks and their jobs in one commit: a crash leaves no draw, and drawing again gives the same one.
        rechecks = keep_sample(self._connection, held, sample, seed)
        self._unit.jobs.enqueue_all(JobKind.RECHECK, rechecks, sender_id=ident)
        self._ask_frames(deed, held)
        listed = sha256_hex("\n".join(sample).encode())
        drawn = AuditDraw(seed=seed.hex(), size=len(sample), sample_sha256=listed, to=AuditState.DRAWN)
        self.move(deed, held, row, drawn, seed=seed)
        return self.get(actor, ident)

    def _ask_frames(self, deed: Deed, held: Audit) -> None:
        """Have drawn films examined frame by frame, up to the length that the agency sets; nothing waits for it."""
        installed, name = self._unit.settings, Setting.DRAWN_FRAMES_MINUTES
        minutes = setting_at(self._connection, installed, held.agency_id, name, deed.at)
        films = self._connection.execute(drawn_films(held.id, timedelta(minutes=minutes))).all()
        enter_examinations(
            self._connection,
            [RecordingId(one.id) for one in films],
            by=None,
            sender=held.id,
            at=deed.at,
            every_frame=True,
        )

    def eligible(self, actor: Actor, ident: AuditId) -> int:
        """Count what a freeze would take now.

        Raises:
            NotFound: no such audit within the actor's scope.
        """
        return count_eligible(self._connection, self.get(actor, ident))

    def population(self, actor: Actor, ident: AuditId) -> list[str]:
        """Return the frozen ids in their order.

        Raises:
            NotFound: no such audit within the actor's scope.
        """
        self.get(actor, ident)
        return members(self._connection, ident)

    def sample(self, ident: AuditId) -> list[str]:
        """Return the drawn ids, smallest ticket first; the caller has checked the audit."""
        return sample_of(self._connection, ident)


def sources_of(held: Audit) -> list[SourceIn]:
    """Return the sources of an audit as they were defined."""
    return [SourceIn(**source.model_dump()) for source in held.sources]


def kept_plan(held: Audit) -> AuditPlan:
    """Return the frozen plan, by which nobody is judged before it is the one whose digest was logged."""
    with ours(PLAN_BROKEN, f"the plan of audit {held.id} is no plan"):
        plan = parse_plan(held.plan or b"")
    if held.plan_sha256 != sha256_hex(held.plan or b""):
        raise PLAN_BROKEN(f"the plan of audit {held.id} is not the one that was frozen")
    return plan
