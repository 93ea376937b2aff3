"""A row for each try of a password that was looked at, in place of one counter for each name.

The counters are dropped: they mattered for fifteen minutes. Rolling back drops the tries in the same way.

Revision ID: 20261128_0011
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261128_0011"
down_revision = "20261128_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Exchange the table of counters for one of tries."""
    op.create_table(
        "login_tries",
        sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("name_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", postgresql.UUID(as_uuid=True), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("browser", sa.LargeBinary(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("outcome IN ('wrong', 'right', 'refused')", name=op.f("ck_login_tries_outcome")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_login_tries_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_tries")),
    )
    for columns in (["name_hash", "tried_at"], ["account_id", "tried_at"], ["tried_at"]):
        op.create_index(op.f(f"ix_login_tries_{'_'.join(columns)}"), "login_tries", columns)
    op.drop_table("login_failures")


def downgrade() -> None:
    """Put the counters back, at nought."""
    op.create_table(
        "login_failures",
        sa.Column("login_hash", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("login_hash", name=op.f("pk_login_failures")),
    )
    op.drop_table("login_tries")
