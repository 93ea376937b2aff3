"""What an audit may draw and what it drew: members at the freeze, the sample, and what of it is hashed again."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Table,
    exists,
    func,
    insert,
    literal,
    select,
)

from schemas.draw import ticket
from schemas.ids import AuditId, MemberId, RecheckId
from storage.audit.values import Audit
from storage.reads.agency import tree_below
from storage.reads.population import drawn_recordings, eligible
from storage.tables.audit import audit_population, audit_rechecks, audit_sample, audit_scores, audit_thirds


def count_eligible(connection: Connection, audit: Audit) -> int:
    """Return how many members a freeze would take now."""
    found = _found(connection, audit).subquery()
    counted: int = connection.execute(select(func.count()).select_from(found)).scalar_one()
    return counted


def freeze_population(connection: Connection, audit: Audit) -> int:
    """Keep the members in the order of their ids; return how many."""
    found = _found(connection, audit).subquery()
    numbered = select(
        literal(audit.id, audit_population.c.audit_id.type),
        func.row_number().over(order_by=found.c.id) - 1,
        found.c.id,
    )
    columns = ["audit_id", "position", "member_id"]
    kept = insert(audit_population).from_select(columns, numbered).execution_options(preserve_rowcount=True)
    return connection.execute(kept).rowcount


def _found(connection: Connection, audit: Audit) -> Select[tuple[UUID]]:
    below = tree_below(connection, audit.target_agency_id)
    return eligible(audit.kind, below, from_at=audit.from_at, until_at=audit.until_at)


def members(connection: Connection, audit_id: AuditId) -> list[str]:
    """Return the frozen ids in their order."""
    return _listed(connection, audit_id, audit_population, audit_population.c.position)


def sample_of(connection: Connection, audit_id: AuditId) -> list[str]:
    """Return the drawn ids, smallest ticket first."""
    return _listed(connection, audit_id, audit_sample, audit_sample.c.rank)


def _listed(connection: Connection, audit_id: AuditId, table: Table, order: ColumnElement[int]) -> list[str]:
    rows = connection.scalars(select(table.c.member_id).where(table.c.audit_id == audit_id).order_by(order))
    return list(map(str, rows))


def count_missing(connection: Connection, audit_id: AuditId, inspectors: int) -> int:
    """Return how many scores of drawn members were never given; each of so many inspectors owes one for each."""
    pairs = (
        select(audit_scores.c.member_id, audit_scores.c.inspector_id)
        .where(audit_scores.c.audit_id == audit_id, ~is_of_third(audit_scores))
        .distinct()
        .subquery()
    )
    given: int = connection.execute(select(func.count()).select_from(pairs)).scalar_one()
    return inspectors * len(sample_of(connection, audit_id)) - given


def is_of_third(scores: FromClause) -> ColumnElement[bool]:
    """Say of a row of scores whether a third inspector gave it."""
    thirds = audit_thirds.alias()
    return exists().where(
        thirds.c.audit_id == scores.c.audit_id,
        thirds.c.member_id == scores.c.member_id,
        thirds.c.account_id == scores.c.inspector_id,
    )


def gaps(connection: Connection, audit_id: AuditId, inspectors: int) -> dict[MemberId, int]:
    """Return of each member that so many inspectors scored, and no third, how far apart their totals lie."""
    settled = (
        select(audit_scores.c.member_id)
        .where(audit_scores.c.audit_id == audit_id, is_of_third(audit_scores))
        .distinct()
    )
    totals = (
        select(audit_scores.c.member_id, func.sum(audit_scores.c.points).label("total"))
        .where(audit_scores.c.audit_id == audit_id, audit_scores.c.member_id.not_in(settled))
        .group_by(audit_scores.c.member_id, audit_scores.c.inspector_id)
        .subquery()
    )
    rows = connection.execute(
        select(totals.c.member_id, (func.max(totals.c.total) - func.min(totals.c.total)).label("gap"))
        .group_by(totals.c.member_id)
        .having(func.count() >= inspectors)
    )
    return {row.member_id: row.gap for row in rows}


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
        .from_select(
            ["audit_id", "member_id", "recording_id", "outcome"], drawn_recordings(audit.kind, audit.id)
        )
        .returning(audit_rechecks.c.id)
    ).all()
