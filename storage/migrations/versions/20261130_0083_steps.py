"""The entries that say that a clock went are found at once: health tells of the newest.

One pass over the log, under a lock that lets nobody add to it: seconds a million entries. Rolling back drops the index.

Revision ID: 20261130_0083
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_0083"
down_revision = "20261130_0082"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index them."""
    op.create_index(
        "ix_custody_entries_steps",
        "custody_entries",
        ["id"],
        postgresql_where=sa.text("event = 'clock:step'"),
    )


def downgrade() -> None:
    """Drop the index."""
    op.drop_index("ix_custody_entries_steps", "custody_entries")
