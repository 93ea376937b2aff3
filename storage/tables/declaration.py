"""What people say of files that they hand in themselves."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text
from sqlalchemy.dialects.postgresql import UUID

from schemas.declaration import DocumentKind, HandInWay, Origin
from storage.tables.base import metadata, moment, one_of

declarations = Table(
    "declarations",
    metadata,
    Column("recording_id", UUID(as_uuid=True), ForeignKey("recordings.id"), primary_key=True),
    Column("way", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("document", Text),
    moment("made_at"),
    Column("source", Text),
    Column("maker", Text),
    Column("method", Text),
    Column("media_type", Text),
    one_of("way", HandInWay),
    one_of("origin", Origin),
    one_of("document", DocumentKind),
    CheckConstraint("(source IS NOT NULL) = (origin = 'copied')", name="sourced"),
    Index("ix_declarations_document", "document", "recording_id"),
)
"""One of a recording at most, made with it and never changed; most recordings come from devices and have none."""
