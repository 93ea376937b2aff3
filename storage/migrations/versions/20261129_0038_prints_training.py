"""Prints are looks of their own; training of people.

Rolling back needs no print to have been made: a row of one cannot stand under the old rule, and is never dropped. It
forgets the rows of training; the leaves keep them.

Revision ID: 20261129_0038
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261129_0038"
down_revision = "20261129_0037"
branch_labels = None
depends_on = None

_KIND = "ck_looks_kind"
_PEOPLE = ("account_id", "entered_by", "withdrawn_by")


def _uuid(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, postgresql.UUID(as_uuid=True), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Let a look be a print – the check reads the table once – and make the table of training."""
    op.drop_constraint(op.f(_KIND), "looks")
    op.create_check_constraint(op.f(_KIND), "looks", "kind IN ('open', 'download', 'print', 'fetch')")
    op.create_table(
        "trainings",
        sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False),
        _uuid("account_id"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        _uuid("entered_by"),
        _moment("entered_at"),
        _uuid("withdrawn_by", nullable=True),
        _moment("withdrawn_at", nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind IN ('public_law', 'professional')", name=op.f("ck_trainings_kind")),
        sa.CheckConstraint("hours > 0", name=op.f("ck_trainings_hours")),
        sa.CheckConstraint("withdrawn_at >= entered_at", name=op.f("ck_trainings_period")),
        sa.CheckConstraint(
            "num_nulls(withdrawn_by, withdrawn_at, reason) IN (0, 3)", name=op.f("ck_trainings_withdrawn")
        ),
        *(
            sa.ForeignKeyConstraint([one], ["accounts.id"], name=op.f(f"fk_trainings_{one}_accounts"))
            for one in _PEOPLE
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trainings")),
        sa.UniqueConstraint("leaf", name=op.f("uq_trainings_leaf")),
    )
    op.create_index("ix_trainings_account_id_held_on", "trainings", ["account_id", "held_on"])


def downgrade() -> None:
    """Let none be one, and drop the table."""
    op.drop_table("trainings")
    op.drop_constraint(op.f(_KIND), "looks")
    op.create_check_constraint(op.f(_KIND), "looks", "kind IN ('open', 'download', 'fetch')")
