"""The nights on which stored bytes are read again.

Rolling back forgets what they came to, not when each recording was read.

Revision ID: 20261130_0077a
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261130_0077a"
down_revision = "20261130_0077"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room for them."""
    op.create_table(
        "scrubs",
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rests_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("quota_objects", sa.BigInteger(), nullable=False),
        sa.Column("quota_bytes", sa.BigInteger(), nullable=False),
        sa.Column("is_asking", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("asked_objects", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("asked_bytes", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("objects", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("faults", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("night", name=op.f("pk_scrubs")),
    )
    op.create_index("ix_readings_read_at", "readings", ["read_at"])


def downgrade() -> None:
    """Forget them."""
    op.drop_index("ix_readings_read_at", "readings")
    op.drop_table("scrubs")
