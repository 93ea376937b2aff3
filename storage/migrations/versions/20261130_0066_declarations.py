"""A person who hands in a file says where it comes from, who made it, when and how, and which paper it is.

Rolling back forgets what was said; the log keeps it.

Revision ID: 20261130_0066
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261130_0066"
down_revision = "20261130_0068"
branch_labels = None
depends_on = None

_DOCUMENTS = (
    *("notice", "scene_record", "inspection_record", "interview_record", "plea_record", "hearing_record"),
    *("appraisal", "decision", "service_receipt", "rectification_report", "verification_certificate"),
    *("identity", "other"),
)


def _one_of(name: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    allowed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{name} IN ({allowed})", name=op.f(f"ck_declarations_{name}"))


def upgrade() -> None:
    """Make room for it."""
    op.add_column("uploads", sa.Column("declaration", postgresql.JSONB(), nullable=True))
    op.create_table(
        "declarations",
        sa.Column("recording_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("maker", sa.Text(), nullable=True),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=True),
        _one_of("way", ("browser", "program")),
        _one_of("origin", ("taken", "copied")),
        _one_of("document", _DOCUMENTS),
        sa.CheckConstraint(
            "(source IS NOT NULL) = (origin = 'copied')", name=op.f("ck_declarations_sourced")
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name=op.f("fk_declarations_recording_id_recordings")
        ),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_declarations")),
    )
    op.create_index("ix_declarations_document", "declarations", ["document", "recording_id"])


def downgrade() -> None:
    """Forget it."""
    op.drop_table("declarations")
    op.drop_column("uploads", "declaration")
