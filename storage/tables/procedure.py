"""Documents of a case that show duties of procedure, and what its steps say of each duty."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from schemas.decision import DecisionOutcome
from schemas.procedure import Formality
from storage.tables.base import ident, metadata, moment, one_of, ref

case_documents = Table(
    "case_documents",
    metadata,
    ident(),
    ref("case_id", "cases.id"),
    Column("formality", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("number", Text),
    Column("dated", Date, nullable=False),
    ref("recording_id", "recordings.id", nullable=True),
    ref("filed_by", "accounts.id"),
    moment("filed_at", nullable=False),
    ref("withdrawn_by", "accounts.id", nullable=True),
    moment("withdrawn_at"),
    Column("withdraw_reason", Text),
    Column("leaf", LargeBinary, nullable=False, unique=True),
    one_of("formality", Formality),
    CheckConstraint("num_nulls(withdrawn_by, withdrawn_at, withdraw_reason) IN (0, 3)", name="withdrawn"),
    Index("ix_case_documents_case_id_id", "case_id", "id"),
)
"""A document shows its duty from `filed_at` until `withdrawn_at`; `leaf` is the digest of the leaf that filed it."""

case_decisions = Table(
    "case_decisions",
    metadata,
    Column("case_id", UUID(as_uuid=True), ForeignKey("cases.id"), primary_key=True),
    Column("outcome", Text, nullable=False),
    Column("penalties", ARRAY(Text), nullable=False),
    Column("fine_fen", BigInteger),
    ref("decided_by", "accounts.id"),
    one_of("outcome", DecisionOutcome),
    CheckConstraint("(outcome = 'penalty') = (cardinality(penalties) > 0)", name="penalties"),
    CheckConstraint("(fine_fen IS NOT NULL) = ('fine' = ANY (penalties))", name="fine"),
)
"""What a case ended in; a decision of version 1 says nothing of it and has no row."""

case_formalities = Table(
    "case_formalities",
    metadata,
    Column("case_id", UUID(as_uuid=True), ForeignKey("cases.id"), primary_key=True),
    Column("formality", Text, primary_key=True),
    Column("documents", Integer, nullable=False),
    Column("reason", Text),
    one_of("formality", Formality),
)
"""What the step that answers for a duty found; `reason` says why it was not recorded."""
