"""Rectifications: what an audit found, the agency's answers with their proof, the supervisor's verdict."""

from datetime import timedelta
from functools import cache

from sqlalchemy import ColumnElement, RowMapping, Select, insert, select

from schemas.actor import Actor
from schemas.ids import AccountId, AuditId, RectificationId
from schemas.leaves_rectification import (
    RectificationAnswer,
    RectificationClose,
    RectificationRaisePlaced,
    RectificationReturn,
    RectificationVerify,
)
from schemas.page import Cursor, Page
from schemas.policy import Action, Subject, holds, may, missing, require
from schemas.rectification import (
    STEPS,
    Rectification,
    RectificationFacts,
    RectificationIn,
    RectificationState,
    RectificationStep,
    RectificationStepIn,
    StepTaken,
)
from schemas.reference import reference
from schemas.refusals_audit import ITEM_UNKNOWN, RECTIFICATION_UNKNOWN
from schemas.refusals_recording import RECORDING_UNKNOWN
from schemas.setting import Setting
from schemas.standard import StandardItem
from storage.act import Deed, fresh_id
from storage.audit.score import AuditScores
from storage.audit.standard import Standards
from storage.audit.values import Audit, audit_name, drawn_name
from storage.collection import Collection, Order, Unit
from storage.custody.values import shown
from storage.reads.account import with_name
from storage.reads.agency import with_agency
from storage.reads.audit import standard_of, with_found, with_title
from storage.reads.policy import require_within
from storage.reads.recording import require_of_agency
from storage.reads.setting import setting_at
from storage.tables.rectification import rectification_steps, rectifications
from storage.version import change_to, require_version

_ACTS = {
    RectificationStep.ANSWER: RectificationAnswer,
    RectificationStep.RETURN: RectificationReturn,
    RectificationStep.VERIFY: RectificationVerify,
    RectificationStep.CLOSE: RectificationClose,
}
_DUE_FIRST = Order(rectifications.c.id, rectifications.c.due_at)


class Rectifications(Collection):
    """What audits found and agencies mend."""

    def __init__(self, unit: Unit, scores: AuditScores) -> None:
        super().__init__(unit)
        self._scores = scores

    def raise_(self, actor: Actor, audit_id: AuditId, wish: RectificationIn) -> Rectification:
        """Raise what was found on a drawn member; an assigned inspector or the supervisor does.

        Raises:
            NotFound: no such audit or member within the actor's scope, or no such recording of the member.
            Refused: the actor may neither score nor define this audit.
            Invalid: the standard has no such item (slug `item-unknown`).
            TransitionRefused: nothing is drawn yet, or a recheck waits.
        """
        audit = self._scores.audits.get(actor, audit_id)
        deed = self._begin(actor, audit.target_agency_id, audit_name(audit_id))
        if not self.may_raise(actor, audit):
            raise missing(Action.AUDIT_SCORE)
        member = self._scores.member(actor, audit_id, wish.member_id)
        if wish.item_code not in {item.code for item in self._scores.standard(audit).items}:
            raise ITEM_UNKNOWN("the standard has no such item", item=wish.item_code)
        if wish.recording_id not in {None, *(one.recording.id for one in member.rechecks)}:
            raise RECORDING_UNKNOWN("no such recording of what was drawn")
        ident, text = RectificationId(fresh_id()), wish.text.strip()
        target, settings = audit.target_agency_id, self._unit.settings
        days = setting_at(self._connection, settings, target, Setting.RECTIFICATION_DAYS, deed.at)
        due_at = deed.at + timedelta(days=days)
        raised = RectificationRaisePlaced(
            agency=reference("agency", audit.target_agency_id),
            member=drawn_name(audit.kind, wish.member_id),
            item=wish.item_code,
            due_at=due_at,
            recording=None if wish.recording_id is None else reference("recording", wish.recording_id),
            at_second=wish.at_second,
            to=RectificationState.RAISED,
            text=shown(text),
        )
        written = deed.write(raised, reference("rectification", ident), audit_name(audit_id))
        self._connection.execute(
            insert(rectifications).values(
                id=ident,
                audit_id=audit_id,
                member_id=wish.member_id,
                agency_id=audit.target_agency_id,
                item_code=wish.item_code,
                recording_id=wish.recording_id,
                at_second=wish.at_second,
                text=text,
                state=STEPS.begin.state,
                version=written.places[audit_name(audit_id)],
                due_at=due_at,
                raised_by=actor.id,
                raised_at=deed.at,
            )
        )
        return self._rectification(rectifications.c.id == ident)

    def may_raise(self, actor: Actor, audit: Audit) -> bool:
        """Say whether the actor may raise what was found: who scores an audit or runs it; the caller has checked it."""
        about = self._scores.subject(actor, audit)
        asked = (Action.AUDIT_SCORE, Action.AUDIT_DEFINE)
        return any(may(actor, action, about, self._now) for action in asked)

    def page(
        self,
        actor: Actor,
        *,
        is_open: bool = True,
        after: Cursor | None = None,
        limit: int = 50,
    ) -> Page[Rectification]:
        """List rectifications the actor may see, soonest due first.

        Raises:
            Refused: the actor may not see rectifications.
        """
        closed = rectifications.c.state == RectificationState.CLOSED
        query = _select().where(self._visible(actor), ~closed if is_open else closed)
        return self._page(query, _DUE_FIRST, after=after, limit=limit).each(_value)

    def of_audit(self, actor: Actor, audit_id: AuditId) -> tuple[Rectification, ...]:
        """Return the rectifications of an audit the actor may see, oldest first."""
        if not holds(actor, Action.RECTIFICATION_VIEW, self._now):
            return ()
        rows = self._connection.execute(
            _select()
            .where(rectifications.c.audit_id == audit_id, self._visible(actor))
            .order_by(rectifications.c.id)
        ).mappings()
        return tuple(map(_value, rows))

    def get(self, actor: Actor, ident: RectificationId) -> Rectification:
        """Return one rectification with every step.

        Raises:
            NotFound: no such rectification within the actor's scope.
            Refused: the actor may not see rectifications.
        """
        return self._rectification(rectifications.c.id == ident, self._visible(actor))

    def _rectification(self, *conditions: ColumnElement[bool]) -> Rectification:
        absent = RECTIFICATION_UNKNOWN("no such rectification")
        found = self._one(_select().where(*conditions), _value, absent)
        return found.model_copy(update={"steps": self._steps(found.id)})

    def _steps(self, ident: RectificationId) -> tuple[StepTaken, ...]:
        rows = self._connection.execute(
            with_name(select(rectification_steps), rectification_steps.c.taken_by, "name")
            .where(rectification_steps.c.rectification_id == ident)
            .order_by(rectification_steps.c.id)
        )
        return tuple(
            StepTaken(
                step=RectificationStep(row.step),
                text=row.text,
                proof_recording_id=row.proof_recording_id,
                taken_by=row.name,
                taken_at=row.taken_at,
            )
            for row in rows
        )

    def item(self, found: Rectification) -> StandardItem | None:
        """Return the item of the standard that a rectification is about; the caller has checked it."""
        standard_id = self._connection.scalar(standard_of(found.audit_id))
        items = Standards(self._connection).get(standard_id).items
        return next((one for one in items if one.code == found.item_code), None)

    def _visible(self, actor: Actor) -> ColumnElement[bool]:
        return require_within(actor, Action.RECTIFICATION_VIEW, self._now, rectifications)

    def step(
        self,
        actor: Actor,
        ident: RectificationId,
        step: RectificationStep,
        wish: RectificationStepIn,
        seen: int,
    ) -> Rectification:
        """Answer, return, verify or close.

        Raises:
            NotFound: no such rectification, or no such recording of the agency as proof.
            Refused: the actor may not take this step, or judges their own answer.
            TransitionRefused: the state does not allow it.
            VersionConflict: somebody else changed it.
        """
        known = self.get(actor, ident)
        row = STEPS[step]
        require(actor, row.asks, Subject(agency_id=known.agency_id), self._now)
        deed = self._begin(actor, known.agency_id, audit_name(known.audit_id))
        query = _select().where(rectifications.c.id == ident, self._visible(actor))
        query = query.with_for_update(key_share=True, of=rectifications)
        held = self._one(query, _value, RECTIFICATION_UNKNOWN("no such rectification"))
        require_version(held.version, seen)
        after = STEPS.after(held.state, step, self.gate_facts(actor, held))
        if wish.proof_recording_id is not None:
            require_of_agency(self._connection, wish.proof_recording_id, held.agency_id)
        self._keep_step(actor, deed, held, step, wish)
        proof = wish.proof_recording_id
        taken = _ACTS[step](
            to=after,
            proof=None if proof is None else reference("recording", proof),
            text=shown(wish.text.strip()),
        )
        number = deed.write(taken, reference("rectification", ident), audit_name(held.audit_id)).places[
            audit_name(held.audit_id)
        ]
        change_to(self._connection, rectifications, ident, seen, number, state=after, **row.stamp(deed.at))
        return self.get(actor, ident)

    def gate_facts(self, actor: Actor, held: Rectification) -> RectificationFacts:
        """Return what the gates of its steps look at when this actor takes one."""
        return RectificationFacts(
            taken_by=actor.account_id,
            is_of_agency=actor.agency_id == held.agency_id,
            answered_by=self._answered_by(held.id),
        )

    def _answered_by(self, ident: RectificationId) -> AccountId | None:
        return self._connection.scalar(
            select(rectification_steps.c.taken_by)
            .where(
                rectification_steps.c.rectification_id == ident,
                rectification_steps.c.step == RectificationStep.ANSWER,
            )
            .order_by(rectification_steps.c.id.desc())
            .limit(1)
        )

    def _keep_step(
        self,
        actor: Actor,
        deed: Deed,
        held: Rectification,
        step: RectificationStep,
        wish: RectificationStepIn,
    ) -> None:
        self._connection.execute(
            insert(rectification_steps).values(
                rectification_id=held.id,
                step=step,
                text=wish.text.strip(),
                proof_recording_id=wish.proof_recording_id,
                taken_by=actor.id,
                taken_at=deed.at,
            )
        )


@cache
def _select() -> Select[tuple[object, ...]]:
    query = with_title(select(rectifications), rectifications.c.audit_id)
    query = with_found(query, rectifications.c.member_id, rectifications.c.recording_id)
    return with_name(with_agency(query, rectifications.c.agency_id), rectifications.c.raised_by, "raiser")


def _value(row: RowMapping) -> Rectification:
    return Rectification.of_row(
        row,
        raised_by=row["raiser"],
        case_id=row["found_case_id"],
        recording_id=row["found_recording_id"],
        steps=(),
    )
