"""Work that waits for a head is found by indices: jobs that failed, examinations that changed a verdict, records judged anew.

Seconds a million rows, under locks that let nobody add to them. Rolling back drops the indices.

Revision ID: 20261201_0110
"""

import sqlalchemy as sa
from alembic import op

revision = "20261201_0110"
down_revision = "20261201_0109"
branch_labels = None
depends_on = None

_INDICES = (
    ("ix_jobs_failed", "jobs", ["kind", "subject_id"], "state = 'failed'"),
    ("ix_examinations_changed", "examinations", ["examined_at"], "was <> verdict"),
    ("ix_monitoring_records_reopened", "monitoring_records", ["id"], "round > 1"),
)


def upgrade() -> None:
    """Index what is rare."""
    for name, table, columns, where in _INDICES:
        op.create_index(name, table, columns, postgresql_where=sa.text(where))


def downgrade() -> None:
    """Drop the indices."""
    for name, table, *_ in _INDICES:
        op.drop_index(name, table)
