"""Many leaves of one act in one statement: `append_leaves` beside `append_leaf`; and agencies may be closed.

What is promised is what `append_leaf` promises for each leaf, in the order in which they are given. No agency is closed yet:
the column is nullable, so no row is written anew. Rolling back forgets which are, and drops the function; leaves stay.

Revision ID: 20261129_0036
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0036"
down_revision = "20261129_0035"
branch_labels = None
depends_on = None

_APPEND = r"""
CREATE FUNCTION append_leaves(
    actor text, agency uuid, at timestamptz, leaf_ids uuid[], events text[], evs integer[], subjects text[],
    leaves bytea[], digests bytea[], leaf_hashes bytea[], place_leaves integer[], ofs text[], ns bigint[],
    moved text[], moved_ns bigint[], moved_heads bytea[], opened_leaves integer[], members text[], opened bytea[]
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH made AS (
        INSERT INTO custody_entries (entry_id, event, ev, actor, subject, agency_id, at, leaf, digest, leaf_hash)
        SELECT one.leaf_id, one.event, one.ev, append_leaves.actor, one.subject, agency, append_leaves.at,
            one.leaf, one.digest, one.leaf_hash
        FROM unnest(leaf_ids, events, evs, subjects, leaves, digests, leaf_hashes) WITH ORDINALITY
            AS one (leaf_id, event, ev, subject, leaf, digest, leaf_hash, k)
        ORDER BY one.k  -- the index of a leaf follows from the order of its row
        RETURNING custody_entries.id, custody_entries.digest
    )
    INSERT INTO chain_places (of, n, entry)
    SELECT place.of, place.n, made.id
    FROM unnest(place_leaves, ofs, ns) AS place (k, of, n)
    JOIN made ON made.digest = digests[place.k];
    UPDATE chains SET n = one.n, head = one.head, last_at = append_leaves.at
    FROM unnest(moved, moved_ns, moved_heads) AS one (of, n, head)
    WHERE chains.of = one.of COLLATE "C";
    INSERT INTO openings (digest, member, opening)
    SELECT digests[one.k], one.member, one.opening
    FROM unnest(opened_leaves, members, opened) AS one (k, member, opening);
END $$
"""


def upgrade() -> None:
    """Make the function and the column."""
    op.execute(_APPEND)
    op.add_column("agencies", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Drop both."""
    op.drop_column("agencies", "closed_at")
    op.execute("DROP FUNCTION append_leaves")
