"""Penalties on the spot of a case (arts 51 and 52): entered, filed with the agency, or the entry taken back."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from schemas.summary import PartyKind
from storage.tables.base import ident, metadata, moment, one_of, ref

case_summaries = Table(
    "case_summaries",
    metadata,
    ident(),
    ref("case_id", "cases.id"),
    Column("party_kind", Text, nullable=False),
    Column("penalties", ARRAY(Text), nullable=False),
    Column("fine_fen", BigInteger),
    Column("basis", Text, nullable=False),
    Column("number", Text, nullable=False),
    moment("made_at", nullable=False),
    Column("place", Text, nullable=False),
    Column("officers", ARRAY(UUID(as_uuid=True)), nullable=False),
    Column("certificates", ARRAY(Text), nullable=False),
    Column("is_refused", Boolean, nullable=False),
    Column("exception", Text),
    Column("remark", Text),
    ref("entered_by", "accounts.id"),
    moment("entered_at", nullable=False),
    ref("recorded_by", "accounts.id", nullable=True),
    moment("recorded_at"),
    Column("record_remark", Text),
    ref("retracted_by", "accounts.id", nullable=True),
    moment("retracted_at"),
    Column("retract_reason", Text),
    Column("leaf", LargeBinary, nullable=False, unique=True),
    one_of("party_kind", PartyKind),
    CheckConstraint("penalties <@ ARRAY['warning', 'fine'] AND cardinality(penalties) > 0", name="penalties"),
    CheckConstraint("(fine_fen IS NOT NULL) = ('fine' = ANY (penalties))", name="fine"),
    CheckConstraint(
        "exception IS NULL AND cardinality(officers) >= 2 OR exception IS NOT NULL AND cardinality(officers) = 1",
        name="officers",
    ),
    CheckConstraint(
        "num_nulls(recorded_by, recorded_at) IN (0, 2)"
        " AND (record_remark IS NULL OR recorded_at IS NOT NULL)",
        name="recorded",
    ),
    CheckConstraint("num_nulls(retracted_by, retracted_at, retract_reason) IN (0, 3)", name="retracted"),
    CheckConstraint("recorded_at IS NULL OR retracted_at IS NULL", name="ended"),
    Index("ix_case_summaries_case_id_id", "case_id", "id"),
    Index("uq_case_summaries_live", "case_id", unique=True, postgresql_where=text("retracted_at IS NULL")),
    Index(
        "ix_case_summaries_unfiled",
        "case_id",
        postgresql_where=text("recorded_at IS NULL AND retracted_at IS NULL"),
    ),
)
"""One stands in a case at most; one that was taken back stays. `leaf` is the digest of the leaf that entered it."""
