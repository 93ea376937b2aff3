"""Standards, audits, populations, samples, scores and rechecks."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from schemas.audit import AuditState
from storage.tables.base import ident, metadata, moment, ref, states

standards = Table(
    "standards",
    metadata,
    ident(),
    Column("code", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("is_demo", Boolean, nullable=False),
    Column("items", JSONB, nullable=False),
    Column("sha256", Text, nullable=False),
    moment("created_at", nullable=False),
    UniqueConstraint("code", "version"),
)

audits = Table(
    "audits",
    metadata,
    ident(),
    ref("agency_id", "agencies.id"),
    ref("target_agency_id", "agencies.id"),
    ref("standard_id", "standards.id"),
    Column("title", Text, nullable=False),
    Column("kind", Text, nullable=False),
    moment("from_at", nullable=False),
    moment("until_at", nullable=False),
    Column("defect_permille", Integer, nullable=False),
    Column("confidence_permille", Integer, nullable=False),
    Column("size", Integer),
    Column("sources", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("population_count", Integer),
    Column("population_root", LargeBinary),
    Column("plan", LargeBinary),
    Column("plan_sha256", Text),
    Column("values", JSONB),
    Column("seed", LargeBinary),
    ref("defined_by", "accounts.id"),
    moment("defined_at", nullable=False),
    moment("frozen_at"),
    Column("freeze_entry_id", UUID(as_uuid=True)),
    ref("entered_by", "accounts.id", nullable=True),
    moment("entered_at"),
    Column("enter_entry_id", UUID(as_uuid=True)),
    ref("confirmed_by", "accounts.id", nullable=True),
    moment("confirmed_at"),
    Column("confirm_entry_id", UUID(as_uuid=True)),
    moment("drawn_at"),
    Column("draw_entry_id", UUID(as_uuid=True)),
    ref("dropped_by", "accounts.id", nullable=True),
    moment("dropped_at"),
    Column("drop_reason", Text),
    ref("closed_by", "accounts.id", nullable=True),
    moment("closed_at"),
    Column("close_missing", Integer),
    Column("close_wide", Integer),
    Column("close_unmended", Integer),
    Column("close_reason", Text),
    Column("version", Integer, nullable=False),
    states(AuditState),
    CheckConstraint("kind IN ('closed_cases', 'sealed_recordings')", name="kind"),
    CheckConstraint("until_at > from_at", name="period"),
    CheckConstraint("state IN ('defined', 'dropped') OR population_root IS NOT NULL", name="frozen"),
    CheckConstraint("state NOT IN ('drawn', 'closed') OR seed IS NOT NULL", name="drawn"),
    CheckConstraint("entered_by IS DISTINCT FROM confirmed_by OR entered_by IS NULL", name="two_persons"),
    Index("ix_audits_agency_id_id", "agency_id", "id"),
    Index("ix_audits_target_agency_id_id", "target_agency_id", "id"),
)

audit_amendments = Table(
    "audit_amendments",
    metadata,
    Column("entry_id", UUID(as_uuid=True), primary_key=True),
    ref("audit_id", "audits.id"),
    ref("target_agency_id", "agencies.id"),
    Column("title", Text, nullable=False),
    Column("kind", Text, nullable=False),
    moment("from_at", nullable=False),
    moment("until_at", nullable=False),
    Column("defect_permille", Integer, nullable=False),
    Column("confidence_permille", Integer, nullable=False),
    Column("size", Integer),
    Column("sources", JSONB, nullable=False),
    Column("reason", Text),
    ref("amended_by", "accounts.id"),
    moment("amended_at", nullable=False),
    Index("ix_audit_amendments_audit_id", "audit_id"),
)
"""What a draft said until it was amended: what it says now stands in its row."""

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("entry_id", UUID(as_uuid=True), primary_key=True),
    ref("audit_id", "audits.id"),
    Column("step", Text, nullable=False),
    Column("typed", JSONB),
    Column("reason", Text),
    ref("said_by", "accounts.id"),
    moment("said_at", nullable=False),
    CheckConstraint("step IN ('enter', 'retract', 'mismatch', 'confirm')", name="step"),
    CheckConstraint("(step = 'retract') = (typed IS NULL)", name="typed"),
    CheckConstraint("(step = 'retract') = (reason IS NOT NULL)", name="reason"),
    Index("ix_audit_entries_audit_id", "audit_id"),
)
"""Every word about the public values, as it was typed; which counts says the audit's row."""

audit_population = Table(
    "audit_population",
    metadata,
    Column("audit_id", UUID(as_uuid=True), ForeignKey("audits.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("member_id", UUID(as_uuid=True), nullable=False),
)

audit_sample = Table(
    "audit_sample",
    metadata,
    Column("audit_id", UUID(as_uuid=True), ForeignKey("audits.id"), primary_key=True),
    Column("rank", Integer, primary_key=True),
    Column("member_id", UUID(as_uuid=True), nullable=False),
    Column("ticket", LargeBinary, nullable=False),
    UniqueConstraint("audit_id", "member_id"),
)

audit_rechecks = Table(
    "audit_rechecks",
    metadata,
    ident(),
    ref("audit_id", "audits.id"),
    Column("member_id", UUID(as_uuid=True), nullable=False),
    ref("recording_id", "recordings.id"),
    Column("outcome", Text, nullable=False),
    Column("code", Text, nullable=False, server_default=text("''")),
    Column("sha256", Text),
    moment("checked_at"),
    CheckConstraint("outcome IN ('waiting', 'verified', 'mismatch', 'not_checked')", name="outcome"),
    UniqueConstraint("audit_id", "member_id", "recording_id"),
    Index("ix_audit_rechecks_recording_id", "recording_id"),
)

audit_inspectors = Table(
    "audit_inspectors",
    metadata,
    Column("audit_id", UUID(as_uuid=True), ForeignKey("audits.id"), primary_key=True),
    Column("account_id", UUID(as_uuid=True), ForeignKey("accounts.id"), primary_key=True),
    Column("assigned_by", Text, nullable=False),
    moment("assigned_at", nullable=False),
)

audit_thirds = Table(
    "audit_thirds",
    metadata,
    Column("audit_id", UUID(as_uuid=True), ForeignKey("audits.id"), primary_key=True),
    Column("member_id", UUID(as_uuid=True), primary_key=True),
    ref("account_id", "accounts.id"),
    Column("assigned_by", Text, nullable=False),
    moment("assigned_at", nullable=False),
)
"""Who scores a file besides, because the totals of the others lie too far apart; they stand in `audit_inspectors`, too."""

audit_scores = Table(
    "audit_scores",
    metadata,
    ident(),
    ref("audit_id", "audits.id"),
    Column("member_id", UUID(as_uuid=True), nullable=False),
    ref("inspector_id", "accounts.id"),
    Column("item_code", Text, nullable=False),
    Column("points", SmallInteger, nullable=False),
    Column("remark", Text, nullable=False, server_default=text("''")),
    moment("given_at", nullable=False),
    UniqueConstraint("audit_id", "member_id", "inspector_id", "item_code"),
)
