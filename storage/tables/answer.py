"""What people say to findings of recordings."""

from sqlalchemy import Column, Table, Text, UniqueConstraint

from storage.tables.base import ident, metadata, moment, ref

finding_answers = Table(
    "finding_answers",
    metadata,
    ident(),
    ref("recording_id", "recordings.id"),
    Column("code", Text, nullable=False),
    Column("text", Text, nullable=False),
    ref("answered_by", "accounts.id"),
    moment("answered_at", nullable=False),
    UniqueConstraint("recording_id", "code", "answered_by"),
)
"""One explanation of each person to each finding; it stands beside the report, which stays as it was sealed."""
