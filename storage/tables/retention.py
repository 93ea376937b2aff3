"""How long recordings are kept: what was asked, what came of it, and the nights on which locks are renewed."""

from sqlalchemy import Boolean, CheckConstraint, Column, Date, Index, Integer, Table, Text, text, true
from sqlalchemy.dialects.postgresql import UUID

from schemas.retention import RetentionClass
from storage.tables.base import ident, metadata, moment, one_of, ref

retentions = Table(
    "retentions",
    metadata,
    ident(),
    ref("recording_id", "recordings.id"),
    moment("asked_at", nullable=False),
    Column("retention", Text),
    moment("until"),
    ref("case_id", "cases.id", nullable=True),
    moment("locked_until"),
    moment("raised_at"),
    one_of("retention", RetentionClass),
    CheckConstraint("(raised_at IS NULL) = (retention IS NULL)", name="done"),
    Index("ix_retentions_recording_id", "recording_id"),
    Index("ix_retentions_case_id", "case_id", postgresql_where=text("case_id IS NOT NULL")),
)
"""A row that has no class yet is asked for by a tie, and is the subject of a job; where nothing changes it goes with it."""

retention_marks = Table(
    "retention_marks",
    metadata,
    ident(),
    ref("recording_id", "recordings.id"),
    Column("stands", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    ref("marked_by", "accounts.id"),
    moment("marked_at", nullable=False),
    Index("ix_retention_marks_recording_id", "recording_id"),
)
"""Of a recording the last one counts."""

renewals = Table(
    "renewals",
    metadata,
    Column("night", Date, primary_key=True),
    moment("began_at", nullable=False),
    moment("ended_at"),
    Column("is_asking", Boolean, nullable=False, server_default=true()),
    Column("after", UUID(as_uuid=True)),
    Column("asked", Integer, nullable=False, server_default=text("0")),
    Column("renewed", Integer, nullable=False, server_default=text("0")),
    Column("failed", Integer, nullable=False, server_default=text("0")),
    Column("problem", Text),
)
"""One row a night. First it is asked what does not follow its ties, then locks are renewed; `after` is the last recording
that was looked at, from which a run goes on after a restart."""
