"""Notes and tags beside cases and recordings: each belongs to one thing, and ends by another entry."""

from sqlalchemy import CheckConstraint, Column, Index, Table, Text, text

from storage.tables.base import ident, metadata, moment, ref

notes = Table(
    "notes",
    metadata,
    ident(),
    ref("case_id", "cases.id", nullable=True),
    ref("recording_id", "recordings.id", nullable=True),
    Column("text", Text, nullable=False),
    ref("written_by", "accounts.id"),
    moment("written_at", nullable=False),
    ref("withdrawn_by", "accounts.id", nullable=True),
    moment("withdrawn_at"),
    Column("withdraw_reason", Text),
    CheckConstraint("num_nonnulls(case_id, recording_id) = 1", name="thing"),
    CheckConstraint("num_nulls(withdrawn_by, withdrawn_at, withdraw_reason) IN (0, 3)", name="withdrawn"),
    Index("ix_notes_case_id", "case_id"),
    Index("ix_notes_recording_id", "recording_id"),
)
tags = Table(
    "tags",
    metadata,
    ident(),
    ref("case_id", "cases.id", nullable=True),
    ref("recording_id", "recordings.id", nullable=True),
    Column("word", Text, nullable=False),
    ref("set_by", "accounts.id"),
    moment("set_at", nullable=False),
    ref("ended_by", "accounts.id", nullable=True),
    moment("ended_at"),
    CheckConstraint("num_nonnulls(case_id, recording_id) = 1", name="thing"),
    CheckConstraint("(ended_by IS NULL) = (ended_at IS NULL)", name="ended"),
    Index("ix_tags_case_id", "case_id"),
    Index("ix_tags_recording_id", "recording_id"),
    Index(
        "uq_tags_word_case_id",
        "word",
        "case_id",
        unique=True,
        postgresql_where=text("case_id IS NOT NULL AND ended_at IS NULL"),
    ),
    Index(
        "uq_tags_word_recording_id",
        "word",
        "recording_id",
        unique=True,
        postgresql_where=text("recording_id IS NOT NULL AND ended_at IS NULL"),
    ),
)
"""A word stands on a thing once at most; lists are narrowed by it through the same index."""
