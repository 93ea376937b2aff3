"""A checkpoint that is told says how many full bundles of entries stand in the evidence store, with the tiles over them.

Rolling back drops the column: the objects stay, and are put again as they are.

Revision ID: 20261201_0125
"""

import sqlalchemy as sa
from alembic import op

revision = "20261201_0125"
down_revision = "20261201_0130"
branch_labels = None
depends_on = None

_KEEP = """
CREATE OR REPLACE FUNCTION keep_checkpoint() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    gained text[] := ARRAY[{gained}];
BEGIN
    IF OLD.published_at IS NOT NULL OR NEW.published_at IS NULL
       OR (to_jsonb(OLD) - gained) IS DISTINCT FROM (to_jsonb(NEW) - gained) THEN
        RAISE EXCEPTION 'a checkpoint only ever gains the time when it was published'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    """Let a checkpoint gain the number with the time when it is told."""
    op.add_column("checkpoints", sa.Column("bundles", sa.BigInteger(), nullable=True))
    op.execute(_KEEP.format(gained="'published_at', 'published_from', 'bundles'"))


def downgrade() -> None:
    """Drop it."""
    op.execute(_KEEP.format(gained="'published_at', 'published_from'"))
    op.drop_column("checkpoints", "bundles")
