"""Looks at evidence: a table of its own. Nothing else changes; what was watched before left no trace.

Rolling back drops the rows; their leaves stay in the log.

Revision ID: 20261129_0021
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261129_0021"
down_revision = "20261129_0020"
branch_labels = None
depends_on = None

_OPEN = sa.text("kind = 'open' AND closed_at IS NULL")
_REFERS = {"recording_id": "recordings", "export_id": "exports", "account_id": "accounts"}


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _uuid(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, postgresql.UUID(as_uuid=True), nullable=nullable)


def upgrade() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "looks",
        sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        _uuid("recording_id", nullable=True),
        _uuid("export_id", nullable=True),
        _uuid("account_id"),
        sa.Column("reason_code", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        _moment("opened_at"),
        _moment("seen_at"),
        _moment("expires_at"),
        _moment("closed_at", nullable=True),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.CheckConstraint("kind IN ('open', 'download', 'fetch')", name=op.f("ck_looks_kind")),
        sa.CheckConstraint("way IN ('console', 'api')", name=op.f("ck_looks_way")),
        sa.CheckConstraint("num_nonnulls(recording_id, export_id) = 1", name=op.f("ck_looks_one_thing")),
        sa.CheckConstraint("(kind = 'fetch') = (export_id IS NOT NULL)", name=op.f("ck_looks_fetched")),
        sa.CheckConstraint("kind = 'open' OR closed_at IS NULL", name=op.f("ck_looks_closes")),
        sa.CheckConstraint("num_nulls(closed_at, seconds) IN (0, 2)", name=op.f("ck_looks_closed")),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_looks_{column}_{table}"))
            for column, table in _REFERS.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_looks")),
        sa.UniqueConstraint("leaf", name=op.f("uq_looks_leaf")),
    )
    op.create_index("ix_looks_recording_id", "looks", ["recording_id", "id"])
    op.create_index("ix_looks_export_id", "looks", ["export_id"])
    op.create_index("ix_looks_account_id", "looks", ["account_id", "id"])
    op.create_index("ix_looks_open", "looks", ["account_id", "recording_id"], postgresql_where=_OPEN)


def downgrade() -> None:
    """Drop it."""
    op.drop_table("looks")
