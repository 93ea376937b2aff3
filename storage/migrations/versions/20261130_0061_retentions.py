"""How long a recording is kept follows what it is tied to.

What was concluded before is kept as its seal says; the first night finds what is tied, and has its class entered and its
lock raised. Rolling back forgets the classes, not the locks that were raised.

Revision ID: 20261130_0061
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261130_0061"
down_revision = "20261130_0055"
branch_labels = None
depends_on = None

_CLASSES = "retention IN ('routine', 'case', 'open_case', 'permanent')"


def upgrade() -> None:
    """Make the tables, and let each row say what its seal said."""
    op.create_table(
        "retentions",
        sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("recording_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retention", sa.Text(), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("case_id", postgresql.UUID(as_uuid=True), nullable=True),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(_CLASSES, name=op.f("ck_retentions_retention")),
        sa.CheckConstraint("(raised_at IS NULL) = (retention IS NULL)", name=op.f("ck_retentions_done")),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name=op.f("fk_retentions_recording_id_recordings")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_retentions_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retentions")),
    )
    op.create_index("ix_retentions_recording_id", "retentions", ["recording_id"])
    op.create_index(
        "ix_retentions_case_id", "retentions", ["case_id"], postgresql_where=sa.text("case_id IS NOT NULL")
    )
    op.create_table(
        "renewals",
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_asking", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("after", postgresql.UUID(as_uuid=True), nullable=True),
        *(
            sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False)
            for name in ("asked", "renewed", "failed")
        ),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("night", name=op.f("pk_renewals")),
    )
    op.add_column("recordings", sa.Column("retention", sa.Text(), nullable=True))
    for name in ("kept_until", "locked_until"):
        op.add_column("recordings", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE recordings SET retention = 'routine', kept_until = retain_until, locked_until = retain_until"
        " WHERE state <> 'received'"
    )
    op.create_check_constraint(op.f("ck_recordings_retention"), "recordings", _CLASSES)
    op.create_check_constraint(
        op.f("ck_recordings_kept"), "recordings", "state = 'received' OR retention IS NOT NULL"
    )
    op.create_index(
        "ix_recordings_rolling",
        "recordings",
        ["id"],
        postgresql_where=sa.text(
            "retention IS NOT NULL AND (kept_until IS NULL OR locked_until IS NULL OR locked_until < kept_until)"
        ),
    )


def downgrade() -> None:
    """Forget them."""
    op.execute("DELETE FROM jobs WHERE kind = 'retain'")
    op.drop_index("ix_recordings_rolling", "recordings")
    for name in ("retention", "kept_until", "locked_until"):
        op.drop_column("recordings", name)
    op.drop_table("renewals")
    op.drop_table("retentions")
