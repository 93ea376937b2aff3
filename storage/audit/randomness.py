"""What two people say of the public events: entered, confirmed, taken back, or not the same – and then both enter again."""

from collections.abc import Sequence

from sqlalchemy import insert, null, select

from schemas.actor import Actor
from schemas.audit import AuditFacts, AuditReasonIn, AuditState, AuditStep
from schemas.ids import AuditId, EntryId
from schemas.leaves_audit import AuditConfirm, AuditEnter, AuditMismatch, AuditRetract
from schemas.randomness import PlanSource, canonical, is_same, value_bytes, values_digest
from storage.act import Deed
from storage.audit.audit import Audits, Row, kept_plan, sources_of
from storage.audit.values import Audit, ValuesSaid, select_entries
from storage.collection import Collection, Unit
from storage.custody.values import shown
from storage.tables.audit import audit_entries

_WITHDRAWN = (AuditStep.RETRACT, AuditStep.MISMATCH)
_NOBODY = {"values": null(), "entered_by": None, "entered_at": None, "enter_entry_id": None}
"""The columns of an audit whose values count no more."""


class AuditValues(Collection):
    """The public values of audits. What somebody typed is shown to nobody before it is confirmed."""

    def __init__(self, unit: Unit, audits_: Audits) -> None:
        super().__init__(unit)
        self._audits = audits_

    def enter(self, actor: Actor, ident: AuditId, typed: Sequence[str], seen: int) -> Audit:
        """Enter what the public events gave, after they have taken place and the freeze is in the log.

        Raises:
            TransitionRefused: before the freeze (`audit-not-frozen`) or the event (`randomness-too-early`).
            Conflict: the log has not taken the freeze, or what withdrew a value, yet (`audit-not-logged`).
            Invalid: a value is missing, empty or none of its kind (`randomness-invalid`).
            NotFound, Refused, VersionConflict: as for every change of an audit.
        """
        deed, held, row = self._audits.held(actor, ident, AuditStep.ENTER, seen)
        positions = self._audits.positions(held.freeze_entry_id, *self._withdrawals(ident))
        row.check(AuditFacts(now=deed.at, sources=sources_of(held), positions=positions))
        sources = kept_plan(held).sources
        values = canonical(sources, typed)
        entered = AuditEnter(values_sha256=_digest(sources, values), to=AuditState.ENTERED)
        entry_id = self._audits.move(deed, held, row, entered, values=values, entered_by=actor.id)
        self._note(deed, actor, held, row, entry_id, typed=_stripped(typed))
        return self._audits.get(actor, ident)

    def confirm(self, actor: Actor, ident: AuditId, typed: Sequence[str], seen: int) -> Audit:
        """Say as somebody else what the events gave: the same confirms it, anything else withdraws both.

        A difference is no refusal: it is entered, the audit is frozen again, and both enter once more.

        Raises:
            Refused: the same person (`confirm-same-person`).
            Conflict: the log has not taken the entry yet.
            TransitionRefused, Invalid, NotFound, VersionConflict: as for `enter`.
        """
        deed, held, row = self._audits.held(actor, ident, AuditStep.CONFIRM, seen)
        sources = kept_plan(held).sources
        kept = self._audits.values(ident, sources)
        same = is_same(sources, kept, typed)
        row = row if same else self._audits.row(held, AuditStep.MISMATCH)
        withdrawn = self._withdrawals(ident)
        row.check(
            AuditFacts(
                now=deed.at,
                entered_by=held.entered_by_id,
                taken_by=actor.account_id,
                is_same=same,
                positions=self._audits.positions(held.freeze_entry_id, *withdrawn, held.enter_entry_id),
            )
        )
        if same:
            confirmed = AuditConfirm(values_sha256=_digest(sources, kept), to=AuditState.CONFIRMED)
            entry_id = self._audits.move(deed, held, row, confirmed, confirmed_by=actor.id)
        else:
            said = _digest(sources, canonical(sources, typed))
            differs = AuditMismatch(values_sha256=said, to=AuditState.FROZEN)
            entry_id = self._audits.move(deed, held, row, differs, **_NOBODY)
        self._note(deed, actor, held, row, entry_id, typed=_stripped(typed))
        return self._audits.get(actor, ident)

    def retract(self, actor: Actor, ident: AuditId, wish: AuditReasonIn, seen: int) -> Audit:
        """Take back what one entered oneself, before anybody confirmed it.

        Raises:
            Refused: somebody else entered it (slug `retract-not-own`).
            TransitionRefused: nothing is entered, or it is confirmed.
            NotFound, VersionConflict: as for every change of an audit.
        """
        deed, held, row = self._audits.held(actor, ident, AuditStep.RETRACT, seen)
        row.check(AuditFacts(now=deed.at, entered_by=held.entered_by_id, taken_by=actor.account_id))
        reason = wish.reason.strip()
        retracted = AuditRetract(to=AuditState.FROZEN, reason=shown(reason))
        entry_id = self._audits.move(deed, held, row, retracted, **_NOBODY)
        self._note(deed, actor, held, row, entry_id, reason=reason)
        return self._audits.get(actor, ident)

    def said(self, audit: Audit) -> tuple[ValuesSaid, ...]:
        """Return every word about the values, oldest first; what was typed only once the values are confirmed.

        The caller has checked the audit.
        """
        query = select_entries().where(audit_entries.c.audit_id == audit.id)
        rows = self._connection.execute(
            query.order_by(audit_entries.c.said_at, audit_entries.c.entry_id)
        ).mappings()
        is_told = audit.confirmed_at is not None
        return tuple(
            ValuesSaid.of_row(row, said_by=row["sayer"], typed=tuple(row["typed"] or ()) if is_told else ())
            for row in rows
        )

    def _withdrawals(self, ident: AuditId) -> list[EntryId]:
        query = select(audit_entries.c.entry_id).where(
            audit_entries.c.audit_id == ident, audit_entries.c.step.in_(_WITHDRAWN)
        )
        return list(
            self._connection.scalars(query.order_by(audit_entries.c.said_at, audit_entries.c.entry_id))
        )

    def _note(
        self, deed: Deed, actor: Actor, held: Audit, row: Row, entry_id: EntryId, **said: object
    ) -> None:
        self._connection.execute(
            insert(audit_entries).values(
                entry_id=entry_id,
                audit_id=held.id,
                step=row.name,
                said_by=actor.id,
                said_at=deed.at,
                **said,
            )
        )


def _stripped(typed: Sequence[str]) -> list[str]:
    return [one.strip() for one in typed]


def _digest(sources: Sequence[PlanSource], values: Sequence[str]) -> str:
    return values_digest(value_bytes(sources, values))
