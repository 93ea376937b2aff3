"""Duties of devices and people, and explanations of findings: two tables, and an index to find a device's captures.

Recordings that were judged stay as they were. Rolling back drops the rows; their leaves stay in the log.

Revision ID: 20261129_0032
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261129_0032"
down_revision = "20261129_0031"
branch_labels = None
depends_on = None

_SHIFT = {
    "agency_id": "agencies",
    "device_id": "devices",
    "person_id": "accounts",
    "partner_id": "accounts",
}
_ANSWER = {"recording_id": "recordings", "answered_by": "accounts"}


def _ident() -> sa.Column[object]:
    return sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _uuid(name: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.UUID(as_uuid=True), nullable=name == "partner_id")


def _keys(table: str, refers: dict[str, str]) -> list[sa.Constraint]:
    return [
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        *(
            sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))
            for column, other in refers.items()
        ),
    ]


def upgrade() -> None:
    """Make tables and index."""
    op.create_table(
        "shifts",
        _ident(),
        *map(_uuid, _SHIFT),
        _moment("from_at"),
        _moment("until_at", nullable=True),
        _moment("due_at", nullable=True),
        _moment("opened_at"),
        _moment("closed_at", nullable=True),
        sa.CheckConstraint("until_at > from_at", name=op.f("ck_shifts_period")),
        sa.CheckConstraint("due_at > until_at", name=op.f("ck_shifts_due")),
        sa.CheckConstraint("num_nulls(until_at, due_at, closed_at) IN (0, 3)", name=op.f("ck_shifts_over")),
        sa.CheckConstraint("partner_id <> person_id", name=op.f("ck_shifts_two_people")),
        postgresql.ExcludeConstraint(
            ("device_id", "="),
            (sa.text("tstzrange(from_at, until_at)"), "&&"),
            name="ex_shifts_overlap",
            using="gist",
        ),
        *_keys("shifts", _SHIFT),
    )
    for columns in (["agency_id", "id"], ["person_id", "id"], ["partner_id", "id"]):
        name = "agency_id_id" if columns[0] == "agency_id" else columns[0]
        op.create_index(f"ix_shifts_{name}", "shifts", columns)
    op.create_table(
        "finding_answers",
        _ident(),
        *map(_uuid, _ANSWER),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        _moment("answered_at"),
        *_keys("finding_answers", _ANSWER),
        sa.UniqueConstraint(
            "recording_id",
            "code",
            "answered_by",
            name=op.f("uq_finding_answers_recording_id_code_answered_by"),
        ),
    )
    op.create_index(
        "ix_manifests_device_id_captured_at",
        "manifests",
        ["device_id", "captured_at"],
        postgresql_where=sa.text("state = 'declared'"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_manifests_device_id_captured_at", "manifests")
    op.drop_table("finding_answers")
    op.drop_table("shifts")
