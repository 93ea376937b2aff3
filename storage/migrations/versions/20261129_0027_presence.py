"""What the people say whom a capture names: "I was there", "I was not", and what came of a denial.

Nobody was asked before; every name stands as named. Rolling back forgets the answers; the leaves keep them.

Revision ID: 20261129_0027
"""

from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261129_0027"
down_revision = "20261129_0023"
branch_labels = None
depends_on = None


def _ref(name: str, table: str, *, nullable: bool = False) -> tuple[sa.Column[UUID], sa.ForeignKeyConstraint]:
    column = sa.Column(name, postgresql.UUID(as_uuid=True), nullable=nullable)
    key = sa.ForeignKeyConstraint([name], [f"{table}.id"], name=op.f(f"fk_presences_{name}_{table}"))
    return column, key


def upgrade() -> None:
    """Make room for answers."""
    op.create_table(
        "presences",
        sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False),
        *_ref("manifest_id", "manifests"),
        *_ref("account_id", "accounts"),
        *_ref("certificate_id", "certificates"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("settlement", sa.Text(), nullable=True),
        *_ref("settled_by", "accounts", nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('confirmed', 'denied')", name=op.f("ck_presences_state")),
        sa.CheckConstraint("way IN ('login', 'scan')", name=op.f("ck_presences_way")),
        sa.CheckConstraint("(state = 'denied') = (reason IS NOT NULL)", name=op.f("ck_presences_explained")),
        sa.CheckConstraint(
            "num_nulls(settlement, settled_by, settled_at) IN (0, 3)", name=op.f("ck_presences_settled")
        ),
        sa.CheckConstraint(
            "settled_at IS NULL OR state = 'denied'", name=op.f("ck_presences_settles_denials")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presences")),
        sa.UniqueConstraint("leaf", name=op.f("uq_presences_leaf")),
        sa.UniqueConstraint(
            "manifest_id", "account_id", "state", name=op.f("uq_presences_manifest_id_account_id_state")
        ),
    )
    op.create_index("ix_presences_account_id", "presences", ["account_id"])
    op.create_index(
        "ix_presences_unsettled",
        "presences",
        ["manifest_id"],
        postgresql_where=sa.text("state = 'denied' AND settled_at IS NULL"),
    )


def downgrade() -> None:
    """Forget the answers."""
    op.drop_table("presences")
