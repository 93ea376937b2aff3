"""Documents that show duties of procedure: a table of its own. Nothing else changes.

Rolling back drops the rows; their leaves stay in the log.

Revision ID: 20261130_0059
"""

from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261130_0059"
down_revision = "20261130_0063"
branch_labels = None
depends_on = None

_FORMALITIES = "'notice', 'plea', 'hearing', 'discussion', 'contents', 'term', 'service'"


def _ref(name: str, table: str, *, nullable: bool = False) -> tuple[sa.Column[UUID], sa.ForeignKeyConstraint]:
    column = sa.Column(name, postgresql.UUID(as_uuid=True), nullable=nullable)
    key = sa.ForeignKeyConstraint([name], [f"{table}.id"], name=op.f(f"fk_case_documents_{name}_{table}"))
    return column, key


def upgrade() -> None:
    """Make the table and its index."""
    op.create_table(
        "case_documents",
        sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False),
        *_ref("case_id", "cases"),
        sa.Column("formality", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("dated", sa.Date(), nullable=False),
        *_ref("recording_id", "recordings", nullable=True),
        *_ref("filed_by", "accounts"),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        *_ref("withdrawn_by", "accounts", nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdraw_reason", sa.Text(), nullable=True),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(f"formality IN ({_FORMALITIES})", name=op.f("ck_case_documents_formality")),
        sa.CheckConstraint(
            "num_nulls(withdrawn_by, withdrawn_at, withdraw_reason) IN (0, 3)",
            name=op.f("ck_case_documents_withdrawn"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_documents")),
        sa.UniqueConstraint("leaf", name=op.f("uq_case_documents_leaf")),
    )
    op.create_index("ix_case_documents_case_id_id", "case_documents", ["case_id", "id"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("case_documents")
