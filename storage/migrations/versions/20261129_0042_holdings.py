"""What devices are, how they were found, and who had them: four tables.

Devices that are there are described by nobody yet and out to nobody. Rolling back drops the rows; their leaves stay.

Revision ID: 20261129_0042
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261129_0042"
down_revision = "20261129_0040"
branch_labels = None
depends_on = None

_LASTS = "NOT isempty(valid_during) AND NOT isempty(known_during)"


def _ident() -> sa.Column[object]:
    return sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False)


def _uuid(name: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.UUID(as_uuid=True), nullable=False)


def _text(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _bytes(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.LargeBinary(), nullable=nullable)


def _ranges() -> tuple[sa.Column[object], sa.Column[object]]:
    return (
        sa.Column("valid_during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("known_during", postgresql.TSTZRANGE(), nullable=False),
    )


def _keys(table: str, refers: dict[str, str]) -> list[sa.Constraint]:
    return [
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        *(
            sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))
            for column, other in refers.items()
        ),
    ]


def _alone(table: str, name: str, *of: tuple[Any, str]) -> postgresql.ExcludeConstraint:
    ranges = (("valid_during", "&&"), ("known_during", "&&"))
    return postgresql.ExcludeConstraint(*of, *ranges, name=f"ex_{table}_{name}", using="gist")


def upgrade() -> None:
    """Make the tables."""
    named = "device_descriptions"
    op.create_table(
        named,
        _ident(),
        _uuid("device_id"),
        *map(_text, ("kind", "maker", "model", "serial")),
        _text("reason", nullable=True),
        *_ranges(),
        _uuid("described_by"),
        _bytes("leaf"),
        sa.CheckConstraint(_LASTS, name=op.f(f"ck_{named}_lasts")),
        _alone(named, "one_word", ("device_id", "=")),
        _alone(named, "one_thing", (sa.text("lower(maker)"), "="), (sa.text("lower(serial)"), "=")),
        *_keys(named, {"device_id": "devices", "described_by": "accounts"}),
    )
    op.create_table(
        "device_checks",
        _ident(),
        _uuid("device_id"),
        _text("occasion"),
        sa.Column("passed", sa.Boolean(), nullable=False),
        _uuid("checked_by"),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        _bytes("leaf"),
        sa.CheckConstraint(
            "occasion IN ('issue', 'return', 'between')", name=op.f("ck_device_checks_occasion")
        ),
        *_keys("device_checks", {"device_id": "devices", "checked_by": "accounts"}),
        sa.UniqueConstraint("leaf", name=op.f("uq_device_checks_leaf")),
    )
    op.create_index("ix_device_checks_device_id_id", "device_checks", ["device_id", "id"])
    op.create_table(
        "device_check_items",
        _ident(),
        _bytes("leaf"),
        sa.Column("position", sa.Integer(), nullable=False),
        _text("item"),
        sa.Column("is_ok", sa.Boolean(), nullable=False),
        _text("remark", nullable=True),
        *_keys("device_check_items", {}),
        sa.ForeignKeyConstraint(
            ["leaf"], ["device_checks.leaf"], name=op.f("fk_device_check_items_leaf_device_checks")
        ),
        sa.UniqueConstraint("leaf", "position", name=op.f("uq_device_check_items_leaf_position")),
    )
    held = "device_holdings"
    op.create_table(
        held,
        _ident(),
        _uuid("device_id"),
        _uuid("person_id"),
        *_ranges(),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        _bytes("issue"),
        _bytes("issue_check", nullable=True),
        _text("issue_reason", nullable=True),
        _bytes("return_check", nullable=True),
        _text("return_reason", nullable=True),
        _text("amend_reason", nullable=True),
        _bytes("leaf"),
        sa.CheckConstraint(_LASTS, name=op.f(f"ck_{held}_lasts")),
        _alone(held, "one_holder", ("device_id", "=")),
        *_keys(held, {"device_id": "devices", "person_id": "accounts"}),
    )
    op.create_index(
        "ix_device_holdings_person_id",
        held,
        ["person_id"],
        postgresql_where=sa.text("upper_inf(known_during)"),
    )
    op.create_index("ix_device_holdings_issue", held, ["issue"])


def downgrade() -> None:
    """Drop them."""
    for name in ("device_holdings", "device_check_items", "device_checks", "device_descriptions"):
        op.drop_table(name)
