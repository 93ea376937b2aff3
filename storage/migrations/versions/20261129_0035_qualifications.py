"""Certificates may say of their holder that they are qualified to give legal reviews: two kinds more. Nothing else changes.

The constraint is replaced under a lock of the table; every row is looked at. Rolling back refuses
while such certificates are kept.

Revision ID: 20261129_0035
"""

from alembic import op

revision = "20261129_0035"
down_revision = "20261129_0034"
branch_labels = None
depends_on = None

_NAME = "ck_certificates_kind"


def _replace(kinds: str) -> None:
    op.drop_constraint(op.f(_NAME), "certificates")
    op.create_check_constraint(op.f(_NAME), "certificates", f"kind IN ({kinds})")


def upgrade() -> None:
    """Take two kinds more."""
    _replace("'enforcement', 'auxiliary', 'supervision', 'legal', 'legal-before'")


def downgrade() -> None:
    """Take them no longer."""
    _replace("'enforcement', 'auxiliary', 'supervision'")
