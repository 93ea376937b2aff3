"""Jobs, committed with their cause."""

from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import UUID

from storage.tables.base import metadata, moment, states


class JobState(StrEnum):
    """ready → leased → finished | failed; a lost lease makes it ready again."""

    READY = "ready"
    LEASED = "leased"
    FINISHED = "finished"
    FAILED = "failed"


jobs = Table(
    "jobs",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject_id", UUID(as_uuid=True), nullable=False),
    Column("sender_id", UUID(as_uuid=True), nullable=False),
    Column("turn", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    moment("not_before", nullable=False, now=True),
    moment("lease_until"),
    Column("lease_token", UUID(as_uuid=True)),
    Column("last_error", Text),
    moment("created_at", nullable=False, now=True),
    moment("finished_at"),
    states(JobState),
    UniqueConstraint("kind", "subject_id"),
    Index("ix_jobs_claim", "kind", "turn", "id", postgresql_where=text("state = 'ready'")),
    Index("ix_jobs_line", "kind", "sender_id", "turn", postgresql_where=text("state IN ('ready', 'leased')")),
    Index("ix_jobs_waiting", "created_at", postgresql_where=text("state = 'ready'")),
    Index("ix_jobs_failed", "kind", "subject_id", postgresql_where=text("state = 'failed'")),
    Index("ix_jobs_lease_until", "lease_until", postgresql_where=text("state = 'leased'")),
)
