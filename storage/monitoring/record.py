"""Monitoring records: lists, and the two blind opinions."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import ColumnElement, RowMapping, Select, and_, exists, or_, select, true
from sqlalchemy.dialects.postgresql import insert

from schemas.actor import Actor
from schemas.case import is_code
from schemas.equipment import EquipmentFacts
from schemas.equipment_version import standing
from schemas.gate import CertificateRule, gate_faults, recorded_later
from schemas.ids import MonitoringId, RecordingId
from schemas.leaves_monitoring import MonitoringOpine
from schemas.monitoring import (
    OPEN_STATES,
    STAGE_ACTIONS,
    STEPS,
    Given,
    OpinionIn,
    OpinionWord,
    RecordFacts,
    ReviewStage,
    state_of,
    step_of,
)
from schemas.monitoring_row import is_plate
from schemas.office import carrying
from schemas.page import Cursor, Page
from schemas.policy import Action, missing, roles_with
from schemas.reference import reference
from schemas.refusals_monitoring import MONITORING_UNKNOWN
from schemas.uscc import is_uscc
from storage.act import Deed
from storage.collection import By, Collection, Order, sorted_order
from storage.custody.values import shown
from storage.monitoring.values import (
    MonitoringFilter,
    MonitoringRecord,
    Opinion,
    Registration,
    conditions_of,
    given_of,
    record_of,
    select_records,
    shown_version,
)
from storage.personal import asked_digests, opened_bytes
from storage.reads.account import with_name
from storage.reads.certificate_rule import rule_at
from storage.reads.equipment import facts_of, versions_of
from storage.reads.office import acted, offices_at
from storage.reads.policy import require_within, within, within_seen
from storage.reads.recording import are_sealed
from storage.tables.monitoring import (
    MONITORING_WORDS,
    monitoring_media,
    monitoring_opinions,
    monitoring_records,
)
from storage.version import change_to, require_version
from storage.words import Party, Sought, matching_party

SORTS: Mapping[str, By | None] = {
    "received": None,
    "captured": By(monitoring_records.c.captured_at, datetime.fromisoformat),
}
"""By what a reader may sort records."""
_DUE_FIRST = Order(monitoring_records.c.id, monitoring_records.c.due_at)


class Monitoring(Collection):
    """Records of fixed equipment, scoped by agency on every query."""

    def page(
        self, actor: Actor, wanted: MonitoringFilter, *, after: Cursor | None = None, limit: int = 50
    ) -> Page[MonitoringRecord]:
        """List records the actor may see, newest first.

        Raises:
            Refused: the actor may not see monitoring records.
        """
        query = self._select(actor).where(self._visible(actor), *conditions_of(wanted))
        sought = self._sought(actor, wanted.text) if wanted.text else Sought(true())
        query = query.add_columns(*sought.columns).where(sought.condition)
        order = sorted_order(monitoring_records.c.id, SORTS, wanted.sort)
        return self._seen_by(actor, self._page(query, order, after=after, limit=limit, keep=sought.keep))

    def _select(self, actor: Actor) -> Select[tuple[object, ...]]:
        """Return the query of records that the actor sees: `is_whole` says where the party is not masked."""
        return select_records().add_columns(self._is_whole(actor).label("is_whole"))

    def _select_asked(self, actor: Actor) -> Select[tuple[object, ...]]:
        """Return the same of records that wait for the actor, whether they see them otherwise or not."""
        whole = within(actor, Action.MONITORING_PARTY, self._now, monitoring_records)
        return select_records().add_columns(whole.label("is_whole"))

    def _is_whole(self, actor: Actor) -> ColumnElement[bool]:
        seen = Action.MONITORING_VIEW
        return within_seen(actor, Action.MONITORING_PARTY, seen, self._now, monitoring_records)

    def _sought(self, actor: Actor, wanted: str) -> Sought:
        """Look for a plate, a code or a record's id as a whole, else for words; in parties where they are read whole."""
        known, is_whole = monitoring_records.c, self._is_whole(actor)
        text = wanted.strip().upper()
        if is_plate(text):
            return Sought(known.plate == text)
        if is_code(text):
            digests = asked_digests(self._connection, known.party_code, text)
            is_code_of = and_(known.party_code_digest.in_(digests), is_whole)
            if is_uscc(text):
                return Sought(is_code_of)
            others = [known.record_id == wanted, is_code_of]
        else:
            others = [known.record_id == wanted]
        party = Party(known.id, known.plate, known.party, known.party_tokens, is_whole)
        return matching_party(self._connection, party, MONITORING_WORDS, wanted, *others)

    def queue(
        self,
        actor: Actor,
        stage: ReviewStage,
        *,
        after: Cursor | None = None,
        limit: int = 50,
    ) -> Page[MonitoringRecord]:
        """List what waits for the actor at `stage`, soonest due first.

        What the actor has judged at the other stage in this round is left out: two different people review a record.

        Raises:
            Refused: the actor is no reviewer of this stage.
        """
        reached = require_within(actor, STAGE_ACTIONS[stage], self._now, monitoring_records)
        taken = exists().where(
            monitoring_opinions.c.monitoring_id == monitoring_records.c.id,
            monitoring_opinions.c.round == monitoring_records.c.round,
            or_(monitoring_opinions.c.stage == stage, monitoring_opinions.c.reviewer_id == actor.id),
        )
        waiting = monitoring_records.c.state.in_(OPEN_STATES)
        query = self._select_asked(actor).where(reached, waiting, ~taken)
        return self._seen_by(actor, self._page(query, _DUE_FIRST, after=after, limit=limit))

    def get(self, actor: Actor, ident: MonitoringId) -> MonitoringRecord:
        """Return one record.

        Raises:
            NotFound: no such record within the actor's scope.
            Refused: the actor may not see monitoring records.
        """
        query = self._select(actor).where(monitoring_records.c.id == ident, self._visible(actor))
        is_blind = not self._own_opinions(actor, [ident])
        absent = MONITORING_UNKNOWN("no such monitoring record")
        return self._one(query, partial(record_of, self._connection, is_blind=is_blind), absent)

    def _seen_by(self, actor: Actor, page: Page[RowMapping]) -> Page[MonitoringRecord]:
        own = self._own_opinions(actor, [row["id"] for row in page.rows])
        return page.each(lambda row: record_of(self._connection, row, is_blind=row["id"] not in own))

    def _own_opinions(self, actor: Actor, idents: Sequence[MonitoringId]) -> frozenset[MonitoringId]:
        """Return those of which the actor has given an opinion in the last round."""
        known = monitoring_records
        return frozenset(
            self._connection.scalars(
                select(monitoring_opinions.c.monitoring_id)
                .join(known, known.c.id == monitoring_opinions.c.monitoring_id)
                .where(
                    monitoring_opinions.c.monitoring_id.in_(idents),
                    monitoring_opinions.c.reviewer_id == actor.id,
                    monitoring_opinions.c.round == known.c.round,
                )
            )
        )

    def visible(self, actor: Actor, idents: Iterable[MonitoringId]) -> frozenset[MonitoringId]:
        """Return which of these records the actor may open: a link to another would lead nowhere."""
        wanted = list(idents)
        inside = within(actor, Action.MONITORING_VIEW, self._now, monitoring_records)
        query = select(monitoring_records.c.id).where(monitoring_records.c.id.in_(wanted), inside)
        return frozenset(self._connection.scalars(query) if wanted else ())

    def _visible(self, actor: Actor) -> ColumnElement[bool]:
        return require_within(actor, Action.MONITORING_VIEW, self._now, monitoring_records)

    def raw(self, actor: Actor, ident: MonitoringId) -> bytes:
        """Return the row as kept, verbatim: it says who the party is.

        Raises:
            NotFound: no such record within the actor's scope.
            Refused: the actor reads its party masked.
        """
        if self.get(actor, ident).is_masked:
            raise missing(Action.MONITORING_PARTY)
        kept: bytes = self._connection.execute(
            select(monitoring_records.c.raw).where(monitoring_records.c.id == ident)
        ).scalar_one()
        return opened_bytes(self._connection, monitoring_records.c.raw, ident, kept)

    def media(self, ident: MonitoringId) -> tuple[RecordingId, ...]:
        """Return the recordings of a record in their order; the caller has checked the record."""
        return tuple(
            self._connection.scalars(
                select(monitoring_media.c.recording_id)
                .where(monitoring_media.c.monitoring_id == ident)
                .order_by(monitoring_media.c.position)
            )
        )

    def faults(self, record: MonitoringRecord) -> tuple[str, ...]:
        """Return what the gate missed at the capture, by the facts as the register knows them now."""
        needs = self.certificate_rule(record).is_needed
        found = gate_faults(self._facts(record), record.captured_at, certificate=needs)
        return tuple(fault.value for fault in found)

    def certificate_rule(self, record: MonitoringRecord) -> CertificateRule:
        """Return whether equipment of this kind needed a certificate at the capture.

        What was concluded is judged by what was known then: a later entry judges it never again.
        """
        return rule_at(
            self._connection,
            self._unit.settings,
            record.agency_id,
            record.equipment_kind,
            record.captured_at,
            known_at=record.concluded_at,
        )

    def _facts(self, record: MonitoringRecord) -> EquipmentFacts:
        return facts_of(self._connection, [record.equipment_id])[record.equipment_id]

    def registration(self, record: MonitoringRecord) -> Registration:
        """Return what the equipment was when the record was captured, as said now and as known when it was received."""
        said = versions_of(self._connection, [record.equipment_id])[record.equipment_id]
        now = standing(said, record.captured_at)
        then = standing(said, record.captured_at, record.received_at)
        return Registration(now=now, then=then)

    def is_recorded_later(self, record: MonitoringRecord) -> bool:
        """Say whether the gate is open only by facts that were entered after the capture."""
        needs = self.certificate_rule(record).is_needed
        return recorded_later(self._facts(record), record.captured_at, certificate=needs)

    def opine(
        self, actor: Actor, ident: MonitoringId, stage: ReviewStage, wish: OpinionIn, seen: int
    ) -> MonitoringRecord:
        """Give one of the two opinions; the second, or a first `invalid`, concludes the record.

        Raises:
            NotFound: no such record within the actor's scope.
            Refused: the actor is no reviewer of this stage, or gave the other opinion.
            TransitionRefused, Invalid: as the gate in `schemas.monitoring.STEPS`.
            VersionConflict: somebody else changed the record; the other's opinion alone does not, they are blind.
        """
        record = self._asked(actor, ident, STAGE_ACTIONS[stage])
        about = reference("monitoring", ident)
        # Whoever annuls a certificate of its equipment holds that: no record is concluded unseen meanwhile.
        relied = reference("equipment", record.equipment_id)
        deed = self._begin(actor, record.agency_id, about, relies=(relied,))
        version, round_ = self.locked(ident)
        given = self._given(ident, round_)
        facts = RecordFacts(given, wish, stage, actor.account_id, is_sealed=self._is_sealed(ident))
        row = STEPS[step_of(given, wish.opinion)]
        after = STEPS.after(state_of(given, round_), row.name, facts)
        require_version(shown_version(version, len(given)), seen)
        opined = MonitoringOpine(
            stage=stage,
            opinion=wish.opinion,
            reason_code=wish.reason_code,
            to=after,
            reason=shown(wish.reason.strip()),
        )
        number = deed.write(opined, about).places[about]
        change_to(
            self._connection, monitoring_records, ident, version, number, state=after, **row.stamp(deed.at)
        )
        self._keep_opinion(deed, ident, round_, facts)
        return self.get(actor, ident)

    def _asked(self, actor: Actor, ident: MonitoringId, action: Action) -> MonitoringRecord:
        """Return a record on which the actor may give an opinion, though others may have concluded it just now."""
        reached = within(actor, action, self._now, monitoring_records)
        query = self._select_asked(actor).where(monitoring_records.c.id == ident, reached)
        row = self._connection.execute(query).mappings().one_or_none()
        if row is None:
            self.get(actor, ident)
            raise missing(action)
        return record_of(self._connection, row, is_blind=True)

    def locked(self, ident: MonitoringId) -> tuple[int, int]:
        """Lock a record whose chain is held and return its version and its round."""
        row = self._connection.execute(
            select(monitoring_records.c.version, monitoring_records.c.round)
            .where(monitoring_records.c.id == ident)
            .with_for_update(key_share=True)
        ).one()
        return row.version, row.round

    def _given(self, ident: MonitoringId, round_: int) -> list[Given]:
        told = monitoring_opinions.c
        rows = self._connection.execute(
            select(monitoring_opinions).where(told.monitoring_id == ident, told.round == round_)
        ).mappings()
        return [given_of(row) for row in rows]

    def _is_sealed(self, ident: MonitoringId) -> bool:
        media = select(monitoring_media.c.recording_id).where(monitoring_media.c.monitoring_id == ident)
        return are_sealed(self._connection, media)

    def _keep_opinion(self, deed: Deed, ident: MonitoringId, round_: int, facts: RecordFacts) -> None:
        wish = facts.wish
        self._connection.execute(
            insert(monitoring_opinions).values(
                monitoring_id=ident,
                round=round_,
                stage=facts.stage,
                reviewer_id=facts.reviewer_id,
                opinion=wish.opinion,
                reason_code=wish.reason_code,
                reason=wish.reason.strip(),
                given_at=deed.at,
            )
        )

    def opinions(self, actor: Actor, record: MonitoringRecord) -> tuple[Opinion, ...]:
        """Return what the viewer may see, round by round: their own opinion, and both once a round is concluded."""
        rows = self._connection.execute(
            with_name(select(monitoring_opinions), monitoring_opinions.c.reviewer_id, "reviewer")
            .where(monitoring_opinions.c.monitoring_id == record.id)
            .order_by(monitoring_opinions.c.round, monitoring_opinions.c.stage)
        ).mappings()
        shown = [
            row
            for row in rows
            if record.concluded_at is not None
            or row["round"] < record.round
            or row["reviewer_id"] == actor.id
        ]
        held = offices_at(self._connection, (acted(row["reviewer_id"], row["given_at"]) for row in shown))
        return tuple(
            Opinion(
                is_own=row["reviewer_id"] == actor.id,
                stage=ReviewStage(row["stage"]),
                opinion=OpinionWord(row["opinion"]),
                given_as=carrying(
                    held[acted(row["reviewer_id"], row["given_at"])],
                    roles_with(STAGE_ACTIONS[ReviewStage(row["stage"])]),
                ),
                **{name: row[name] for name in ("round", "reviewer", "reason_code", "reason", "given_at")},
            )
            for row in shown
        )
