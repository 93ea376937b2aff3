"""Uploads that are pieces of a file, and the upload that is made of them (tus 1.0, concatenation).

Rolling back asks that no open upload is of either kind: let them be joined, or expire, first.

Revision ID: 20261128_0015
"""

import sqlalchemy as sa
from alembic import op

revision = "20261128_0015"
down_revision = "20261128_0014"
branch_labels = None
depends_on = None

_INDEX = "ix_uploads_final_id"


def upgrade() -> None:
    """Add what the sender said of it, and whose piece it became."""
    op.add_column("uploads", sa.Column("concat", sa.Text()))
    op.add_column("uploads", sa.Column("final_id", sa.UUID()))
    op.create_index(_INDEX, "uploads", ["final_id"], postgresql_where=sa.text("final_id IS NOT NULL"))


def downgrade() -> None:
    """Drop both."""
    op.create_check_constraint(op.f("ck_uploads_whole"), "uploads", "concat IS NULL OR state <> 'open'")
    op.drop_constraint(op.f("ck_uploads_whole"), "uploads")
    op.drop_index(_INDEX, "uploads")
    for name in ("final_id", "concat"):
        op.drop_column("uploads", name)
