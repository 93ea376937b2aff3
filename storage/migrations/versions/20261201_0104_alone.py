"""A penalty on the spot by one officer cites the article of another law that lets one act alone (art. 42).

Rolling back forgets the article and lets what one officer decided stand; the log keeps it.

Revision ID: 20261201_0104
"""

import sqlalchemy as sa
from alembic import op

revision = "20261201_0104"
down_revision = "20261201_0111"
branch_labels = None
depends_on = None

_NAME = "ck_case_summaries_officers"


def upgrade() -> None:
    """Make room for it."""
    op.add_column("case_summaries", sa.Column("exception", sa.Text(), nullable=True))
    op.drop_constraint(op.f(_NAME), "case_summaries")
    op.create_check_constraint(
        op.f(_NAME),
        "case_summaries",
        "exception IS NULL AND cardinality(officers) >= 2 OR exception IS NOT NULL AND cardinality(officers) = 1",
    )


def downgrade() -> None:
    """Forget it."""
    op.drop_constraint(op.f(_NAME), "case_summaries")
    op.drop_column("case_summaries", "exception")
    op.create_check_constraint(
        op.f(_NAME), "case_summaries", "cardinality(officers) >= 2", postgresql_not_valid=True
    )
