"""What a sender may repeat without doing it twice."""

from sqlalchemy import Column, Index, LargeBinary, Table, Text

from storage.tables.base import metadata, moment

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("sender", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("answer", LargeBinary),
    moment("expires_at", nullable=False),
    Index("ix_idempotency_keys_expires_at", "expires_at"),
)
"""`sender` is a reference; `answer` is what was answered, and never null behind a commit."""
