"""Pictures that look alike: their codes, that they were compared, and what was found.

What was sealed before is compared as well: a job for each, in the slow lane. Rolling back forgets codes and hints, no evidence.

Revision ID: 20261130_0054
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261130_0054"
down_revision = "20261130_0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and ask for what is there already."""
    op.create_table(
        "picture_codes",
        sa.Column("recording_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("code", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("octet_length(code) = 32", name=op.f("ck_picture_codes_code")),
        _of("picture_codes", "recording_id"),
        sa.PrimaryKeyConstraint("recording_id", "position", name=op.f("pk_picture_codes")),
    )
    op.create_index("uq_picture_codes_number", "picture_codes", ["number"], unique=True)
    op.create_table(
        "likeness_searches",
        sa.Column("recording_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("codes", sa.SmallInteger(), nullable=False),
        sa.Column("among", sa.BigInteger(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        _of("likeness_searches", "recording_id"),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_likeness_searches")),
    )
    op.create_table(
        "likenesses",
        sa.Column("recording_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("other_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("bits", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("recording_id <> other_id", name=op.f("ck_likenesses_two")),
        _of("likenesses", "recording_id"),
        _of("likenesses", "other_id"),
        sa.PrimaryKeyConstraint("recording_id", "other_id", name=op.f("pk_likenesses")),
    )
    op.create_index("ix_likenesses_other_id", "likenesses", ["other_id"])
    op.execute(
        "INSERT INTO jobs (kind, subject_id, sender_id, turn, state)"
        " SELECT 'liken', id, agency_id, row_number() OVER (PARTITION BY agency_id ORDER BY id), 'ready'"
        " FROM recordings WHERE state = 'sealed' AND media_type ~ '^(image|video)/'"
    )


def _of(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["recordings.id"], name=op.f(f"fk_{table}_{column}_recordings"))


def downgrade() -> None:
    """Forget them."""
    op.execute("DELETE FROM jobs WHERE kind = 'liken'")
    for table in ("likenesses", "likeness_searches", "picture_codes"):
        op.drop_table(table)
