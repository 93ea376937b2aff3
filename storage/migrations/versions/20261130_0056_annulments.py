"""Certificates are annulled, and the records that rested on them are judged again, in rounds.

What was judged before was judged in the first round. Rolling back forgets annulments and all rounds but the last: a record
that waited again waits as it came; leaves stay.

Revision ID: 20261130_0056
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261130_0056"
down_revision = "20261130_0062"
branch_labels = None
depends_on = None

_STATES = "state IN ('received', 'reviewing', 'valid', 'invalid'{more})"
_OPEN = "state IN ('received', 'reviewing'{more})"
_APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""
_ONCE = ("stage", "reviewer_id")


def _states(more: str) -> None:
    op.drop_constraint(op.f("ck_monitoring_records_state"), "monitoring_records")
    op.create_check_constraint(
        op.f("ck_monitoring_records_state"), "monitoring_records", _STATES.format(more=more)
    )
    op.drop_index("ix_monitoring_records_due", "monitoring_records")
    op.create_index(
        "ix_monitoring_records_due",
        "monitoring_records",
        ["agency_id", "due_at", "id"],
        postgresql_where=sa.text(_OPEN.format(more=more)),
    )


def upgrade() -> None:
    """Make the tables and the rounds."""
    op.create_table(
        "equipment_annulments",
        sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("equipment_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("void_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("annulled_by", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("annulled_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["equipment_id"], ["equipment.id"], name=op.f("fk_equipment_annulments_equipment_id_equipment")
        ),
        sa.ForeignKeyConstraint(
            ["annulled_by"], ["accounts.id"], name=op.f("fk_equipment_annulments_annulled_by_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equipment_annulments")),
        sa.UniqueConstraint("leaf", name=op.f("uq_equipment_annulments_leaf")),
    )
    op.create_index("ix_equipment_annulments_equipment_id", "equipment_annulments", ["equipment_id"])
    op.create_table(
        "monitoring_reopenings",
        sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("monitoring_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("annulment", sa.LargeBinary(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reopened_by", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["monitoring_id"],
            ["monitoring_records.id"],
            name=op.f("fk_monitoring_reopenings_monitoring_id_monitoring_records"),
        ),
        sa.ForeignKeyConstraint(
            ["annulment"],
            ["equipment_annulments.leaf"],
            name=op.f("fk_monitoring_reopenings_annulment_equipment_annulments"),
        ),
        sa.ForeignKeyConstraint(
            ["reopened_by"], ["accounts.id"], name=op.f("fk_monitoring_reopenings_reopened_by_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monitoring_reopenings")),
        sa.UniqueConstraint(
            "monitoring_id", "round", name=op.f("uq_monitoring_reopenings_monitoring_id_round")
        ),
    )
    op.create_index("ix_monitoring_reopenings_annulment", "monitoring_reopenings", ["annulment"])
    for table in ("equipment_annulments", "monitoring_reopenings"):
        op.execute(_APPEND_ONLY.format(table=table))
    for table in ("monitoring_records", "monitoring_opinions"):
        op.add_column(table, sa.Column("round", sa.Integer(), server_default=sa.text("1"), nullable=False))
    for name in _ONCE:
        op.drop_constraint(op.f(f"uq_monitoring_opinions_monitoring_id_{name}"), "monitoring_opinions")
        op.create_unique_constraint(
            op.f(f"uq_monitoring_opinions_monitoring_id_round_{name}"),
            "monitoring_opinions",
            ["monitoring_id", "round", name],
        )
    _states(", 'recheck'")


def downgrade() -> None:
    """Forget annulments and all rounds but the last."""
    op.execute("ALTER TABLE monitoring_opinions DISABLE TRIGGER append_only")
    op.execute(
        "DELETE FROM monitoring_opinions USING monitoring_records"
        " WHERE monitoring_records.id = monitoring_opinions.monitoring_id"
        " AND monitoring_opinions.round < monitoring_records.round"
    )
    op.execute("ALTER TABLE monitoring_opinions ENABLE TRIGGER append_only")
    op.execute("UPDATE monitoring_records SET state = 'received' WHERE state = 'recheck'")
    _states("")
    for name in _ONCE:
        op.drop_constraint(op.f(f"uq_monitoring_opinions_monitoring_id_round_{name}"), "monitoring_opinions")
        op.create_unique_constraint(
            op.f(f"uq_monitoring_opinions_monitoring_id_{name}"),
            "monitoring_opinions",
            ["monitoring_id", name],
        )
    for table in ("monitoring_opinions", "monitoring_records"):
        op.drop_column(table, "round")
    op.drop_table("monitoring_reopenings")
    op.drop_table("equipment_annulments")
