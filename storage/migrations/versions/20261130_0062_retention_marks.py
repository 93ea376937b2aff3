"""Somebody in office may say that a recording is kept for ever.

Rolling back forgets who said so, not the locks that were raised.

Revision ID: 20261130_0062
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261130_0062"
down_revision = "20261130_0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room for it."""
    op.create_table(
        "retention_marks",
        sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("recording_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("stands", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("marked_by", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name=op.f("fk_retention_marks_recording_id_recordings")
        ),
        sa.ForeignKeyConstraint(
            ["marked_by"], ["accounts.id"], name=op.f("fk_retention_marks_marked_by_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_marks")),
    )
    op.create_index("ix_retention_marks_recording_id", "retention_marks", ["recording_id"])


def downgrade() -> None:
    """Forget it."""
    op.drop_table("retention_marks")
