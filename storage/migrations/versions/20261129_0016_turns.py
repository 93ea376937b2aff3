"""Whose turn it is: jobs have a sender and a place in a line in which senders take turns.

What waits from before has one sender and the first turn, and is claimed in its old order. Adding the columns rewrites
nothing; the indexes hold what is open and are built at once. Rolling back makes the order that of arrival again.

Revision ID: 20261129_0016
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261129_0016"
down_revision = "20261128_0015"
branch_labels = None
depends_on = None

_NOBODY = sa.text("'00000000-0000-0000-0000-000000000000'")
_READY = sa.text("state = 'ready'")


def upgrade() -> None:
    """Add the columns, and the indexes that claiming and lining up go by."""
    op.add_column(
        "jobs", sa.Column("sender_id", postgresql.UUID(as_uuid=True), nullable=False, server_default=_NOBODY)
    )
    op.alter_column("jobs", "sender_id", server_default=None)
    op.add_column("jobs", sa.Column("turn", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.alter_column("jobs", "turn", server_default=None)
    op.drop_index("ix_jobs_claim", table_name="jobs")
    op.create_index("ix_jobs_claim", "jobs", ["kind", "turn", "id"], postgresql_where=_READY)
    op.create_index(
        "ix_jobs_line",
        "jobs",
        ["kind", "sender_id", "turn"],
        postgresql_where=sa.text("state IN ('ready', 'leased')"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_jobs_line", table_name="jobs")
    op.drop_index("ix_jobs_claim", table_name="jobs")
    op.create_index("ix_jobs_claim", "jobs", ["kind", "not_before", "id"], postgresql_where=_READY)
    op.drop_column("jobs", "turn")
    op.drop_column("jobs", "sender_id")
