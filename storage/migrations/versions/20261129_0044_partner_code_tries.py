"""Tries of partners' codes are counted before a code is looked at, so that many at once do not pass the limit.

Rolling back forgets the tries of the last quarter of an hour.

Revision ID: 20261129_0044
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261129_0044"
down_revision = "20261129_0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room for the tries."""
    op.create_table(
        "partner_code_tries",
        sa.Column("account_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_partner_code_tries_tries")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_partner_code_tries_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_partner_code_tries")),
    )


def downgrade() -> None:
    """Forget them."""
    op.drop_table("partner_code_tries")
