"""Keys by which a sender repeats a request without doing it twice; copies of a manifest's file are found by an index.

One new table, and one new index over the recordings that a manifest announces: its build holds writes to recordings
back for as long as one pass over them takes. Rolling back drops both; a repeated request is then done again.

Revision ID: 20261128_0013
"""

import sqlalchemy as sa
from alembic import op

revision = "20261128_0013"
down_revision = "20261128_0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table and the index."""
    op.create_table(
        "idempotency_keys",
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sender", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index("ix_idempotency_keys_expires_at", "idempotency_keys", ["expires_at"])
    op.create_index(
        "ix_recordings_manifest_id_file_index",
        "recordings",
        ["manifest_id", "file_index"],
        postgresql_where=sa.text("manifest_id IS NOT NULL"),
    )


def downgrade() -> None:
    """Drop both."""
    op.drop_index("ix_recordings_manifest_id_file_index", "recordings")
    op.drop_table("idempotency_keys")
