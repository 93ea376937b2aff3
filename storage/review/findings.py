"""What a case gives away by itself, read for `schemas.review.case_findings`; and who took part in it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, any_, exists, func, or_, select

from schemas.custody import subject
from schemas.equipment import gate_faults, recorded_later
from schemas.ids import AccountId, CaseId, RecordingId
from schemas.integrity import CheckResult, Verdict
from schemas.recording import RecordingState
from schemas.review import Part
from schemas.review_findings import Finding, SeenFact, SeenRecord, SeenRecording, case_findings
from storage.case.gate import proof_holds
from storage.equipment import EquipmentRegister
from storage.recording.values import check_of
from storage.tables.actor import certificates
from storage.tables.case import case_facts, case_handlers, case_links, cases, fact_evidence
from storage.tables.monitoring import monitoring_links, monitoring_records
from storage.tables.recording import checks, recordings
from storage.tables.review import reviews


def findings_of(
    connection: Connection,
    register: EquipmentRegister,
    case_id: CaseId,
    *,
    submitted_at: datetime | None,
    parts: Sequence[Part],
) -> list[Finding]:
    """Return the findings of a case as it stands now, worst first."""
    decided_at = connection.scalar(select(cases.c.decided_at).where(cases.c.id == case_id))
    return case_findings(
        subject("case", case_id),
        recordings=list(_recordings(connection, case_id)),
        records=list(_records(connection, register, case_id)),
        facts=list(_facts(connection, case_id)),
        submitted_at=submitted_at,
        decided_at=decided_at,
        parts=parts,
    )


def _recordings(connection: Connection, case_id: CaseId) -> Iterator[SeenRecording]:
    standing = and_(case_links.c.case_id == case_id, case_links.c.unlinked_at.is_(None))
    made = _checks(connection, case_id)
    rows = connection.execute(
        select(recordings.c.id, recordings.c.state, recordings.c.verdict, case_links.c.linked_at)
        .join(case_links, case_links.c.recording_id == recordings.c.id)
        .where(standing)
        .order_by(recordings.c.id)
    )
    for row in rows:
        yield SeenRecording(
            subject=subject("recording", row.id),
            state=RecordingState(row.state),
            verdict=Verdict(row.verdict),
            checks=tuple(made[row.id]),
            linked_at=row.linked_at,
        )


def _checks(connection: Connection, case_id: CaseId) -> dict[RecordingId, list[CheckResult]]:
    rows = connection.execute(
        select(checks)
        .join(recordings, and_(recordings.c.id == checks.c.recording_id, recordings.c.run == checks.c.run))
        .join(case_links, case_links.c.recording_id == recordings.c.id)
        .where(case_links.c.case_id == case_id, case_links.c.unlinked_at.is_(None))
        .order_by(checks.c.recording_id, checks.c.position)
    ).mappings()
    made: dict[RecordingId, list[CheckResult]] = defaultdict(list)
    for row in rows:
        made[row["recording_id"]].append(check_of(row))
    return made


def _records(connection: Connection, register: EquipmentRegister, case_id: CaseId) -> Iterator[SeenRecord]:
    """The gate is asked again: a suspension may have been entered since, with a date before the capture."""
    rows = connection.execute(
        select(
            monitoring_records.c.id,
            monitoring_records.c.equipment_id,
            monitoring_records.c.captured_at,
            monitoring_links.c.linked_at,
        )
        .join(monitoring_links, monitoring_links.c.monitoring_id == monitoring_records.c.id)
        .where(monitoring_links.c.case_id == case_id, monitoring_links.c.unlinked_at.is_(None))
        .order_by(monitoring_records.c.id)
    ).all()
    facts = register.facts_of(sorted({row.equipment_id for row in rows}))
    for row in rows:
        known = facts[row.equipment_id]
        yield SeenRecord(
            subject=subject("monitoring", row.id),
            faults=tuple(fault.value for fault in gate_faults(known, row.captured_at)),
            is_recorded_later=recorded_later(known, row.captured_at),
            linked_at=row.linked_at,
        )


def _facts(connection: Connection, case_id: CaseId) -> Iterator[SeenFact]:
    holding = (
        select(func.count())
        .where(
            fact_evidence.c.fact_id == case_facts.c.id,
            fact_evidence.c.removed_at.is_(None),
            proof_holds(case_id),
        )
        .correlate(case_facts)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(case_facts.c.id, holding.label("proofs"))
        .where(case_facts.c.case_id == case_id, case_facts.c.withdrawn_at.is_(None))
        .order_by(case_facts.c.position)
    )
    for row in rows:
        yield SeenFact(subject=subject("fact", row.id), proofs=row.proofs)


def parts_of(connection: Connection, case_id: CaseId, account_id: AccountId) -> tuple[Part, ...]:
    """Return how an account took part in the investigation of a case.

    Captured: it sent a recording that is linked, or one of its certificates, past ones too, is among the
    officers of one. Handles: it opened the case or is named as a handler. Submitted: any round.
    """
    standing = and_(
        case_links.c.case_id == case_id,
        case_links.c.unlinked_at.is_(None),
        case_links.c.recording_id == recordings.c.id,
    )
    certified = exists().where(
        certificates.c.account_id == account_id, certificates.c.number == any_(recordings.c.officers)
    )
    handled = exists().where(case_handlers.c.case_id == case_id, case_handlers.c.account_id == account_id)
    opened = exists().where(cases.c.id == case_id, cases.c.opened_by == account_id)
    row = connection.execute(
        select(
            exists().where(standing, or_(recordings.c.account_id == account_id, certified)).label("captured"),
            or_(handled, opened).label("handles"),
            exists()
            .where(reviews.c.case_id == case_id, reviews.c.submitted_by == account_id)
            .label("submitted"),
        )
    ).one()
    return tuple(part for part in Part if getattr(row, part.value))


def known_subjects(connection: Connection, case_id: CaseId) -> set[str]:
    """Return what a ground may be about: everything that was ever linked to the case, and its facts."""
    found: set[str] = set()
    for noun, column, table in (
        ("recording", case_links.c.recording_id, case_links),
        ("monitoring", monitoring_links.c.monitoring_id, monitoring_links),
        ("fact", case_facts.c.id, case_facts),
    ):
        idents = connection.scalars(select(column).where(table.c.case_id == case_id))
        found |= {subject(noun, ident) for ident in idents}
    return found
