"""A case number is one however its brackets, digits and blanks are typed.

Numbers that differ in nothing else and stand already stay as they are: the index leaves the later ones out, by their
ids. Rolling back forgets what is one.

Revision ID: 20261130_0070
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_0070"
down_revision = "20261130_0056"
branch_labels = None
depends_on = None

# One expression of built-in functions, as `search_fold` is: PostgreSQL puts it in place of the call.
_FOLD = """
CREATE FUNCTION case_number_fold(number text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN translate(lower(normalize(number, NFKC)), E'〔【〖[{「〕】〗]}」 \\t\\n\\r\\f\\x0b', '(((((())))))')
"""
_LATER = """
SELECT id FROM (
    SELECT id, row_number() OVER (PARTITION BY agency_id, case_number_fold(number) ORDER BY id) AS place FROM cases
) AS numbered WHERE place > 1 ORDER BY id
"""


def upgrade() -> None:
    """Say what is one number, and let nobody open it twice; words are found in the same writing."""
    op.execute(_FOLD)
    later = [str(ident) for (ident,) in op.get_bind().execute(sa.text(_LATER))]
    op.create_index(
        "uq_cases_agency_id_number_fold",
        "cases",
        ["agency_id", sa.text("case_number_fold(number)")],
        unique=True,
        postgresql_where=sa.text(f"id <> ALL ('{{{','.join(later)}}}'::uuid[])") if later else None,
    )
    op.drop_index("ix_cases_words", table_name="cases")
    op.create_index(
        "ix_cases_words",
        "cases",
        [sa.text("search_grams(case_number_fold(number))")],
        postgresql_using="gin",
    )


def downgrade() -> None:
    """Forget what is one number."""
    op.drop_index("ix_cases_words", table_name="cases")
    op.create_index(
        "ix_cases_words", "cases", [sa.text("search_grams(coalesce(number, ''))")], postgresql_using="gin"
    )
    op.drop_index("uq_cases_agency_id_number_fold", table_name="cases")
    op.execute("DROP FUNCTION case_number_fold")
