"""The same record with fewer statements: an act that waits for a chain waits for less.

`hold_chains` reads the last leaf of what is changed alone, and answers from the row that it has locked;
`append_leaf` goes on with each chain by its key. Both keep what they promised, and no table changes.

Both are replaced in one statement each. Rolling back puts the ones of 0006 in their place.

Revision ID: 20261128_0007
"""

import runpy
from pathlib import Path

from alembic import op

revision = "20261128_0007"
down_revision = "20261128_0006"
branch_labels = None
depends_on = None

_HOLD = r"""
CREATE FUNCTION hold_chains(names text[], is_changed boolean[], no_wait boolean)
RETURNS TABLE (of text, n bigint, head bytea, last_at timestamptz, leaf bytea, taken_at timestamptz) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    stood record;
BEGIN
    FOR i IN 1 .. cardinality(names) LOOP
        -- A row that was waited for is answered as it is after the other's commit.
        IF is_changed[i] AND no_wait THEN
            SELECT * INTO stood FROM chains WHERE chains.of = names[i] FOR NO KEY UPDATE NOWAIT;
        ELSIF is_changed[i] THEN
            SELECT * INTO stood FROM chains WHERE chains.of = names[i] FOR NO KEY UPDATE;
        ELSIF no_wait THEN
            SELECT * INTO stood FROM chains WHERE chains.of = names[i] FOR SHARE NOWAIT;
        ELSE
            SELECT * INTO stood FROM chains WHERE chains.of = names[i] FOR SHARE;
        END IF;
        IF is_changed[i] AND NOT FOUND THEN
            -- Two that begin the same chain meet here: the second waits for the first's commit, then locks its row.
            INSERT INTO chains (of, n, head) VALUES (
                names[i], 0, sha256(convert_to(E'quancheng-chain-v1\n' || names[i] || E'\n', 'UTF8'))
            ) ON CONFLICT DO NOTHING;
            SELECT * INTO stood FROM chains WHERE chains.of = names[i] FOR NO KEY UPDATE;
        END IF;
        CONTINUE WHEN stood IS NULL AND NOT is_changed[i];
        of := stood.of; n := stood.n; head := stood.head; last_at := stood.last_at; leaf := NULL;
        IF is_changed[i] THEN
            -- A statement of its own: it sees what was committed while the lock was waited for.
            SELECT entry.leaf INTO leaf FROM chain_places AS place
            JOIN custody_entries AS entry ON entry.id = place.entry
            WHERE place.of = stood.of AND place.n = stood.n;
        END IF;
        taken_at := clock_timestamp();
        RETURN NEXT;
    END LOOP;
END $$
"""

_APPEND = r"""
CREATE OR REPLACE FUNCTION append_leaf(
    leaf_id uuid, event text, ev integer, actor text, subject text, agency uuid, at timestamptz, leaf bytea,
    digest bytea, leaf_hash bytea, ofs text[], ns bigint[], heads bytea[], members text[], opened bytea[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    made bigint;
BEGIN
    INSERT INTO custody_entries (entry_id, event, ev, actor, subject, agency_id, at, leaf, digest, leaf_hash)
    VALUES (leaf_id, event, ev, actor, subject, agency, at, leaf, digest, leaf_hash) RETURNING id INTO made;
    FOR i IN 1 .. cardinality(ofs) LOOP
        INSERT INTO chain_places (of, n, entry) VALUES (ofs[i], ns[i], made);
        UPDATE chains SET n = ns[i], head = heads[i], last_at = append_leaf.at WHERE chains.of = ofs[i];
    END LOOP;
    FOR i IN 1 .. cardinality(members) LOOP
        INSERT INTO openings (digest, member, opening) VALUES (append_leaf.digest, members[i], opened[i]);
    END LOOP;
END $$
"""


def upgrade() -> None:
    """Put the quick functions in the place of those of 0006; leave room for a chain's next row beside its last."""
    op.execute("DROP FUNCTION hold_chains(text[], text[], boolean)")
    op.execute(_HOLD)
    op.execute(_APPEND)
    op.execute("ALTER TABLE chains SET (fillfactor = 70)")


def downgrade() -> None:
    """Put back the functions of 0006."""
    before = runpy.run_path(str(Path(__file__).with_name("20261128_0006_record.py")))
    op.execute("ALTER TABLE chains RESET (fillfactor)")
    op.execute("DROP FUNCTION append_leaf")
    op.execute("DROP FUNCTION hold_chains")
    op.execute(before["_HOLD"])
    op.execute(before["_APPEND"])
