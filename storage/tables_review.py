"""Tables of the legal review desk: changes of a case, facts and what proves them, review rounds and grounds."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from storage.tables_base import ident, metadata, moment, ref, states

case_changes = Table(
    "case_changes",
    metadata,
    ident(),
    ref("case_id", "cases.id"),
    Column("verb", Text, nullable=False),
    Column("before", JSONB, nullable=False, server_default=text("'{}'")),
    Column("reason", Text, nullable=False),
    Column("reason_salt", LargeBinary, nullable=False),
    Column("changed_by", Text, nullable=False),
    moment("changed_at", nullable=False),
    Index("ix_case_changes_case_id_id", "case_id", "id"),
)
"""Steps, corrections and assignments with the words that the log only commits to, and what stood before."""

case_facts = Table(
    "case_facts",
    metadata,
    ident(),
    ref("case_id", "cases.id"),
    Column("position", SmallInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("text_salt", LargeBinary, nullable=False),
    Column("added_by", Text, nullable=False),
    moment("added_at", nullable=False),
    moment("withdrawn_at"),
    UniqueConstraint("case_id", "position"),
)

fact_evidence = Table(
    "fact_evidence",
    metadata,
    ident(),
    ref("fact_id", "case_facts.id"),
    ref("recording_id", "recordings.id", nullable=True),
    ref("monitoring_id", "monitoring_records.id", nullable=True),
    Column("added_by", Text, nullable=False),
    moment("added_at", nullable=False),
    Column("removed_by", Text),
    moment("removed_at"),
    CheckConstraint("num_nonnulls(recording_id, monitoring_id) = 1", name="one_evidence"),
    Index(
        "uq_fact_evidence_live",
        "fact_id",
        "recording_id",
        "monitoring_id",
        unique=True,
        postgresql_where=text("removed_at IS NULL"),
        postgresql_nulls_not_distinct=True,
    ),
)

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
    Column("statement_salt", LargeBinary),
    ref("reviewer_id", "accounts.id", nullable=True),
    moment("given_at"),
    Column("version", Integer, nullable=False, server_default=text("1")),
    states("open", "given"),
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
    Column("text_salt", LargeBinary, nullable=False),
    Column("answer", Text),
    Column("answer_salt", LargeBinary),
    ref("answered_by", "accounts.id", nullable=True),
    moment("answered_at"),
    UniqueConstraint("review_id", "position"),
)
