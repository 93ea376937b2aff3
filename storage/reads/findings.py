"""What a case gives away by itself, read for `schemas.review_findings.case_findings`."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, ScalarSelect, and_, func, select

from schemas.gate import gate_faults, recorded_later
from schemas.ids import CaseId, RecordingId
from schemas.integrity import CheckResult, Verdict
from schemas.media import MediaFacts
from schemas.monitoring import MonitoringState
from schemas.recording import RecordingState
from schemas.reference import reference
from schemas.review_findings import Finding, SeenFact, SeenRecord, SeenRecording, case_findings
from schemas.scene import Scene, spots_of
from schemas.separation import Part
from schemas.setting import Setting
from schemas.setting_list import ListSetting
from storage.reads.case import decided_at
from storage.reads.certificate_rule import rules_of
from storage.reads.equipment import facts_of, kinds_of
from storage.reads.gate import proof_holds, rests_on_word
from storage.reads.presence import attendances
from storage.reads.recording import check_of
from storage.reads.setting import said, setting_at
from storage.reads.shift import with_rejudged
from storage.settings import StorageSettings
from storage.tables.case import case_facts, case_links, cases, fact_evidence
from storage.tables.monitoring import monitoring_links, monitoring_records
from storage.tables.recording import checks, recordings


def findings_of(
    connection: Connection,
    case_id: CaseId,
    *,
    submitted_at: datetime | None,
    parts: Sequence[Part],
    installed: StorageSettings,
) -> list[Finding]:
    """Return the findings of a case as it stands now, worst first."""
    return case_findings(
        reference("case", case_id),
        recordings=list(_recordings(connection, case_id, installed)),
        records=list(_records(connection, case_id, installed)),
        facts=list(_facts(connection, case_id)),
        submitted_at=submitted_at,
        decided_at=decided_at(connection, case_id),
        parts=parts,
        scene=_scene(connection, case_id, installed),
    )


def _scene(connection: Connection, case_id: CaseId, installed: StorageSettings) -> Scene:
    """Return where and when the matter of a case was; near is what its agency says, as of that time or of now."""
    row = connection.execute(
        select(
            *(cases.c.agency_id, cases.c.occurred_at, cases.c.opened_at, cases.c.lat_e7, cases.c.lon_e7)
        ).where(cases.c.id == case_id)
    ).one()
    at = row.occurred_at or row.opened_at
    near_m = setting_at(connection, installed, row.agency_id, Setting.LINK_RADIUS_METRES, at)
    is_placed = row.lat_e7 is not None and row.lon_e7 is not None
    return Scene((row.lat_e7, row.lon_e7) if is_placed else None, row.occurred_at, near_m)


def _recordings(
    connection: Connection, case_id: CaseId, installed: StorageSettings
) -> Iterator[SeenRecording]:
    standing = and_(case_links.c.case_id == case_id, case_links.c.unlinked_at.is_(None))
    made = with_rejudged(connection, _checks(connection, case_id))
    rows = connection.execute(
        select(
            *(recordings.c.id, recordings.c.state, recordings.c.verdict, case_links.c.linked_at),
            *(recordings.c.agency_id, recordings.c.corrected_at, recordings.c.received_at),
            *(recordings.c.lat_e7, recordings.c.lon_e7, recordings.c.accuracy_cm, recordings.c.crs),
            recordings.c.facts,
        )
        .join(case_links, case_links.c.recording_id == recordings.c.id)
        .where(standing)
        .order_by(recordings.c.id)
    ).all()
    there = attendances(connection, [row.id for row in rows])
    name = ListSetting.OFFICER_EXCEPTIONS
    said_of = {one: said(connection, one, (name,)) for one in {row.agency_id for row in rows}}
    for row in rows:
        yield SeenRecording(
            subject=reference("recording", row.id),
            state=RecordingState(row.state),
            verdict=Verdict(row.verdict),
            checks=tuple(made[row.id]),
            linked_at=row.linked_at,
            attendance=there.get(row.id),
            captured_at=row.corrected_at,
            spots=spots_of(
                row.lat_e7,
                row.lon_e7,
                row.accuracy_cm,
                row.crs,
                MediaFacts.model_validate(row.facts, strict=False),
            ),
            articles=said_of[row.agency_id]
            .list_at(name, row.corrected_at or row.received_at, installed)
            .value,
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


def _records(connection: Connection, case_id: CaseId, installed: StorageSettings) -> Iterator[SeenRecord]:
    """The gate is asked again: a suspension may have been entered since, with a date before the capture.

    Whether a certificate was needed is as it was known when the record was concluded.
    """
    rows = connection.execute(
        select(
            monitoring_records.c.id,
            monitoring_records.c.equipment_id,
            monitoring_records.c.captured_at,
            monitoring_records.c.agency_id,
            monitoring_records.c.concluded_at,
            monitoring_records.c.state,
            monitoring_links.c.linked_at,
        )
        .join(monitoring_links, monitoring_links.c.monitoring_id == monitoring_records.c.id)
        .where(monitoring_links.c.case_id == case_id, monitoring_links.c.unlinked_at.is_(None))
        .order_by(monitoring_records.c.id)
    ).all()
    facts = facts_of(connection, sorted({row.equipment_id for row in rows}))
    kinds = kinds_of(connection, sorted(facts))
    rules = rules_of(connection, installed, sorted({row.agency_id for row in rows}))
    for row in rows:
        known, kind = facts[row.equipment_id], kinds[row.equipment_id]
        needs = rules.needs(row.agency_id, kind, row.captured_at, row.concluded_at)
        yield SeenRecord(
            subject=reference("monitoring", row.id),
            faults=tuple(fault.value for fault in gate_faults(known, row.captured_at, certificate=needs)),
            is_recorded_later=recorded_later(known, row.captured_at, certificate=needs),
            linked_at=row.linked_at,
            state=MonitoringState(row.state),
        )


def _facts(connection: Connection, case_id: CaseId) -> Iterator[SeenFact]:
    def count(condition: ColumnElement[bool]) -> ScalarSelect[int]:
        named = and_(fact_evidence.c.fact_id == case_facts.c.id, fact_evidence.c.removed_at.is_(None))
        return select(func.count()).where(named, condition).correlate(case_facts).scalar_subquery()

    rows = connection.execute(
        select(
            case_facts.c.id,
            count(proof_holds(case_id)).label("proofs"),
            count(rests_on_word(case_id)).label("accepted"),
        )
        .where(case_facts.c.case_id == case_id, case_facts.c.withdrawn_at.is_(None))
        .order_by(case_facts.c.position)
    )
    for row in rows:
        yield SeenFact(subject=reference("fact", row.id), proofs=row.proofs, accepted=row.accepted)
