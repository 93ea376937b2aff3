"""A digest of every chunk of what is stored, and when it was last read whole.

What was verified before has no list of digests: it is made when it is read whole the next time. Rolling back forgets the
lists and the times; they are made again from the bytes.

Revision ID: 20261130_0077
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261130_0077"
down_revision = "20261130_0065"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room for both; of what was verified before no time is known by which it was read for a list."""
    op.create_table(
        "object_chunks",
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("digests", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("object_key", "version_id", name=op.f("pk_object_chunks")),
    )
    # A range reads a few digests: out of line and uncompressed they are reached without the rest.
    op.execute("ALTER TABLE object_chunks ALTER COLUMN digests SET STORAGE EXTERNAL")
    op.create_table(
        "readings",
        sa.Column("recording_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waiting", postgresql.UUID(as_uuid=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name=op.f("fk_readings_recording_id_recordings")
        ),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_readings")),
    )
    op.create_index(
        "ix_readings_waiting",
        "readings",
        ["waiting"],
        unique=True,
        postgresql_where=sa.text("waiting IS NOT NULL"),
    )
    op.create_index("ix_readings_tried_at", "readings", [sa.text("tried_at NULLS FIRST"), "recording_id"])
    op.execute(
        "INSERT INTO readings (recording_id) SELECT id FROM recordings WHERE state IN ('sealed', 'quarantined')"
    )


def downgrade() -> None:
    """Forget both."""
    op.drop_table("readings")
    op.drop_table("object_chunks")
