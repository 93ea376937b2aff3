"""Which loops live, and what tells cheaply whether the work moves.

The indexes hold what is open, except the one of verdicts; they are built at once, a second or so for a million rows.
Rolling back drops table and indexes and loses nothing that is evidence.

Revision ID: 20261128_0012
"""

import sqlalchemy as sa
from alembic import op

revision = "20261128_0012"
down_revision = "20261128_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the indexes."""
    op.create_table(
        "heartbeats",
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("worked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("problem", sa.Text()),
        sa.Column("has_ended", sa.Boolean(), nullable=False),
        sa.CheckConstraint("part IN ('worker', 'scheduler')", name=op.f("ck_heartbeats_part")),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_heartbeats")),
    )
    op.create_index("ix_jobs_waiting", "jobs", ["created_at"], postgresql_where=sa.text("state = 'ready'"))
    op.create_index(
        "ix_recordings_arrived", "recordings", ["received_at"], postgresql_where=sa.text("state = 'received'")
    )
    op.create_index("ix_recordings_verified_at", "recordings", ["verified_at"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_recordings_verified_at", table_name="recordings")
    op.drop_index("ix_recordings_arrived", table_name="recordings")
    op.drop_index("ix_jobs_waiting", table_name="jobs")
    op.drop_table("heartbeats")
