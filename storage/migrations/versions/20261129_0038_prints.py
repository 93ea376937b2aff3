"""Prints are looks of their own.

Rolling back needs no print to have been made: a row of one cannot stand under the old rule, and is never dropped.

Revision ID: 20261129_0038
"""

from alembic import op

revision = "20261129_0038"
down_revision = "20261129_0037"
branch_labels = None
depends_on = None

_KIND = "ck_looks_kind"


def upgrade() -> None:
    """Let a look be a print: the check reads the table once."""
    op.drop_constraint(op.f(_KIND), "looks")
    op.create_check_constraint(op.f(_KIND), "looks", "kind IN ('open', 'download', 'print', 'fetch')")


def downgrade() -> None:
    """Let none be one."""
    op.drop_constraint(op.f(_KIND), "looks")
    op.create_check_constraint(op.f(_KIND), "looks", "kind IN ('open', 'download', 'fetch')")
