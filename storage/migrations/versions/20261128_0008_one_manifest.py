"""One declaration of the same signed bytes within an agency, and one refusal of them per sender.

A manifest that one sender was refused must not stand in the way of the device that signed it. A declared one names
the device whose key signed it, as its leaf does, also where a person handed it in: rows that named nobody are mended.

Both indexes are built at once, under a short lock; the first asks that no device signed the same bytes twice and handed
both in by different senders. Rolling back asks that no two senders of one agency were refused the same bytes.

Revision ID: 20261128_0008
"""

import sqlalchemy as sa
from alembic import op

revision = "20261128_0008"
down_revision = "20261128_0007"
branch_labels = None
depends_on = None

_MEND = """
UPDATE manifests SET device_id = devices.id FROM devices
WHERE devices.kid = manifests.kid AND manifests.state = 'declared' AND manifests.device_id IS NULL
"""
_BEFORE = "uq_manifests_agency_id_sha256_signature"


def upgrade() -> None:
    """Name the device of each declaration; exchange the one constraint for two partial ones."""
    op.execute("ALTER TABLE manifests DISABLE TRIGGER append_only")
    op.execute(_MEND)
    op.execute("ALTER TABLE manifests ENABLE TRIGGER append_only")
    op.drop_constraint(op.f(_BEFORE), "manifests")
    op.create_index(
        "uq_manifests_declared",
        "manifests",
        ["agency_id", "sha256"],
        unique=True,
        postgresql_where=sa.text("state = 'declared'"),
    )
    op.create_index(
        "uq_manifests_refused",
        "manifests",
        ["agency_id", "device_id", "sha256", "signature"],
        unique=True,
        postgresql_where=sa.text("state = 'refused'"),
        postgresql_nulls_not_distinct=True,
    )


def downgrade() -> None:
    """Put the one constraint back."""
    op.drop_index("uq_manifests_refused", "manifests")
    op.drop_index("uq_manifests_declared", "manifests")
    op.create_unique_constraint(op.f(_BEFORE), "manifests", ["agency_id", "sha256", "signature"])
