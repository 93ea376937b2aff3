"""Of pictures that look alike it is kept whether one is the other in a mirror.

What was compared before was not looked at in a mirror, and says that it is not mirrored. Milliseconds: a constant default
is no rewrite. Rolling back forgets it.

Revision ID: 20261201_0130
"""

import sqlalchemy as sa
from alembic import op

revision = "20261201_0130"
down_revision = "20261201_0105"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column(
        "likenesses", sa.Column("is_mirrored", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_column("likenesses", "is_mirrored")
