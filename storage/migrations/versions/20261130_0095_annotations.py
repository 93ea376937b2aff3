"""Notes and tags beside cases and recordings.

Rolling back forgets them; their leaves stay.

Revision ID: 20261130_0095
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261130_0095"
down_revision = "20261130_0085"
branch_labels = None
depends_on = None


def _id(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, postgresql.UUID(as_uuid=True), nullable=nullable)


def _keys(table: str, **targets: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([one], [f"{target}.id"], name=op.f(f"fk_{table}_{one}_{target}"))
        for one, target in targets.items()
    ]


def _own() -> "sa.Column[object]":
    return sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False)


def _moment(name: str, *, nullable: bool = True) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Make room for them."""
    things = {"case_id": "cases", "recording_id": "recordings"}
    op.create_table(
        "notes",
        _own(),
        *(_id(one, nullable=True) for one in things),
        sa.Column("text", sa.Text(), nullable=False),
        _id("written_by"),
        _moment("written_at", nullable=False),
        _id("withdrawn_by", nullable=True),
        _moment("withdrawn_at"),
        sa.Column("withdraw_reason", sa.Text()),
        *_keys("notes", **things, written_by="accounts", withdrawn_by="accounts"),
        sa.CheckConstraint("num_nonnulls(case_id, recording_id) = 1", name=op.f("ck_notes_thing")),
        sa.CheckConstraint(
            "num_nulls(withdrawn_by, withdrawn_at, withdraw_reason) IN (0, 3)",
            name=op.f("ck_notes_withdrawn"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
    )
    op.create_table(
        "tags",
        _own(),
        *(_id(one, nullable=True) for one in things),
        sa.Column("word", sa.Text(), nullable=False),
        _id("set_by"),
        _moment("set_at", nullable=False),
        _id("ended_by", nullable=True),
        _moment("ended_at"),
        *_keys("tags", **things, set_by="accounts", ended_by="accounts"),
        sa.CheckConstraint("num_nonnulls(case_id, recording_id) = 1", name=op.f("ck_tags_thing")),
        sa.CheckConstraint("(ended_by IS NULL) = (ended_at IS NULL)", name=op.f("ck_tags_ended")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
    )
    for table in ("notes", "tags"):
        for one in things:
            op.create_index(f"ix_{table}_{one}", table, [one])
    for one in things:
        op.create_index(
            f"uq_tags_word_{one}",
            "tags",
            ["word", one],
            unique=True,
            postgresql_where=sa.text(f"{one} IS NOT NULL AND ended_at IS NULL"),
        )


def downgrade() -> None:
    """Forget them."""
    op.drop_table("tags")
    op.drop_table("notes")
