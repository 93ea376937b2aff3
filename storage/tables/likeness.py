"""Codes of pictures, that they were compared, and which look alike."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    false,
)
from sqlalchemy.dialects.postgresql import UUID

from storage.tables.base import metadata, moment

picture_codes = Table(
    "picture_codes",
    metadata,
    Column("recording_id", UUID(as_uuid=True), ForeignKey("recordings.id"), primary_key=True),
    Column("position", SmallInteger, primary_key=True),
    Column("code", LargeBinary, nullable=False),
    Column("number", BigInteger),
    CheckConstraint("octet_length(code) = 32", name="code"),
    Index("uq_picture_codes_number", "number", unique=True),
)
"""Of a photo one, of a film those of its posters. A code has no number until it was compared; numbers have no gap."""

likeness_searches = Table(
    "likeness_searches",
    metadata,
    Column("recording_id", UUID(as_uuid=True), ForeignKey("recordings.id"), primary_key=True),
    moment("at", nullable=False),
    Column("codes", SmallInteger, nullable=False),
    Column("among", BigInteger, nullable=False),
    Column("found", Integer, nullable=False),
)
"""That a recording was compared with all that were compared before it."""

likenesses = Table(
    "likenesses",
    metadata,
    Column("recording_id", UUID(as_uuid=True), ForeignKey("recordings.id"), primary_key=True),
    Column("other_id", UUID(as_uuid=True), ForeignKey("recordings.id"), primary_key=True),
    Column("bits", SmallInteger, nullable=False),
    Column("is_mirrored", Boolean, nullable=False, server_default=false()),
    CheckConstraint("recording_id <> other_id", name="two"),
    Index("ix_likenesses_other_id", "other_id"),
)
"""Pairs, entered with the one that was compared later."""
