"""The access trail: its rows, and the seals of its days."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from schemas.trail import TrailEvent, TrailResult
from storage.tables.base import ident, metadata, moment, one_of, ref

trail_rows = Table(
    "trail_rows",
    metadata,
    ident(),
    Column("day", Date, nullable=False),
    Column("n", BigInteger),
    Column("event", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("asked", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("address", Text, nullable=False),
    ref("agency_id", "agencies.id", nullable=True),
    ref("account_id", "accounts.id", nullable=True),
    ref("device_id", "devices.id", nullable=True),
    Column("name_digest", LargeBinary),
    moment("at", nullable=False),
    moment("last_at", nullable=False),
    Column("times", Integer, nullable=False, server_default=text("1")),
    Column("fold", LargeBinary, unique=True),
    Column("digest", LargeBinary),
    one_of("event", TrailEvent),
    one_of("result", TrailResult),
    CheckConstraint("(n IS NULL) = (digest IS NULL)", name="sealed"),
    UniqueConstraint("day", "n"),
    Index(None, "account_id", "id", postgresql_where=text("account_id IS NOT NULL")),
    Index(None, "device_id", "id", postgresql_where=text("device_id IS NOT NULL")),
    Index(None, "address", "id"),
    Index("ix_trail_rows_strangers", "at", postgresql_where=text("account_id IS NULL AND device_id IS NULL")),
)
"""What `schemas.trail.Noted` says, with its time and address. `n` and `digest`, the row's place in the chain of its day,
are given when the day is sealed; `fold`, what repeats are found by, goes then."""

trail_seals = Table(
    "trail_seals",
    metadata,
    ident(),
    Column("day", Date, nullable=False, unique=True),
    Column("count", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("kept_from", Date, nullable=False),
    moment("sealed_at", nullable=False),
)
"""What the log says of each day. Rows of days before the last `kept_from` are gone."""
