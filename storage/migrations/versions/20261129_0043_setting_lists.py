"""Settings whose value is a list: a column beside the number.

Adds a column that may be empty and a check that reads the table once. Rolling back drops the lists; their leaves stay.

Revision ID: 20261129_0043
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261129_0043"
down_revision = "20261129_0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("agency_settings", sa.Column("items", postgresql.ARRAY(sa.Text()), nullable=True))
    op.create_check_constraint(
        op.f("ck_agency_settings_one_kind"), "agency_settings", "num_nonnulls(value, items) < 2"
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_constraint(op.f("ck_agency_settings_one_kind"), "agency_settings")
    op.drop_column("agency_settings", "items")
