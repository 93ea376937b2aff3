"""Who is barred from which case: a table of its own. Nothing else changes.

Rolling back drops the rows, and nobody is barred any longer; their leaves stay in the log.

Revision ID: 20261129_0034
"""

from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261129_0034"
down_revision = "20261129_0032"
branch_labels = None
depends_on = None


def _ref(name: str, table: str, *, nullable: bool = False) -> tuple[sa.Column[UUID], sa.ForeignKeyConstraint]:
    column = sa.Column(name, postgresql.UUID(as_uuid=True), nullable=nullable)
    key = sa.ForeignKeyConstraint([name], [f"{table}.id"], name=op.f(f"fk_recusals_{name}_{table}"))
    return column, key


def upgrade() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "recusals",
        sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False),
        *_ref("case_id", "cases"),
        *_ref("account_id", "accounts"),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        *_ref("barred_by", "accounts"),
        sa.Column("barred_at", sa.DateTime(timezone=True), nullable=False),
        *_ref("lifted_by", "accounts", nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=True),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("ground IN ('own', 'head', 'party')", name=op.f("ck_recusals_ground")),
        sa.CheckConstraint("(ground = 'own') = (barred_by = account_id)", name=op.f("ck_recusals_own_word")),
        sa.CheckConstraint(
            "num_nulls(lifted_by, lifted_at, lift_reason) IN (0, 3)", name=op.f("ck_recusals_lifted")
        ),
        sa.CheckConstraint("lifted_by <> account_id", name=op.f("ck_recusals_other_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recusals")),
        sa.UniqueConstraint("leaf", name=op.f("uq_recusals_leaf")),
    )
    op.create_index(
        "uq_recusals_standing",
        "recusals",
        ["case_id", "account_id"],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.create_index("ix_recusals_case_id_id", "recusals", ["case_id", "id"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("recusals")
