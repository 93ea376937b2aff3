"""Ties repeat which manifest's file their recording meets, so that a list of cases counts copies without reading recordings.

What is tied today gets it from its recording. The index over live ties is built anew, with it. Rolling back drops both.

Revision ID: 20261129_0018
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0018"
down_revision = "20261129_0017"
branch_labels = None
depends_on = None

_FILL = """
UPDATE case_links SET item = concat(recordings.manifest_id, '/', recordings.file_index) FROM recordings
WHERE recordings.id = case_links.recording_id AND recordings.file_index IS NOT NULL
  AND recordings.state IN ('sealed', 'received')
"""
_LIVE = sa.text("unlinked_at IS NULL")


def _index(*include: str) -> None:
    op.drop_index("uq_case_links_live", table_name="case_links")
    op.create_index(
        "uq_case_links_live",
        "case_links",
        ["case_id", "recording_id"],
        unique=True,
        postgresql_include=list(include),
        postgresql_where=_LIVE,
    )


def upgrade() -> None:
    """Add the column, fill it, and let the index of live ties hold it."""
    op.add_column("case_links", sa.Column("item", sa.Text()))
    op.execute(_FILL)
    _index("item")


def downgrade() -> None:
    """Drop both."""
    _index()
    op.drop_column("case_links", "item")
