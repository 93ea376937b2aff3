"""When the bytes of recordings were last read whole, and the nights on which they are."""

from sqlalchemy import BigInteger, Boolean, Column, Date, ForeignKey, Index, Integer, Table, text, true
from sqlalchemy.dialects.postgresql import UUID

from storage.tables.base import metadata, moment

readings = Table(
    "readings",
    metadata,
    Column("recording_id", UUID(as_uuid=True), ForeignKey("recordings.id"), primary_key=True),
    moment("read_at"),
    moment("tried_at"),
    Column("waiting", UUID(as_uuid=True)),
    Index("ix_readings_waiting", "waiting", unique=True, postgresql_where=text("waiting IS NOT NULL")),
    Index("ix_readings_read_at", "read_at"),
    Index("ix_readings_tried_at", text("tried_at NULLS FIRST"), "recording_id"),
)
"""One row a recording that has a verdict. `waiting` is the subject of the job that reads it next."""

scrubs = Table(
    "scrubs",
    metadata,
    Column("night", Date, primary_key=True),
    Column("id", UUID(as_uuid=True), nullable=False, server_default=text("uuidv7()")),
    moment("began_at", nullable=False),
    moment("ended_at"),
    moment("rests_until", nullable=False),
    Column("days", Integer, nullable=False),
    Column("quota_objects", BigInteger, nullable=False),
    Column("quota_bytes", BigInteger, nullable=False),
    Column("is_asking", Boolean, nullable=False, server_default=true()),
    Column("asked_objects", BigInteger, nullable=False, server_default=text("0")),
    Column("asked_bytes", BigInteger, nullable=False, server_default=text("0")),
    Column("objects", BigInteger, nullable=False, server_default=text("0")),
    Column("faults", BigInteger, nullable=False, server_default=text("0")),
)
"""One row a night: of how much it is (`quota_…`), how much was asked for, how much was read. The next portion is asked for
when what was asked is read, and not before `rests_until`."""
