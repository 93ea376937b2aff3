"""Single sign-on: states that came back once. Nothing else changes.

Rolling back forgets them: what came back within the last minutes might be sent once more, by the same browser.

Revision ID: 20261129_0030
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0030"
down_revision = "20261129_0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "sign_ons",
        sa.Column("state_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_sign_ons")),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("sign_ons")
