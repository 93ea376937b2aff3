"""What a supervisor asks an agency to put right."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    Integer,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import UUID

from schemas.rectification import RectificationState
from storage.tables.base import ident, metadata, moment, ref, states

rectifications = Table(
    "rectifications",
    metadata,
    ident(),
    ref("audit_id", "audits.id"),
    Column("member_id", UUID(as_uuid=True), nullable=False),
    ref("agency_id", "agencies.id"),
    Column("item_code", Text, nullable=False),
    Column("text", Text, nullable=False),
    ref("recording_id", "recordings.id", nullable=True),
    Column("at_second", Integer),
    Column("state", Text, nullable=False),
    moment("due_at", nullable=False),
    ref("raised_by", "accounts.id"),
    moment("raised_at", nullable=False),
    moment("closed_at"),
    Column("version", Integer, nullable=False),
    states(RectificationState),
    CheckConstraint("at_second IS NULL OR recording_id IS NOT NULL", name="second"),
    Index("ix_rectifications_agency_id_state_due_at_id", "agency_id", "state", "due_at", "id"),
    Index("ix_rectifications_audit_id", "audit_id"),
)

rectification_steps = Table(
    "rectification_steps",
    metadata,
    ident(),
    ref("rectification_id", "rectifications.id"),
    Column("step", Text, nullable=False),
    Column("text", Text, nullable=False),
    ref("proof_recording_id", "recordings.id", nullable=True),
    ref("taken_by", "accounts.id"),
    moment("taken_at", nullable=False),
    CheckConstraint("step IN ('answer', 'return', 'verify', 'close')", name="step"),
    Index("ix_rectification_steps_rectification_id", "rectification_id"),
)
