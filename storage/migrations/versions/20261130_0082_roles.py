"""Days of the access trail go by a function of the owner's: the application's role may delete none of its rows.

It drops what the newest seal no longer keeps, and nothing else; the guard of `trail_rows` looks at each row, too. Short;
rolling back lets nobody but the owner drop them.

Revision ID: 20261130_0082
"""

from alembic import op

revision = "20261130_0082"
down_revision = "20261130_0072"
branch_labels = None
depends_on = None

# The names are spelled out: whoever calls it cannot lead it to other tables.
_DROP = """
CREATE FUNCTION drop_trail() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, {schema}, pg_temp AS $$
DECLARE dropped bigint;
BEGIN
    DELETE FROM trail_rows WHERE day < (SELECT kept_from FROM trail_seals ORDER BY day DESC LIMIT 1);
    GET DIAGNOSTICS dropped = ROW_COUNT;
    RETURN dropped;
END $$
"""


def upgrade() -> None:
    """Make the function, for whom it is granted to."""
    schema = op.get_bind().exec_driver_sql("SELECT quote_ident(current_schema())").scalar()
    op.execute(_DROP.format(schema=schema))
    op.execute("REVOKE ALL ON FUNCTION drop_trail() FROM PUBLIC")


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP FUNCTION drop_trail()")
