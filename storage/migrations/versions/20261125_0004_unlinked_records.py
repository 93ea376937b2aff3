"""How many cases a monitoring record is tied to, beside the record: what waits to be linked is then an index.

Counted from the ties when the column is made; monitoring records cannot be written meanwhile. Rolling back drops
column and index; the ties themselves are not touched.

Revision ID: 20261125_0004
"""

import sqlalchemy as sa
from alembic import op

revision = "20261125_0004"
down_revision = "20261125_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, count, add the indexes."""
    op.add_column(
        "monitoring_records", sa.Column("links", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.execute(
        "UPDATE monitoring_records AS r SET links = n FROM (SELECT monitoring_id, count(*) AS n "
        "FROM monitoring_links WHERE unlinked_at IS NULL GROUP BY monitoring_id) AS l WHERE l.monitoring_id = r.id"
    )
    op.create_index(
        "ix_monitoring_records_unlinked",
        "monitoring_records",
        ["agency_id", "id"],
        postgresql_where=sa.text("state = 'valid' AND links = 0"),
    )


def downgrade() -> None:
    """Drop column and index."""
    op.drop_index(
        "ix_monitoring_records_unlinked",
        table_name="monitoring_records",
        postgresql_where=sa.text("state = 'valid' AND links = 0"),
    )
    op.drop_column("monitoring_records", "links")
