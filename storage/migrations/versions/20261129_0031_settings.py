"""Settings of agencies as dated rows: a table of its own. Nothing else changes.

Rolling back drops the rows, and the installation's values hold again; their leaves stay in the log.

Revision ID: 20261129_0031
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261129_0031"
down_revision = "20261129_0030"
branch_labels = None
depends_on = None

_REFERS = {"agency_id": "agencies", "set_by": "accounts"}


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "agency_settings",
        sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("agency_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint("value >= 0", name=op.f("ck_agency_settings_value")),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_agency_settings_{column}_{table}")
            )
            for column, table in _REFERS.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency_settings")),
        sa.UniqueConstraint(
            "agency_id",
            "name",
            "valid_from",
            "known_at",
            name=op.f("uq_agency_settings_agency_id_name_valid_from_known_at"),
        ),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("agency_settings")
