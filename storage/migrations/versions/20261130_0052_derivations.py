"""Copies for viewing are made after the verdict.

Rolling back forgets which there are, not what they were made of.

Revision ID: 20261130_0052
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261130_0052"
down_revision = "20261130_0051"
branch_labels = None
depends_on = None

_MADE = "media_type, object_key, version_id, size_bytes, sha256, parent_sha256, params, made_at"


def upgrade() -> None:
    """Make room for what is asked and for what came of it."""
    op.create_table(
        "derivations",
        sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("recording_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("asked_by", postgresql.UUID(as_uuid=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("object_key", sa.Text(), nullable=True),
        sa.Column("version_id", sa.Text(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("parent_sha256", sa.Text(), nullable=True),
        sa.Column("params", postgresql.JSONB(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('thumbnail', 'poster', 'sheet', 'wave', 'proxy')", name=op.f("ck_derivations_kind")
        ),
        sa.CheckConstraint(
            "failure IN ('media-unreadable', 'nothing-to-show', 'work-too-large', 'decoder-timeout',"
            " 'decoder-memory', 'decoder-crashed', 'no-sandbox', 'object-broken', 'not-made')",
            name=op.f("ck_derivations_failure"),
        ),
        sa.CheckConstraint(
            f"num_nonnulls({_MADE}) IN (0, 8) AND (made_at IS NULL OR failure IS NULL)",
            name=op.f("ck_derivations_done"),
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name=op.f("fk_derivations_recording_id_recordings")
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["accounts.id"], name=op.f("fk_derivations_asked_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_derivations")),
    )
    op.create_index(
        "uq_derivations_waiting",
        "derivations",
        ["recording_id", "kind"],
        unique=True,
        postgresql_where=sa.text("made_at IS NULL AND failure IS NULL"),
    )
    op.create_index("ix_derivations_recording_id", "derivations", ["recording_id"])


def downgrade() -> None:
    """Forget them."""
    op.drop_table("derivations")
