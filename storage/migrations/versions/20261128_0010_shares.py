"""What one sender has open is counted before an upload is opened, and what one person waits for before an export.

Both by an index over what is open alone, which does not grow with history. Built at once, under a short lock.

Revision ID: 20261128_0010
"""

import sqlalchemy as sa
from alembic import op

revision = "20261128_0010"
down_revision = "20261128_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the two indexes."""
    op.create_index(
        "ix_uploads_open", "uploads", ["device_id", "account_id"], postgresql_where=sa.text("state = 'open'")
    )
    op.create_index(
        "ix_exports_building", "exports", ["requested_by"], postgresql_where=sa.text("state = 'building'")
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_exports_building", "exports")
    op.drop_index("ix_uploads_open", "uploads")
