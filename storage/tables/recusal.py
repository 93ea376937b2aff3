"""Who is barred from which case."""

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, Table, Text, text

from schemas.leaves_recusal import RecusalGround
from storage.tables.base import ident, metadata, moment, one_of, ref

recusals = Table(
    "recusals",
    metadata,
    ident(),
    ref("case_id", "cases.id"),
    ref("account_id", "accounts.id"),
    Column("ground", Text, nullable=False),
    Column("reason", Text, nullable=False),
    ref("barred_by", "accounts.id"),
    moment("barred_at", nullable=False),
    ref("lifted_by", "accounts.id", nullable=True),
    moment("lifted_at"),
    Column("lift_reason", Text),
    Column("leaf", LargeBinary, nullable=False, unique=True),
    one_of("ground", RecusalGround),
    CheckConstraint("(ground = 'own') = (barred_by = account_id)", name="own_word"),
    CheckConstraint("num_nulls(lifted_by, lifted_at, lift_reason) IN (0, 3)", name="lifted"),
    CheckConstraint("lifted_by <> account_id", name="other_person"),
    Index(
        "uq_recusals_standing",
        "case_id",
        "account_id",
        unique=True,
        postgresql_where=text("lifted_at IS NULL"),
    ),
    Index("ix_recusals_case_id_id", "case_id", "id"),
)
"""Barred from `barred_at` until `lifted_at`; `leaf` is the digest of the leaf that barred."""
