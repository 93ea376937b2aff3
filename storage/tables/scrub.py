"""What the evidence store gave otherwise than it was recorded."""

from sqlalchemy import Column, Index, Table, Text

from storage.tables.base import ident, metadata, moment, ref

scrub_finds = Table(
    "scrub_finds",
    metadata,
    ident(),
    ref("recording_id", "recordings.id"),
    Column("code", Text, nullable=False),
    Column("sha256", Text),
    moment("found_at", nullable=False),
    Index("ix_scrub_finds_recording_id", "recording_id", "found_at"),
)
"""Each by its own leaf; the recording stays what it is. `sha256` is that of what the store gave, where it gave anything."""
