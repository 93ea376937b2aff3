"""A certificate is annulled, and every record that rested on it alone waits for both reviewers again, in one act."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from schemas.actor import Actor
from schemas.base import HexDigest, Moment
from schemas.equipment import Certificate, Equipment
from schemas.equipment_annul import AnnulIn, Touched, Void, void_of
from schemas.ids import EquipmentId
from schemas.leaves_monitoring import MonitoringReopen
from schemas.monitoring import STEPS, MonitoringStep
from schemas.reference import reference
from schemas.refusals_monitoring import ANNUL_CHANGED
from schemas.setting import Setting
from storage.act import Deed
from storage.collection import Collection, Unit
from storage.custody.custody import Entry
from storage.equipment.annul import Annulments
from storage.monitoring.values import MonitoringRecord, Reopening
from storage.reads.account import with_name
from storage.reads.equipment import with_annulment
from storage.reads.monitoring import resting_on
from storage.reads.rested import Rested, rested_on
from storage.reads.setting import setting_at
from storage.tables.monitoring import monitoring_records, monitoring_reopenings


class Reopenings(Collection):
    """Records of fixed equipment that are judged anew."""

    def __init__(self, unit: Unit, annulments: Annulments) -> None:
        super().__init__(unit)
        self._annulments = annulments

    def touched(
        self, actor: Actor, ident: EquipmentId, entry: HexDigest, from_at: Moment | None = None
    ) -> Touched:
        """Return what an annulment would touch now; without a time the certificate was void from the beginning.

        Raises:
            NotFound, Refused, Invalid: as `annul`.
        """
        found = self._annulments.kept(actor, ident)
        known, others = self._annulments.certificate(ident, entry)
        void = void_of(known, from_at, self._now)
        return self._told(void, self._rested(found, void, others))

    def annul(
        self, actor: Actor, ident: EquipmentId, entry: HexDigest, wish: AnnulIn, seen: int
    ) -> Equipment:
        """Annul a certificate, and re-open every record that rested on it alone.

        Both stages are given anew; what was concluded before, and the ties to cases, stay in the record.

        Raises:
            NotFound: as for every change of the register, or nothing of such a certificate is said
                (slug `equipment-certificate-unknown`).
            Refused, VersionConflict: as for every change of the register.
            Invalid: as `schemas.equipment_annul.void_of`.
            Conflict: it touches other numbers than those that were shown (slug `annul-changed`).
        """
        found = self._annulments.kept(actor, ident)
        known, others = self._annulments.certificate(ident, entry)
        before = self._rested(found, void_of(known, wish.from_at, self._now), others)
        names = [reference("monitoring", one.id) for one in before]
        deed, held = self._annulments.take(actor, ident, seen, *names)
        # Nobody concludes a record of this equipment while it is held: what is read now stays so.
        known, others = self._annulments.certificate(ident, entry)
        void = void_of(known, wish.from_at, deed.at)
        rested = self._rested(held, void, others)
        told = self._told(void, rested)
        if (told.records, told.cases) != (wish.records, wish.cases) or {one.id for one in rested} != {
            one.id for one in before
        }:
            raise ANNUL_CHANGED(
                "it touches others than you were shown", records=told.records, cases=told.cases
            )
        leaf = self._annulments.annul(actor, deed, held, known, wish)
        self._reopen(actor, deed, held, rested, leaf)
        return self._annulments.get(actor, ident)

    def of_record(self, record: MonitoringRecord) -> tuple[Reopening, ...]:
        """Return why a record was judged anew, oldest first; the caller has checked the record."""
        made = monitoring_reopenings
        query = with_name(select(made.c.round, made.c.reopened_at), made.c.reopened_by, "reopener")
        rows = self._connection.execute(
            with_annulment(query, made.c.annulment)
            .where(made.c.monitoring_id == record.id)
            .order_by(made.c.round)
        ).mappings()
        return tuple(Reopening.of_row(row) for row in rows)

    def _rested(self, of: Equipment, void: Void, others: Sequence[Certificate]) -> list[Rested]:
        """Return the records that rest on a certificate alone, by the rule that was known when each was concluded."""
        return rested_on(self._connection, self._unit.settings, of, (void,), others)

    def _told(self, void: Void, rested: Sequence[Rested]) -> Touched:
        resting, decided = resting_on(self._connection, [one.id for one in rested])
        return Touched(
            since=void.since, until=void.until, records=len(rested), cases=resting, decided=decided
        )

    def _reopen(
        self, actor: Actor, deed: Deed, of: Equipment, rested: Sequence[Rested], annulment: str
    ) -> None:
        if not rested:
            return
        settings = self._unit.settings
        days = setting_at(self._connection, settings, of.agency_id, Setting.MONITORING_REVIEW_DAYS, deed.at)
        due_at = settings.calendar.after(deed.at, days)
        state = STEPS[MonitoringStep.REOPEN].end
        entries = [
            Entry(
                MonitoringReopen(annulment=annulment, round=one.round + 1, due_at=due_at, to=state),
                reference("monitoring", one.id),
            )
            for one in rested
        ]
        changed, rows = [], []
        for one, entry, leaf in zip(rested, entries, deed.write_all(entries), strict=True):
            changed.append({"of": one.id, "to": leaf.places[entry.about], "into": one.round + 1})
            rows.append(
                {
                    "monitoring_id": one.id,
                    "round": one.round + 1,
                    "annulment": bytes.fromhex(annulment),
                    "due_at": due_at,
                    "reopened_by": actor.id,
                    "reopened_at": deed.at,
                }
            )
        again = update(monitoring_records).where(monitoring_records.c.id == bindparam("of"))
        anew: dict[str, Any] = {"version": bindparam("to"), "round": bindparam("into")}
        self._connection.execute(again.values(**anew, state=state, due_at=due_at, concluded_at=None), changed)
        self._connection.execute(insert(monitoring_reopenings), rows)
