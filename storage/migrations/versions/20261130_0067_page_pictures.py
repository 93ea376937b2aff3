"""Of a document in pages pictures may be made, for people to read it in place.

Rolling back forgets those that were made; the log keeps that they were.

Revision ID: 20261130_0067
"""

from alembic import op

revision = "20261130_0067"
down_revision = "20261130_0069"
branch_labels = None
depends_on = None

_KINDS = "'thumbnail', 'poster', 'sheet', 'wave', 'proxy'"
_FAILURES = (
    "'media-unreadable', 'nothing-to-show', 'work-too-large', 'decoder-timeout', 'decoder-memory', 'decoder-crashed',"
    " 'no-sandbox', 'object-broken', 'not-made'"
)


def _allow(column: str, values: str) -> None:
    name = op.f(f"ck_derivations_{column}")
    op.drop_constraint(name, "derivations", type_="check")
    op.create_check_constraint(name, "derivations", f"{column} IN ({values})")


def upgrade() -> None:
    """Let them be asked for."""
    _allow("kind", f"{_KINDS}, 'pages'")
    _allow("failure", f"{_FAILURES}, 'fonts-absent'")


def downgrade() -> None:
    """Forget them."""
    op.execute("DELETE FROM jobs WHERE subject_id IN (SELECT id FROM derivations WHERE kind = 'pages')")
    op.execute("DELETE FROM derivations WHERE kind = 'pages'")
    _allow("failure", _FAILURES)
    _allow("kind", _KINDS)
