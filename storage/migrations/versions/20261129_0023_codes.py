"""A code that enrols a device may be taken back.

Rolling back lets codes count again that were taken back.

Revision ID: 20261129_0023
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0023"
down_revision = "20261129_0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add when a code was taken back."""
    op.add_column("enrolment_codes", sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("ck_enrolment_codes_ended_once"), "enrolment_codes", "num_nonnulls(used_at, voided_at) < 2"
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_column("enrolment_codes", "voided_at")
