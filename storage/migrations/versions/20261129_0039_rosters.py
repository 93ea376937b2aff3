"""Long sheets of people, which a task takes.

One new table; no row is written anew. Rolling back drops it, and with it sheets that nobody has taken yet; whoever came in
by one stays, and so do the leaves.

Revision ID: 20261129_0039
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261129_0039"
down_revision = "20261129_0038"
branch_labels = None
depends_on = None


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "rosters",
        sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("agency_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("sent_by", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sheet", sa.LargeBinary(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("wrong", postgresql.JSONB(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        _moment("sent_at", nullable=False),
        _moment("asked_at"),
        _moment("ended_at"),
        sa.CheckConstraint("state IN ('looked', 'taking', 'taken', 'failed')", name=op.f("ck_rosters_state")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_rosters_agency_id_agencies")),
        sa.ForeignKeyConstraint(["sent_by"], ["accounts.id"], name=op.f("fk_rosters_sent_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rosters")),
    )
    op.create_index("ix_rosters_sent_by", "rosters", ["sent_by"])
    op.create_index(
        "ix_rosters_sheets", "rosters", ["sent_at"], postgresql_where=sa.text("sheet IS NOT NULL")
    )


def downgrade() -> None:
    """Drop it, and jobs that nothing would run."""
    op.execute("DELETE FROM jobs WHERE kind = 'roster'")
    op.drop_table("rosters")
