"""What is linked to a case now: recordings and monitoring records, and what they prove."""

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, exists, func, or_, select

from schemas.acceptance import AcceptanceGround
from schemas.fact import Acceptance, Proof, ProofIn
from schemas.ids import CaseId, FactId
from schemas.integrity import Verdict
from schemas.monitoring_row import kept_row
from schemas.reference import reference
from schemas.review import EvidenceItem
from storage.personal import opened_bytes
from storage.reads.gate import proof_holds
from storage.tables.actor import accounts
from storage.tables.case import case_facts, case_links, fact_evidence
from storage.tables.monitoring import monitoring_links, monitoring_records
from storage.tables.recording import recordings


def evidence_items(connection: Connection, case_id: CaseId) -> Iterator[EvidenceItem]:
    """Yield what is linked to the case now."""
    linked = (
        select(recordings.c.id, recordings.c.sha256, recordings.c.state, recordings.c.verdict)
        .join(case_links, case_links.c.recording_id == recordings.c.id)
        .where(case_links.c.case_id == case_id, case_links.c.unlinked_at.is_(None))
    )
    for ident, sha256, state, verdict in connection.execute(linked):
        yield EvidenceItem(subject=f"recording/{ident}", sha256=sha256 or "", state=state, verdict=verdict)
    records = (
        select(monitoring_records.c.id, monitoring_records.c.raw, monitoring_records.c.state)
        .join(monitoring_links, monitoring_links.c.monitoring_id == monitoring_records.c.id)
        .where(monitoring_links.c.case_id == case_id, monitoring_links.c.unlinked_at.is_(None))
    )
    for ident, kept, state in connection.execute(records):
        raw = opened_bytes(connection, monitoring_records.c.raw, ident, kept)
        content = kept_row(raw).content_sha256
        yield EvidenceItem(subject=f"monitoring/{ident}", sha256=content.hex(), state=state)


def known_subjects(connection: Connection, case_id: CaseId) -> set[str]:
    """Return what a ground may be about: everything that was ever linked to the case, and its facts."""
    found: set[str] = set()
    for noun, column, table in (
        ("recording", case_links.c.recording_id, case_links),
        ("monitoring", monitoring_links.c.monitoring_id, monitoring_links),
        ("fact", case_facts.c.id, case_facts),
    ):
        idents = connection.scalars(select(column).where(table.c.case_id == case_id))
        found |= {reference(noun, ident) for ident in idents}
    return found


def is_evidence(connection: Connection, case_id: CaseId, proof: ProofIn) -> bool:
    """Say whether a recording or record is linked to the case now."""
    table, column, ident = (
        (case_links, case_links.c.recording_id, proof.recording_id)
        if proof.recording_id
        else (monitoring_links, monitoring_links.c.monitoring_id, proof.monitoring_id)
    )
    standing = exists().where(table.c.case_id == case_id, column == ident, table.c.unlinked_at.is_(None))
    return bool(connection.scalar(select(standing)))


def proofs_of(connection: Connection, case_id: CaseId) -> dict[FactId, list[Proof]]:
    """Return what proves the standing facts of a case, with whether it holds now, oldest first."""
    standing = and_(case_facts.c.case_id == case_id, case_facts.c.withdrawn_at.is_(None))
    rows = connection.execute(
        select(
            fact_evidence,
            func.coalesce(recordings.c.filename, monitoring_records.c.record_id).label("name"),
            func.coalesce(recordings.c.state, monitoring_records.c.state).label("state"),
            func.coalesce(recordings.c.verdict, "").label("verdict"),
            _is_linked(case_id).label("is_linked"),
            proof_holds(case_id).label("holds"),
            accounts.c.name.label("accepter"),
        )
        .join(case_facts, case_facts.c.id == fact_evidence.c.fact_id)
        .outerjoin(recordings, recordings.c.id == fact_evidence.c.recording_id)
        .outerjoin(monitoring_records, monitoring_records.c.id == fact_evidence.c.monitoring_id)
        .outerjoin(accounts, accounts.c.id == fact_evidence.c.accepted_by)
        .where(standing, fact_evidence.c.removed_at.is_(None))
        .order_by(fact_evidence.c.id)
    ).mappings()
    found: dict[FactId, list[Proof]] = defaultdict(list)
    for row in rows:
        found[row["fact_id"]].append(Proof.of_row({**row, "acceptance": _acceptance(row)}))
    return found


def _acceptance(row: RowMapping) -> Acceptance | None:
    if row["accepted_at"] is None:
        return None
    return Acceptance(
        ground=AcceptanceGround(row["acceptance_ground"]),
        text=row["acceptance_text"],
        verdict=Verdict(row["acceptance_verdict"]),
        accepted_by=row["accepter"],
        accepted_at=row["accepted_at"],
    )


def _is_linked(case_id: CaseId) -> ColumnElement[bool]:
    recording = exists().where(
        case_links.c.case_id == case_id,
        case_links.c.recording_id == fact_evidence.c.recording_id,
        case_links.c.unlinked_at.is_(None),
    )
    record = exists().where(
        monitoring_links.c.case_id == case_id,
        monitoring_links.c.monitoring_id == fact_evidence.c.monitoring_id,
        monitoring_links.c.unlinked_at.is_(None),
    )
    return or_(recording, record)
