"""Review rounds and their grounds."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from schemas.review import ReviewState
from storage.tables.base import ident, metadata, moment, ref, states

reviews = Table(
    "reviews",
    metadata,
    ident(),
    ref("case_id", "cases.id"),
    ref("agency_id", "agencies.id"),
    Column("round", Integer, nullable=False),
    Column("state", Text, nullable=False),
    ref("submitted_by", "accounts.id"),
    moment("submitted_at", nullable=False),
    moment("due_at", nullable=False),
    Column("evidence", JSONB, nullable=False),
    Column("evidence_sha256", Text, nullable=False),
    Column("opinion", Text),
    Column("statement", Text),
    ref("reviewer_id", "accounts.id", nullable=True),
    moment("given_at"),
    Column("version", Integer, nullable=False),
    states(ReviewState),
    CheckConstraint("opinion IN ('pass', 'supplement', 'reject')", name="opinion"),
    CheckConstraint(
        "(state = 'given') = (num_nonnulls(opinion, reviewer_id, given_at, statement) = 4)", name="given"
    ),
    UniqueConstraint("case_id", "round"),
    Index("ix_reviews_queue", "agency_id", "due_at", "id", postgresql_where=text("state = 'open'")),
)

review_grounds = Table(
    "review_grounds",
    metadata,
    ident(),
    ref("review_id", "reviews.id"),
    Column("position", SmallInteger, nullable=False),
    Column("item", Text, nullable=False),
    Column("subject", Text),
    Column("text", Text, nullable=False),
    Column("answer", Text),
    ref("answered_by", "accounts.id", nullable=True),
    moment("answered_at"),
    UniqueConstraint("review_id", "position"),
)
