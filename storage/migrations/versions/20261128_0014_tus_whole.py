"""Uploads whose length comes later, and uploads that their sender gave up (tus 1.0, creation-defer-length, termination).

Rolling back asks that no open upload is without its length: let them state it, or expire, first.

Revision ID: 20261128_0014
"""

import sqlalchemy as sa
from alembic import op

revision = "20261128_0014"
down_revision = "20261128_0013"
branch_labels = None
depends_on = None

_NAMES = ("is_deferred", "is_given_up")


def upgrade() -> None:
    """Add the two marks."""
    for name in _NAMES:
        op.add_column(
            "uploads", sa.Column(name, sa.Boolean(), server_default=sa.text("false"), nullable=False)
        )


def downgrade() -> None:
    """Drop them."""
    op.create_check_constraint(
        op.f("ck_uploads_known_length"), "uploads", "NOT is_deferred OR state <> 'open'"
    )
    op.drop_constraint(op.f("ck_uploads_known_length"), "uploads")
    for name in _NAMES:
        op.drop_column("uploads", name)
