"""Words inside of names by an index: of recordings, cases and monitoring records.

A recording is found by its file name, a case by number and party, a monitoring record by party and plate, and by the
whole id that its equipment gave it.

`search_fold` says what is equal (Unicode NFKC, lower case), `search_grams` the characters and pairs of characters of
it. Indexes are built while writes wait. Rolling back drops indexes and functions.

Revision ID: 20261125_0005
"""

import sqlalchemy as sa
from alembic import op

revision = "20261125_0005"
down_revision = "20261125_0004"
branch_labels = None
depends_on = None

# Single expressions of built-in functions: PostgreSQL puts them in place of the call. Set-returning ones cost ten times
# as much a row.
_FOLD = """
CREATE FUNCTION search_fold(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN lower(normalize(words, NFKC))
"""
_GRAMS = """
CREATE FUNCTION search_grams(words text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_remove(
    string_to_array(search_fold(words), NULL)
    || string_to_array(regexp_replace(search_fold(words), '(..)', E'\\\\1\\x1f', 'g'), E'\\x1f')
    || string_to_array(regexp_replace(substr(search_fold(words), 2), '(..)', E'\\\\1\\x1f', 'g'), E'\\x1f'),
    ''
)
"""
_INDEXES = (
    ("ix_recordings_words", "recordings", "search_grams(coalesce(filename, ''))"),
    ("ix_cases_words", "cases", "search_grams(coalesce(number, '') || ' ' || coalesce(party, ''))"),
    (
        "ix_monitoring_records_words",
        "monitoring_records",
        "search_grams(coalesce(party, '') || ' ' || coalesce(plate, ''))",
    ),
)


def upgrade() -> None:
    """Make the functions, then the indexes."""
    op.execute(_FOLD)
    op.execute(_GRAMS)
    for name, table, expression in _INDEXES:
        op.create_index(name, table, [sa.text(expression)], postgresql_using="gin")
    # The id first: it is looked for alone too.
    op.drop_constraint("uq_monitoring_records_equipment_id_record_id", "monitoring_records")
    op.create_unique_constraint(None, "monitoring_records", ["record_id", "equipment_id"])


def downgrade() -> None:
    """Drop the indexes, then the functions."""
    op.drop_constraint("uq_monitoring_records_record_id_equipment_id", "monitoring_records")
    op.create_unique_constraint(None, "monitoring_records", ["equipment_id", "record_id"])
    for name, table, _ in reversed(_INDEXES):
        op.drop_index(name, table_name=table)
    op.execute("DROP FUNCTION search_grams")
    op.execute("DROP FUNCTION search_fold")
