"""What the evidence store gave otherwise than it was recorded: found by an examination, or by the first verification.

Rolling back forgets the rows; the leaves stay in the log.

Revision ID: 20261130_0051
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261130_0051"
down_revision = "20261130_0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room for what was found."""
    op.create_table(
        "scrub_finds",
        sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("recording_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name=op.f("fk_scrub_finds_recording_id_recordings")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scrub_finds")),
    )
    op.create_index("ix_scrub_finds_recording_id", "scrub_finds", ["recording_id", "found_at"])


def downgrade() -> None:
    """Forget them."""
    op.drop_table("scrub_finds")
