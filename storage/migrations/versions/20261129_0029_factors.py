"""Second factors of accounts, their recovery codes, log-ins that wait for one; the trail notes what is done with them.

Nobody has one before. Rolling back forgets them, and whoever had one logs in by password alone; the leaves stay in the log.
Rows of the trail that speak of them keep this from being rolled back.

Revision ID: 20261129_0029
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261129_0029"
down_revision = "20261129_0028"
branch_labels = None
depends_on = None

_EVENT = (
    "event IN ('login', 'password', 'token', 'access', 'link_made', 'link_use', 'code_made', 'code_use', 'unlock',"
    "{0} 'session_end', 'export')"
)


def _uuid(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, postgresql.UUID(as_uuid=True), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id"], ["accounts.id"], name=op.f(f"fk_{table}_account_id_accounts")
    )


def _note(extra: str) -> None:
    op.drop_constraint(op.f("ck_trail_rows_event"), "trail_rows")
    op.create_check_constraint(op.f("ck_trail_rows_event"), "trail_rows", _EVENT.format(extra))


def upgrade() -> None:
    """Make the three tables; one more event may be noted."""
    op.create_table(
        "second_factors",
        sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False),
        _uuid("account_id"),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        _moment("enrolled_at"),
        _moment("ended_at", nullable=True),
        sa.CheckConstraint("method = 'totp'", name=op.f("ck_second_factors_method")),
        sa.CheckConstraint("ended_at >= enrolled_at", name=op.f("ck_second_factors_period")),
        _account("second_factors"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_factors")),
    )
    op.create_index("ix_second_factors_account_id", "second_factors", ["account_id"])
    op.create_index(
        "uq_second_factors_standing",
        "second_factors",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "recovery_codes",
        _uuid("factor_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        _moment("used_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["factor_id"], ["second_factors.id"], name=op.f("fk_recovery_codes_factor_id_second_factors")
        ),
        sa.PrimaryKeyConstraint("factor_id", "number", name=op.f("pk_recovery_codes")),
    )
    op.create_table(
        "halfways",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        _uuid("account_id"),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("browser", sa.LargeBinary(), nullable=True),
        sa.Column("password_digest", sa.LargeBinary(), nullable=False),
        _uuid("try_id", nullable=True),
        _moment("expires_at"),
        _account("halfways"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_halfways")),
    )
    _note(" 'factor',")


def downgrade() -> None:
    """Drop them."""
    _note("")
    for table in ("halfways", "recovery_codes", "second_factors"):
        op.drop_table(table)
