"""What an audit may draw and what it drew: members at the freeze, the sample, and what of it is hashed again."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    SelectBase,
    Table,
    func,
    insert,
    literal,
    select,
    text,
)

from schemas.audit import AuditKind, RecheckOutcome
from schemas.case import CaseState
from schemas.draw import ticket
from schemas.ids import AgencyId, AuditId, RecheckId
from schemas.recording import RecordingState
from storage.audit.values import Audit
from storage.tables.actor import agencies
from storage.tables.audit import audit_population, audit_rechecks, audit_sample
from storage.tables.case import case_links, cases
from storage.tables.monitoring import monitoring_links, monitoring_media
from storage.tables.recording import recordings


def count_eligible(connection: Connection, audit: Audit) -> int:
    """Return how many members a freeze would take now."""
    found = _eligible(connection, audit).subquery()
    counted: int = connection.execute(select(func.count()).select_from(found)).scalar_one()
    return counted


def freeze_population(connection: Connection, audit: Audit) -> int:
    """Keep the members in the order of their ids; return how many."""
    found = _eligible(connection, audit).subquery()
    numbered = select(
        literal(audit.id, audit_population.c.audit_id.type),
        func.row_number().over(order_by=found.c.id) - 1,
        found.c.id,
    )
    columns = ["audit_id", "position", "member_id"]
    kept = insert(audit_population).from_select(columns, numbered).execution_options(preserve_rowcount=True)
    return connection.execute(kept).rowcount


def _eligible(connection: Connection, audit: Audit) -> Select[tuple[UUID]]:
    """Select closed cases or sealed recordings of the audited agency and of those below it, in the period."""
    table, at, state = (
        (cases, cases.c.closed_at, CaseState.CLOSED)
        if audit.kind is AuditKind.CLOSED_CASES
        else (recordings, recordings.c.received_at, RecordingState.SEALED)
    )
    return select(table.c.id).where(
        table.c.agency_id.in_(_tree(connection, audit.target_agency_id)),
        table.c.state == state,
        at >= audit.from_at,
        at < audit.until_at,
    )


def _tree(connection: Connection, agency_id: AgencyId) -> list[AgencyId]:
    tree = select(agencies.c.id).where(agencies.c.id == agency_id).cte("tree", recursive=True)
    tree = tree.union_all(select(agencies.c.id).where(agencies.c.parent_id == tree.c.id))
    return list(connection.scalars(select(tree.c.id)))


def members(connection: Connection, audit_id: AuditId) -> list[str]:
    """Return the frozen ids in their order."""
    return _listed(connection, audit_id, audit_population, audit_population.c.position)


def sample_of(connection: Connection, audit_id: AuditId) -> list[str]:
    """Return the drawn ids, smallest ticket first."""
    return _listed(connection, audit_id, audit_sample, audit_sample.c.rank)


def _listed(connection: Connection, audit_id: AuditId, table: Table, order: ColumnElement[int]) -> list[str]:
    rows = connection.scalars(select(table.c.member_id).where(table.c.audit_id == audit_id).order_by(order))
    return list(map(str, rows))


def keep_sample(
    connection: Connection, audit: Audit, sample: Sequence[str], seed: bytes
) -> Sequence[RecheckId]:
    """Keep what was drawn; return the rechecks that wait, one for every recording of it."""
    rows = [
        {"audit_id": audit.id, "rank": rank, "member_id": UUID(one), "ticket": ticket(seed, one)}
        for rank, one in enumerate(sample, start=1)
    ]
    connection.execute(insert(audit_sample), rows)
    return connection.scalars(
        insert(audit_rechecks)
        .from_select(["audit_id", "member_id", "recording_id", "outcome"], _drawn_recordings(audit))
        .returning(audit_rechecks.c.id)
    ).all()


def _drawn_recordings(audit: Audit) -> SelectBase:
    waiting = text(f"'{RecheckOutcome.WAITING.value}'")
    drawn = audit_sample.c.audit_id == audit.id
    if audit.kind is AuditKind.SEALED_RECORDINGS:
        return (
            select(audit_sample.c.audit_id, audit_sample.c.member_id, recordings.c.id, waiting)
            .join(recordings, recordings.c.id == audit_sample.c.member_id)
            .where(drawn)
        )
    linked = (
        select(audit_sample.c.audit_id, audit_sample.c.member_id, case_links.c.recording_id, waiting)
        .join(case_links, case_links.c.case_id == audit_sample.c.member_id)
        .where(drawn, case_links.c.unlinked_at.is_(None))
    )
    monitored = (
        select(audit_sample.c.audit_id, audit_sample.c.member_id, monitoring_media.c.recording_id, waiting)
        .join(monitoring_links, monitoring_links.c.case_id == audit_sample.c.member_id)
        .join(monitoring_media, monitoring_media.c.monitoring_id == monitoring_links.c.monitoring_id)
        .where(drawn, monitoring_links.c.unlinked_at.is_(None))
    )
    return linked.union(monitored)
