"""Uploads that always get forward: a lease has a number of its own and takes no part number.

Open uploads go on: their leases are counted from their part numbers, so that no name of an object is used twice.

Revision ID: 20261128_0009
"""

import sqlalchemy as sa
from alembic import op

revision = "20261128_0009"
down_revision = "20261128_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Count the leases."""
    op.add_column("uploads", sa.Column("leases", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.execute("UPDATE uploads SET leases = next_part")


def downgrade() -> None:
    """Count by the part numbers again, from where no name is used twice."""
    op.execute("UPDATE uploads SET next_part = GREATEST(next_part, leases) WHERE state = 'open'")
    op.drop_column("uploads", "leases")
