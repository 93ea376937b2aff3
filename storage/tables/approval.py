"""Approvals to watch one recording."""

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, Table, Text, text

from storage.tables.base import ident, metadata, moment, ref

approvals = Table(
    "approvals",
    metadata,
    ident(),
    ref("agency_id", "agencies.id"),
    ref("recording_id", "recordings.id"),
    ref("account_id", "accounts.id"),
    Column("reason", Text, nullable=False),
    moment("asked_at", nullable=False),
    moment("until_at", nullable=False),
    ref("granted_by", "accounts.id", nullable=True),
    moment("granted_at"),
    ref("ended_by", "accounts.id", nullable=True),
    moment("ended_at"),
    Column("end_reason", Text),
    Column("leaf", LargeBinary, nullable=False, unique=True),
    CheckConstraint("until_at > asked_at", name="period"),
    CheckConstraint("num_nulls(granted_by, granted_at) IN (0, 2)", name="granted"),
    CheckConstraint("num_nulls(ended_by, ended_at, end_reason) IN (0, 3)", name="ended"),
    CheckConstraint("granted_by <> account_id", name="other_person"),
    Index("ix_approvals_recording_id_account_id", "recording_id", "account_id"),
    Index("ix_approvals_account_id_id", "account_id", "id"),
    Index(
        "ix_approvals_waiting",
        "agency_id",
        "id",
        postgresql_where=text("granted_at IS NULL AND ended_at IS NULL"),
    ),
)
"""Held by `account_id` from `granted_at` until the earlier of `until_at` and `ended_at`; `leaf` is the digest of the
leaf that asked."""
