"""Sealed recordings are examined again; the newer result stands beside the old.

Rolling back forgets who asked and what waits, not the results.

Revision ID: 20261130_0050
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261130_0050"
down_revision = "20261129_0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room for what is asked and for what came of it."""
    op.create_table(
        "examinations",
        sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("recording_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("asked_by", postgresql.UUID(as_uuid=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run", sa.Integer(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("was", sa.Text(), nullable=True),
        sa.Column("examined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "verdict IN ('verified', 'doubtful', 'mismatch', 'not_checked')",
            name=op.f("ck_examinations_verdict"),
        ),
        sa.CheckConstraint(
            "was IN ('verified', 'doubtful', 'mismatch', 'not_checked')", name=op.f("ck_examinations_was")
        ),
        sa.CheckConstraint(
            "num_nonnulls(run, verdict, was, examined_at) IN (0, 4) AND (run IS NULL OR failure IS NULL)",
            name=op.f("ck_examinations_done"),
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name=op.f("fk_examinations_recording_id_recordings")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["accounts.id"], name=op.f("fk_examinations_asked_by_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_examinations")),
        sa.UniqueConstraint("recording_id", "run", name=op.f("uq_examinations_recording_id_run")),
    )
    op.create_index(
        "uq_examinations_waiting",
        "examinations",
        ["recording_id"],
        unique=True,
        postgresql_where=sa.text("run IS NULL AND failure IS NULL"),
    )


def downgrade() -> None:
    """Forget them."""
    op.drop_table("examinations")
