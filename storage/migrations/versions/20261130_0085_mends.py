"""What the log refuses gives up its places when its chain is mended; nothing else of them ever goes.

The guard of `chain_places` lets a place go whose entry has no index and is refused by a leaf that has one; the application's
role may delete none itself, and calls a function of the owner's, a chain at a time. Short; rolling back refuses every deletion.

Revision ID: 20261130_0085
"""

from alembic import op

revision = "20261130_0085"
down_revision = "20261130_0084"
branch_labels = None
depends_on = None

_REFUSED = """
    SELECT FROM custody_entries AS one JOIN custody_entries AS said ON said.digest = one.refused_by
    WHERE one.id = {entry} AND one.leaf_index IS NULL AND said.event = 'log:refuse' AND said.leaf_index IS NOT NULL
"""
_GUARD = f"""
CREATE FUNCTION keep_places() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS ({_REFUSED.format(entry="OLD.entry")}) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% on % is refused: it is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
DROP TRIGGER append_only ON chain_places;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON chain_places FOR EACH ROW EXECUTE FUNCTION keep_places();
"""
_FREE = """
CREATE FUNCTION free_refused(name text) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, {schema}, pg_temp AS $$
DECLARE freed bigint;
BEGIN
    DELETE FROM chain_places AS place WHERE place.of = name AND EXISTS ({refused});
    GET DIAGNOSTICS freed = ROW_COUNT;
    RETURN freed;
END $$
"""
_BEFORE = """
DROP TRIGGER append_only ON chain_places;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON chain_places FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP FUNCTION keep_places();
DROP FUNCTION free_refused(text);
"""


def upgrade() -> None:
    """Change the guard, and make the function for whom it is granted to."""
    schema = op.get_bind().exec_driver_sql("SELECT quote_ident(current_schema())").scalar()
    op.execute(_GUARD)
    op.execute(_FREE.format(schema=schema, refused=_REFUSED.format(entry="place.entry")))
    op.execute("REVOKE ALL ON FUNCTION free_refused(text) FROM PUBLIC")


def downgrade() -> None:
    """Bring the older guard back."""
    op.execute(_BEFORE)
