"""Certificates say what they let their holder do: an auxiliary's never counts as an officer's.

The kind is read from the leaf that issued each; one without stops the upgrade.

Revision ID: 20261129_0020
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0020"
down_revision = "20261129_0018"
branch_labels = None
depends_on = None

_KINDS = """
UPDATE certificates SET kind = convert_from(issued.leaf, 'UTF8')::jsonb -> 'facts' ->> 'kind'
FROM custody_entries AS issued
WHERE issued.event = 'certificate:issue' AND issued.subject = 'certificate/' || certificates.id
"""


def upgrade() -> None:
    """Give certificates their kind."""
    op.add_column("certificates", sa.Column("kind", sa.Text(), nullable=True))
    op.execute(_KINDS)
    op.alter_column("certificates", "kind", nullable=False)
    op.create_check_constraint(
        op.f("ck_certificates_kind"), "certificates", "kind IN ('enforcement', 'auxiliary', 'supervision')"
    )


def downgrade() -> None:
    """Forget the kinds; the leaves keep them."""
    op.drop_column("certificates", "kind")
