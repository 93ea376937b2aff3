"""The scan of an equipment's certificate: the digest of a document that was handed in.

Rolling back forgets which; the log keeps it.

Revision ID: 20261201_0105
"""

import sqlalchemy as sa
from alembic import op

revision = "20261201_0105"
down_revision = "20261201_0104"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room for it."""
    op.add_column("equipment_certificates", sa.Column("scan", sa.Text(), nullable=True))


def downgrade() -> None:
    """Forget it."""
    op.drop_column("equipment_certificates", "scan")
