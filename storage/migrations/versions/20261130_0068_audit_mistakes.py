"""Drafts of audits are amended and dropped, public values are withdrawn and entered again, and an end says what is missing.

Values that were entered and confirmed before are said once more in the new table, as they are kept: a confirmation had to
be typed as the entry was. What an audit lacked at an end of before stands in its leaf alone. Rolling back forgets
amendments, what was typed, and drafts that were dropped become drafts again; their leaves stay in the log.

Revision ID: 20261130_0068
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261130_0068"
down_revision = "20261130_0070"
branch_labels = None
depends_on = None

_STATES = "state IN ('defined'{more}, 'frozen', 'entered', 'confirmed', 'drawn', 'closed')"
_FROZEN = "state IN ('defined'{more}) OR population_root IS NOT NULL"
_APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""
_TABLES = ("audit_amendments", "audit_entries")
_COLUMNS = (
    ("dropped_by", postgresql.UUID(as_uuid=True)),
    ("dropped_at", sa.DateTime(timezone=True)),
    ("drop_reason", sa.Text()),
    ("closed_by", postgresql.UUID(as_uuid=True)),
    ("close_missing", sa.Integer()),
    ("close_wide", sa.Integer()),
    ("close_unmended", sa.Integer()),
    ("close_reason", sa.Text()),
)


def _constrain(more: str) -> None:
    for name, text in (("state", _STATES), ("frozen", _FROZEN)):
        op.drop_constraint(op.f(f"ck_audits_{name}"), "audits")
        op.create_check_constraint(op.f(f"ck_audits_{name}"), "audits", text.format(more=more))


def _ref(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))


def upgrade() -> None:
    """Make tables and columns, and say again what was entered."""
    for name, kind in _COLUMNS:
        op.add_column("audits", sa.Column(name, kind, nullable=True))
    for name in ("dropped_by", "closed_by"):
        op.create_foreign_key(op.f(f"fk_audits_{name}_accounts"), "audits", "accounts", [name], ["id"])
    _constrain(", 'dropped'")
    op.create_table(
        "audit_amendments",
        sa.Column("entry_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("audit_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("target_agency_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("defect_permille", sa.Integer(), nullable=False),
        sa.Column("confidence_permille", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("sources", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("amended_by", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("amended_at", sa.DateTime(timezone=True), nullable=False),
        _ref("audit_amendments", "audit_id", "audits"),
        _ref("audit_amendments", "target_agency_id", "agencies"),
        _ref("audit_amendments", "amended_by", "accounts"),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_audit_amendments")),
    )
    op.create_table(
        "audit_entries",
        sa.Column("entry_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("audit_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("typed", postgresql.JSONB(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("said_by", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "step IN ('enter', 'retract', 'mismatch', 'confirm')", name=op.f("ck_audit_entries_step")
        ),
        sa.CheckConstraint("(step = 'retract') = (typed IS NULL)", name=op.f("ck_audit_entries_typed")),
        sa.CheckConstraint("(step = 'retract') = (reason IS NOT NULL)", name=op.f("ck_audit_entries_reason")),
        _ref("audit_entries", "audit_id", "audits"),
        _ref("audit_entries", "said_by", "accounts"),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_audit_entries")),
    )
    op.execute(
        "INSERT INTO audit_entries (entry_id, audit_id, step, typed, said_by, said_at)"
        " SELECT enter_entry_id, id, 'enter', \"values\", entered_by, entered_at FROM audits"
        " WHERE entered_at IS NOT NULL"
    )
    op.execute(
        "INSERT INTO audit_entries (entry_id, audit_id, step, typed, said_by, said_at)"
        " SELECT confirm_entry_id, id, 'confirm', \"values\", confirmed_by, confirmed_at FROM audits"
        " WHERE confirmed_at IS NOT NULL"
    )
    for table in _TABLES:
        op.create_index(f"ix_{table}_audit_id", table, ["audit_id"])
        op.execute(_APPEND_ONLY.format(table=table))


def downgrade() -> None:
    """Forget amendments, what was typed, and what was missing."""
    op.execute("UPDATE audits SET state = 'defined' WHERE state = 'dropped'")
    _constrain("")
    for table in _TABLES:
        op.drop_table(table)
    for name, _ in _COLUMNS:
        op.drop_column("audits", name)
