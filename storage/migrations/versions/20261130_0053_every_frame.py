"""A sealed film may be examined frame by frame.

Rolling back forgets for which examination that was asked; one of two that wait for the same recording is forgotten with it.

Revision ID: 20261130_0053
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_0053"
down_revision = "20261130_0052"
branch_labels = None
depends_on = None

_WAITS = sa.text("run IS NULL AND failure IS NULL")


def upgrade() -> None:
    """Say of each examination whether it is of every frame."""
    op.add_column(
        "examinations",
        sa.Column("every_frame", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.drop_index("uq_examinations_waiting", "examinations")
    op.create_index(
        "uq_examinations_waiting",
        "examinations",
        ["recording_id", "every_frame"],
        unique=True,
        postgresql_where=_WAITS,
    )


def downgrade() -> None:
    """Forget it."""
    op.execute("DELETE FROM examinations WHERE every_frame AND run IS NULL AND failure IS NULL")
    op.drop_index("uq_examinations_waiting", "examinations")
    op.drop_column("examinations", "every_frame")
    op.create_index(
        "uq_examinations_waiting", "examinations", ["recording_id"], unique=True, postgresql_where=_WAITS
    )
