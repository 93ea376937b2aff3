"""Which outcome the end of an investigation proposed: a table. Nothing else changes.

Cases that were concluded before proposed nothing: they have no row, and every fact of theirs needs its proof. Rolling back
drops the rows; their leaves stay in the log.

Revision ID: 20261130_0065
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261130_0065"
down_revision = "20261130_0067"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "case_proposals",
        sa.Column("case_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("proposed_by", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('penalty', 'minor', 'no_facts', 'transfer')", name=op.f("ck_case_proposals_outcome")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_proposals_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["accounts.id"], name=op.f("fk_case_proposals_proposed_by_accounts")
        ),
        sa.PrimaryKeyConstraint("case_id", "number", name=op.f("pk_case_proposals")),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("case_proposals")
