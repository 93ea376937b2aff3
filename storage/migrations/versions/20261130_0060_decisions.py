"""What a case ended in, and what its steps say of each duty of procedure: two tables. Nothing else changes.

Decisions that were made before said neither: they have no row, and none is invented. Rolling back drops the rows; their
leaves stay in the log.

Revision ID: 20261130_0060
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261130_0060"
down_revision = "20261130_0059"
branch_labels = None
depends_on = None

_FORMALITIES = "'notice', 'plea', 'hearing', 'discussion', 'contents', 'term', 'service'"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "case_decisions",
        sa.Column("case_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("penalties", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("fine_fen", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", postgresql.UUID(as_uuid=True), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('penalty', 'minor', 'no_facts', 'transfer')", name=op.f("ck_case_decisions_outcome")
        ),
        sa.CheckConstraint(
            "(outcome = 'penalty') = (cardinality(penalties) > 0)", name=op.f("ck_case_decisions_penalties")
        ),
        sa.CheckConstraint(
            "(fine_fen IS NOT NULL) = ('fine' = ANY (penalties))", name=op.f("ck_case_decisions_fine")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_decisions_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["accounts.id"], name=op.f("fk_case_decisions_decided_by_accounts")
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_decisions")),
    )
    op.create_table(
        "case_formalities",
        sa.Column("case_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("formality", sa.Text(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(f"formality IN ({_FORMALITIES})", name=op.f("ck_case_formalities_formality")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_formalities_case_id_cases")),
        sa.PrimaryKeyConstraint("case_id", "formality", name=op.f("pk_case_formalities")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("case_formalities")
    op.drop_table("case_decisions")
