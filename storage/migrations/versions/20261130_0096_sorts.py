"""Lists are sorted by readers: each column has an index with the id behind it, so that any page costs as much as the first.

One pass over cases, recordings and records, under locks that let nobody add to them: seconds a million rows. Rolling back drops
the indexes.

Revision ID: 20261130_0096
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_0096"
down_revision = "20261130_0095"
branch_labels = None
depends_on = None

_PLAIN = (
    ("cases", "number"),
    ("recordings", "size_bytes"),
    ("monitoring_records", "captured_at"),
    ("equipment", "number"),
    ("equipment", "name"),
    ("accounts", "name"),
)


def upgrade() -> None:
    """Index what lists are sorted by."""
    captured = sa.text("COALESCE(captured_at, received_at)")
    op.create_index("ix_recordings_captured", "recordings", [captured, "id"])
    for table, column in _PLAIN:
        op.create_index(f"ix_{table}_{column}_id", table, [column, "id"])


def downgrade() -> None:
    """Drop the indexes."""
    for table, column in _PLAIN:
        op.drop_index(f"ix_{table}_{column}_id", table)
    op.drop_index("ix_recordings_captured", "recordings")
