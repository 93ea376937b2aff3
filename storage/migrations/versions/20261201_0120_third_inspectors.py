"""A third inspector may be named for a file whose totals lie too far apart.

Rolling back drops who was named; where somebody was, that is refused: their scores would be nobody's.

Revision ID: 20261201_0120
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "20261201_0120"
down_revision = "20261201_0125"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "audit_thirds",
        sa.Column("audit_id", UUID(as_uuid=True), sa.ForeignKey("audits.id"), primary_key=True),
        sa.Column("member_id", UUID(as_uuid=True), primary_key=True),
        sa.Column("account_id", UUID(as_uuid=True), sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("assigned_by", sa.Text(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    """Drop it where nobody was named."""
    if op.get_bind().execute(sa.text("SELECT count(*) FROM audit_thirds")).scalar_one():
        raise RuntimeError("a third inspector was named; their scores would be nobody's")
    op.drop_table("audit_thirds")
