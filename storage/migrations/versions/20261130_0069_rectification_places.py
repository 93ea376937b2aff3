"""What is to be put right may name a recording, and a second of it.

Rectifications of before name the drawn file alone; nothing is read into them. Rolling back forgets where they lie; their
leaves stay in the log.

Revision ID: 20261130_0069
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261130_0069"
down_revision = "20261130_0071"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the two columns."""
    op.add_column("rectifications", sa.Column("recording_id", postgresql.UUID(as_uuid=True), nullable=True))
    op.add_column("rectifications", sa.Column("at_second", sa.Integer(), nullable=True))
    op.create_foreign_key(
        op.f("fk_rectifications_recording_id_recordings"),
        "rectifications",
        "recordings",
        ["recording_id"],
        ["id"],
    )
    op.create_check_constraint(
        op.f("ck_rectifications_second"),
        "rectifications",
        "at_second IS NULL OR recording_id IS NOT NULL",
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_column("rectifications", "at_second")
    op.drop_column("rectifications", "recording_id")
