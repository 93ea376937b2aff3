"""Looks at evidence."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, LargeBinary, Table, Text, text

from schemas.look import LookKind, LookWay
from storage.tables.base import ident, metadata, moment, one_of, ref

looks = Table(
    "looks",
    metadata,
    ident(),
    Column("leaf", LargeBinary, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("way", Text, nullable=False),
    ref("recording_id", "recordings.id", nullable=True),
    ref("export_id", "exports.id", nullable=True),
    ref("account_id", "accounts.id"),
    Column("reason_code", Text, nullable=False),
    Column("reason", Text),
    Column("address", Text, nullable=False),
    moment("opened_at", nullable=False),
    moment("seen_at", nullable=False),
    moment("expires_at", nullable=False),
    moment("closed_at"),
    Column("seconds", Integer),
    one_of("kind", LookKind),
    one_of("way", LookWay),
    CheckConstraint("num_nonnulls(recording_id, export_id) = 1", name="one_thing"),
    CheckConstraint("(kind = 'fetch') = (export_id IS NOT NULL)", name="fetched"),
    CheckConstraint("kind = 'open' OR closed_at IS NULL", name="closes"),
    CheckConstraint("num_nulls(closed_at, seconds) IN (0, 2)", name="closed"),
    Index("ix_looks_recording_id", "recording_id", "id"),
    Index("ix_looks_export_id", "export_id"),
    Index("ix_looks_account_id", "account_id", "id"),
    Index(
        "ix_looks_open",
        "account_id",
        "recording_id",
        postgresql_where=text("kind = 'open' AND closed_at IS NULL"),
    ),
)
"""Who looked, as the log has it; `leaf` is the digest of the leaf that began a look. Kept like the log itself.

Content is given until `expires_at`; `seen_at` is the last sign of life. What was taken away has no end.
"""
