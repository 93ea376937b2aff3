"""Digests of the chunks of stored objects."""

from sqlalchemy import Column, LargeBinary, Table, Text

from storage.tables.base import metadata

object_chunks = Table(
    "object_chunks",
    metadata,
    Column("object_key", Text, primary_key=True),
    Column("version_id", Text, primary_key=True),
    Column("digests", LargeBinary, nullable=False),
)
"""SHA-256 of every `schemas.digest.PROOF_BYTES` of one stored version, 32 bytes each. Of an object of one chunk there is no
row: its own digest is the list. The column is kept out of line and uncompressed, so that a part of it is read alone."""
