"""People move from one agency to another: where they belonged when, and since when that was said.

Nobody has moved so far, and who never moved has no row: the table begins empty. Rolling back forgets the rows; the
leaves keep them, and accounts keep the agency of the last move.

Revision ID: 20261129_0045
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261129_0045"
down_revision = "20261129_0044"
branch_labels = None
depends_on = None

_ONE = """
ALTER TABLE memberships ADD CONSTRAINT ex_memberships_one_agency EXCLUDE USING gist (
    account_id WITH =, valid_during WITH &&, known_during WITH &&
)
"""


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "memberships",
        sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("account_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("agency_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("valid_during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("known_during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "NOT isempty(valid_during) AND NOT isempty(known_during)", name=op.f("ck_memberships_lasts")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_memberships_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agencies.id"], name=op.f("fk_memberships_agency_id_agencies")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
    )
    op.execute(_ONE)


def downgrade() -> None:
    """Drop it."""
    op.drop_table("memberships")
