"""The desks' part of a package: what monitoring, review and ties add to a case, read in its transaction."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from schemas.base import Frozen, rfc3339
from schemas.canonical import canonical_bytes
from schemas.custody import subject
from schemas.export_desks import (
    PackagedDesks,
    PackagedEndedTie,
    PackagedFact,
    PackagedGround,
    PackagedIntake,
    PackagedOpinion,
    PackagedRecord,
    PackagedRound,
    PackagedText,
    evidence_name,
    intake_names,
    row_name,
)
from schemas.ids import CaseId, FactId, IntakeId, MonitoringId, RecordingId, ReviewId
from schemas.intake import row_path
from schemas.leaves_monitoring import MonitoringOpine
from schemas.opening import parse_opening
from schemas.record_id import salted_row_hash
from storage.custody.reading import LogReader
from storage.tables.case import case_facts, case_links, fact_evidence
from storage.tables.equipment import equipment
from storage.tables.monitoring import (
    intakes,
    monitoring_links,
    monitoring_media,
    monitoring_opinions,
    monitoring_records,
)
from storage.tables.review import review_grounds, reviews


class DesksMaterial(Frozen):
    """The index's part, the small files beside it, and whose custody entries belong to it."""

    desks: PackagedDesks
    files: dict[str, bytes]
    subjects: tuple[str, ...]


class DesksGathering:
    """Reads what the desks hold about one case; its transaction sees one moment."""

    def __init__(self, connection: Connection, case_id: CaseId) -> None:
        self._connection = connection
        self._case_id = case_id
        self._files: dict[str, bytes] = {}
        self._log = LogReader(connection)
        self._salts: dict[IntakeId, dict[int, bytes]] = {}
        self._hashes: dict[IntakeId, list[bytes]] = {}

    def run(self) -> DesksMaterial:
        """Return everything the desks hold about the case."""
        records, sources = self._records()
        rounds = self._rounds()
        desks = PackagedDesks(
            records=records,
            intakes=sources,
            rounds=rounds,
            facts=self._facts(),
            ended_ties=[*self._ended_recordings(), *self._ended_records()],
        )
        subjects = (
            *(f"monitoring/{one.id}" for one in records),
            *(f"intake/{one.id}" for one in sources),
            *(f"review/{one.id}" for one in rounds),
        )
        return DesksMaterial(desks=desks, files=self._files, subjects=subjects)

    def _records(self) -> tuple[list[PackagedRecord], list[PackagedIntake]]:
        rows = self._connection.execute(
            select(
                monitoring_records,
                equipment.c.number.label("equipment_number"),
                equipment.c.name.label("equipment_name"),
                monitoring_links.c.basis,
                monitoring_links.c.linked_at,
                intakes.c.sha256.label("intake_sha256"),
            )
            .join(monitoring_links, monitoring_links.c.monitoring_id == monitoring_records.c.id)
            .join(equipment, equipment.c.id == monitoring_records.c.equipment_id)
            .join(intakes, intakes.c.id == monitoring_records.c.intake_id)
            .where(monitoring_links.c.case_id == self._case_id, monitoring_links.c.unlinked_at.is_(None))
            .order_by(monitoring_records.c.captured_at, monitoring_records.c.id)
        ).mappings()
        made: list[PackagedRecord] = []
        wanted: dict[IntakeId, None] = {}
        for row in rows:
            wanted[row["intake_id"]] = None
            self._files[row_name(str(row["id"]))] = bytes(row["raw"])
            made.append(
                PackagedRecord(
                    id=str(row["id"]),
                    record_id=row["record_id"],
                    equipment=row["equipment_number"],
                    equipment_name=row["equipment_name"],
                    captured_at=rfc3339(row["captured_at"]),
                    received_at=rfc3339(row["received_at"]),
                    state=row["state"],
                    file=row_name(str(row["id"])),
                    intake=row["intake_sha256"],
                    intake_index=row["intake_index"],
                    path=self._path(row["intake_id"], row["intake_index"]),
                    salt=self._salts[row["intake_id"]][row["intake_index"]].hex(),
                    media=[str(one) for one in self._media(row["id"])],
                    gate_faults=list(row["gate_faults"]),
                    opinions=self._opinions(row["id"]),
                    basis=row["basis"],
                    linked_at=rfc3339(row["linked_at"]),
                )
            )
        return made, self._intakes(list(wanted))

    def _path(self, intake_id: IntakeId, index: int) -> list[str]:
        if intake_id not in self._hashes:
            rows = self._connection.scalars(
                select(monitoring_records.c.raw)
                .where(monitoring_records.c.intake_id == intake_id)
                .order_by(monitoring_records.c.intake_index)
            )
            salts = self._salts[intake_id] = self._log.row_salts(f"intake/{intake_id}")
            self._hashes[intake_id] = [
                salted_row_hash(salts[position], bytes(raw)) for position, raw in enumerate(rows)
            ]
        return [step.hex() for step in row_path(self._hashes[intake_id], index)]

    def _media(self, monitoring_id: MonitoringId) -> Sequence[RecordingId]:
        return self._connection.scalars(
            select(monitoring_media.c.recording_id)
            .where(monitoring_media.c.monitoring_id == monitoring_id)
            .order_by(monitoring_media.c.position)
        ).all()

    def _opinions(self, monitoring_id: MonitoringId) -> list[PackagedOpinion]:
        rows = self._connection.execute(
            select(monitoring_opinions)
            .where(monitoring_opinions.c.monitoring_id == monitoring_id)
            .order_by(monitoring_opinions.c.stage)
        )
        salts = self._reason_salts(monitoring_id)
        return [
            PackagedOpinion(
                stage=row.stage,
                opinion=row.opinion,
                reason_code=row.reason_code,
                reason=_text(row.reason, salts[row.stage]) if row.stage in salts else None,
                given_at=rfc3339(row.given_at),
            )
            for row in rows
        ]

    def _reason_salts(self, monitoring_id: MonitoringId) -> dict[str, bytes]:
        """Return stage → salt of the reason, of opinions that gave one."""
        leaves = self._log.entries_for(f"monitoring/{monitoring_id}")
        opened = self._log.openings_of(one.digest for one in leaves)
        return {
            one.act.stage.value: bytes.fromhex(parse_opening(opened[one.digest]["reason"]).salt)
            for one in leaves
            if isinstance(one.act, MonitoringOpine) and "reason" in opened.get(one.digest, {})
        }

    def _intakes(self, idents: Sequence[IntakeId]) -> list[PackagedIntake]:
        made = []
        for row in self._connection.execute(
            select(intakes).where(intakes.c.id.in_(idents)).order_by(intakes.c.id)
        ):
            name, signature_name = intake_names(row.sha256)
            self._files[name] = bytes(row.payload)
            self._files[signature_name] = row.signature.encode()
            made.append(
                PackagedIntake(id=str(row.id), sha256=row.sha256, file=name, signature_file=signature_name)
            )
        return made

    def _rounds(self) -> list[PackagedRound]:
        made = []
        for row in self._connection.execute(
            select(reviews).where(reviews.c.case_id == self._case_id).order_by(reviews.c.round)
        ):
            name = evidence_name(str(row.id))
            self._files[name] = canonical_bytes(row.evidence)
            made.append(
                PackagedRound(
                    id=str(row.id),
                    round=row.round,
                    submitted_at=rfc3339(row.submitted_at),
                    evidence_file=name,
                    evidence_sha256=row.evidence_sha256,
                    opinion=row.opinion,
                    statement=None if row.statement is None else _text(row.statement, row.statement_salt),
                    given_at=None if row.given_at is None else rfc3339(row.given_at),
                    grounds=self._grounds(row.id),
                )
            )
        return made

    def _grounds(self, review_id: ReviewId) -> list[PackagedGround]:
        rows = self._connection.execute(
            select(review_grounds)
            .where(review_grounds.c.review_id == review_id)
            .order_by(review_grounds.c.position)
        )
        return [
            PackagedGround(
                position=row.position,
                item=row.item,
                subject=row.subject,
                text=_text(row.text, row.text_salt),
                answer=None if row.answer is None else _text(row.answer, row.answer_salt),
            )
            for row in rows
        ]

    def _facts(self) -> list[PackagedFact]:
        rows = self._connection.execute(
            select(case_facts)
            .where(case_facts.c.case_id == self._case_id, case_facts.c.withdrawn_at.is_(None))
            .order_by(case_facts.c.position)
        )
        return [
            PackagedFact(
                id=str(row.id),
                position=row.position,
                text=_text(row.text, row.text_salt),
                evidence=self._evidence(row.id),
            )
            for row in rows
        ]

    def _evidence(self, fact_id: FactId) -> list[str]:
        rows = self._connection.execute(
            select(fact_evidence.c.recording_id, fact_evidence.c.monitoring_id)
            .where(fact_evidence.c.fact_id == fact_id, fact_evidence.c.removed_at.is_(None))
            .order_by(fact_evidence.c.id)
        )
        return [
            subject("recording", row.recording_id)
            if row.recording_id
            else subject("monitoring", row.monitoring_id)
            for row in rows
        ]

    def _ended_recordings(self) -> list[PackagedEndedTie]:
        rows = self._connection.execute(
            select(case_links)
            .where(case_links.c.case_id == self._case_id, case_links.c.unlinked_at.is_not(None))
            .order_by(case_links.c.id)
        )
        return [
            PackagedEndedTie(
                subject=subject("recording", row.recording_id),
                linked_at=rfc3339(row.linked_at),
                unlinked_at=rfc3339(row.unlinked_at),
                reason=None if row.reason is None else _text(row.reason, row.reason_salt),
            )
            for row in rows
        ]

    def _ended_records(self) -> list[PackagedEndedTie]:
        rows = self._connection.execute(
            select(monitoring_links)
            .where(monitoring_links.c.case_id == self._case_id, monitoring_links.c.unlinked_at.is_not(None))
            .order_by(monitoring_links.c.id)
        )
        return [
            PackagedEndedTie(
                subject=subject("monitoring", row.monitoring_id),
                linked_at=rfc3339(row.linked_at),
                unlinked_at=rfc3339(row.unlinked_at),
                reason=None if row.reason is None else _text(row.reason, row.reason_salt),
            )
            for row in rows
        ]


def _text(text: str, salt: bytes) -> PackagedText:
    return PackagedText(text=text, salt=bytes(salt).hex())
