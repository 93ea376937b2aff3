"""Copies for viewing that are made after a verdict: what was asked for, and what came of it."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from schemas.derivative import DerivationFailure, DerivativeKind
from storage.tables.base import ident, metadata, moment, one_of, ref

derivations = Table(
    "derivations",
    metadata,
    ident(),
    ref("recording_id", "recordings.id"),
    Column("kind", Text, nullable=False),
    ref("asked_by", "accounts.id", nullable=True),
    moment("asked_at", nullable=False),
    Column("media_type", Text),
    Column("object_key", Text),
    Column("version_id", Text),
    Column("size_bytes", BigInteger),
    Column("sha256", Text),
    Column("parent_sha256", Text),
    Column("params", JSONB),
    moment("made_at"),
    Column("failure", Text),
    one_of("kind", DerivativeKind),
    one_of("failure", DerivationFailure),
    CheckConstraint(
        "num_nonnulls(media_type, object_key, version_id, size_bytes, sha256, parent_sha256, params, made_at) IN (0, 8)"
        " AND (made_at IS NULL OR failure IS NULL)",
        name="done",
    ),
    Index(
        "uq_derivations_waiting",
        "recording_id",
        "kind",
        unique=True,
        postgresql_where=text("made_at IS NULL AND failure IS NULL"),
    ),
    Index("ix_derivations_recording_id", "recording_id"),
)
"""Of one recording one of a kind waits at a time; of those that are done the newest is shown."""
