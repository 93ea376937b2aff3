"""Words are looked for by their rarest pairs of characters: the owner's statistics say which, and the application may ask.

Rolling back takes the function away; the application of before never asks.

Revision ID: 20261201_0111
"""

import sqlalchemy as sa
from alembic import op

revision = "20261201_0111"
down_revision = "20261201_0115"
branch_labels = None
depends_on = None

# Every pair of a word is in the index; each common one that is asked for costs as much as the rare ones together and leaves
# out nothing. What a list of hits comes to is read again, so that fewer pairs find no more.
_RARE = """
CREATE FUNCTION rare_grams(index_name text, word text) RETURNS text[] LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, {schema}, pg_temp AS $$
    WITH known AS (
        SELECT gram, often FROM pg_stats,
            unnest(most_common_elems::text::text[], most_common_elem_freqs) AS common (gram, often)
        WHERE schemaname = {name} AND tablename = index_name AND attname = 'search_grams'
    ), ranked AS (
        SELECT gram, coalesce(often, 0) AS often, row_number() OVER (ORDER BY coalesce(often, 0), gram) AS place
        FROM (SELECT DISTINCT gram FROM unnest(search_grams(word)) AS gram
            WHERE length(gram) = 2 OR length(search_fold(word)) = 1) AS asked LEFT JOIN known USING (gram)
    )
    SELECT coalesce(array_agg(gram ORDER BY place), '{{}}') FROM ranked WHERE place = 1 OR (place <= 4 AND often < 0.3)
$$
"""


def upgrade() -> None:
    """Make the function."""
    asked = sa.text("SELECT quote_ident(current_schema()), quote_literal(current_schema())")
    schema, name = op.get_bind().execute(asked).one()
    op.execute(_RARE.format(schema=schema, name=name))
    op.execute("REVOKE ALL ON FUNCTION rare_grams(text, text) FROM PUBLIC")


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP FUNCTION rare_grams(text, text)")
