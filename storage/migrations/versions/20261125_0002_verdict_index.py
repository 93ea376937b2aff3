"""An index for the list and the count by verdict: what does not hold is rare, and looked for first.

Recordings cannot be written while it is built (a second or so for a million rows). Rolling back drops the
index and loses nothing.

Revision ID: 20261125_0002
"""

from alembic import op

revision = "20261125_0002"
down_revision = "20261125_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_recordings_agency_id_verdict_id", "recordings", ["agency_id", "verdict", "id"])


def downgrade() -> None:
    """Drop the index."""
    op.drop_index("ix_recordings_agency_id_verdict_id", table_name="recordings")
