"""Penalties on the spot: a table. Nothing else changes.

Rolling back drops the rows; their leaves stay in the log.

Revision ID: 20261130_0064
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261130_0064"
down_revision = "20261130_0066"
branch_labels = None
depends_on = None

_NAME = "case_summaries"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        _NAME,
        sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("case_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("party_kind", sa.Text(), nullable=False),
        sa.Column("penalties", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("fine_fen", sa.BigInteger(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("officers", postgresql.ARRAY(postgresql.UUID(as_uuid=True)), nullable=False),
        sa.Column("certificates", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("is_refused", sa.Boolean(), nullable=False),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("entered_by", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", postgresql.UUID(as_uuid=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("record_remark", sa.Text(), nullable=True),
        sa.Column("retracted_by", postgresql.UUID(as_uuid=True), nullable=True),
        sa.Column("retracted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retract_reason", sa.Text(), nullable=True),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "party_kind IN ('citizen', 'organisation')", name=op.f("ck_case_summaries_party_kind")
        ),
        sa.CheckConstraint(
            "penalties <@ ARRAY['warning', 'fine'] AND cardinality(penalties) > 0",
            name=op.f("ck_case_summaries_penalties"),
        ),
        sa.CheckConstraint(
            "(fine_fen IS NOT NULL) = ('fine' = ANY (penalties))", name=op.f("ck_case_summaries_fine")
        ),
        sa.CheckConstraint("cardinality(officers) >= 2", name=op.f("ck_case_summaries_officers")),
        sa.CheckConstraint(
            "num_nulls(recorded_by, recorded_at) IN (0, 2)"
            " AND (record_remark IS NULL OR recorded_at IS NOT NULL)",
            name=op.f("ck_case_summaries_recorded"),
        ),
        sa.CheckConstraint(
            "num_nulls(retracted_by, retracted_at, retract_reason) IN (0, 3)",
            name=op.f("ck_case_summaries_retracted"),
        ),
        sa.CheckConstraint(
            "recorded_at IS NULL OR retracted_at IS NULL", name=op.f("ck_case_summaries_ended")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_summaries_case_id_cases")),
        *(
            sa.ForeignKeyConstraint([name], ["accounts.id"], name=op.f(f"fk_case_summaries_{name}_accounts"))
            for name in ("entered_by", "recorded_by", "retracted_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_summaries")),
        sa.UniqueConstraint("leaf", name=op.f("uq_case_summaries_leaf")),
    )
    op.create_index("ix_case_summaries_case_id_id", _NAME, ["case_id", "id"])
    op.create_index(
        "uq_case_summaries_live",
        _NAME,
        ["case_id"],
        unique=True,
        postgresql_where=sa.text("retracted_at IS NULL"),
    )
    op.create_index(
        "ix_case_summaries_unfiled",
        _NAME,
        ["case_id"],
        postgresql_where=sa.text("recorded_at IS NULL AND retracted_at IS NULL"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table(_NAME)
