"""Approvals to watch one recording: a table of its own. Nothing else changes.

Rolling back drops the rows; their leaves stay in the log.

Revision ID: 20261129_0028
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261129_0028"
down_revision = "20261129_0027"
branch_labels = None
depends_on = None

_WAITING = sa.text("granted_at IS NULL AND ended_at IS NULL")
_REFERS = {
    "agency_id": "agencies",
    "recording_id": "recordings",
    "account_id": "accounts",
    "granted_by": "accounts",
    "ended_by": "accounts",
}


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _uuid(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, postgresql.UUID(as_uuid=True), nullable=nullable)


def upgrade() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "approvals",
        sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False),
        _uuid("agency_id"),
        _uuid("recording_id"),
        _uuid("account_id"),
        sa.Column("reason", sa.Text(), nullable=False),
        _moment("asked_at"),
        _moment("until_at"),
        _uuid("granted_by", nullable=True),
        _moment("granted_at", nullable=True),
        _uuid("ended_by", nullable=True),
        _moment("ended_at", nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("until_at > asked_at", name=op.f("ck_approvals_period")),
        sa.CheckConstraint("num_nulls(granted_by, granted_at) IN (0, 2)", name=op.f("ck_approvals_granted")),
        sa.CheckConstraint(
            "num_nulls(ended_by, ended_at, end_reason) IN (0, 3)", name=op.f("ck_approvals_ended")
        ),
        sa.CheckConstraint("granted_by <> account_id", name=op.f("ck_approvals_other_person")),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_approvals_{column}_{table}"))
            for column, table in _REFERS.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
        sa.UniqueConstraint("leaf", name=op.f("uq_approvals_leaf")),
    )
    op.create_index("ix_approvals_recording_id_account_id", "approvals", ["recording_id", "account_id"])
    op.create_index("ix_approvals_account_id_id", "approvals", ["account_id", "id"])
    op.create_index("ix_approvals_waiting", "approvals", ["agency_id", "id"], postgresql_where=_WAITING)


def downgrade() -> None:
    """Drop it."""
    op.drop_table("approvals")
