"""Codes that an officer shows a partner on the spot, and who showed the one by which somebody confirmed.

Answers so far were given by own log-in. Rolling back forgets the codes and who showed one; the leaves keep that, and the
trail what it noted.

Revision ID: 20261129_0037
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261129_0037"
down_revision = "20261129_0036"
branch_labels = None
depends_on = None

_EVENT = "ck_trail_rows_event"
_BEFORE = (
    *("login", "password", "token", "access", "link_made", "link_use", "code_made", "code_use"),
    *("unlock", "factor", "session_end", "export"),
)
_CODES = ("partner_code_made", "partner_code_void", "partner_code_use")
_CHECKS = {
    "ck_presences_partner": "(way = 'scan') = (partner_id IS NOT NULL)",
    "ck_presences_other_person": "partner_id <> account_id",
    "ck_presences_denied_by_login": "way = 'login' OR state = 'confirmed'",
}


def _events(names: tuple[str, ...]) -> str:
    return f"event IN ({', '.join(repr(name) for name in names)})"


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Make room for codes. The check of events reads the trail once; the lock of both tables is short."""
    op.add_column("presences", sa.Column("partner_id", postgresql.UUID(as_uuid=True), nullable=True))
    op.create_foreign_key(
        op.f("fk_presences_partner_id_accounts"), "presences", "accounts", ["partner_id"], ["id"]
    )
    for name, rule in _CHECKS.items():
        op.create_check_constraint(op.f(name), "presences", rule)
    op.create_table(
        "partner_codes",
        sa.Column("account_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        _moment("made_at"),
        _moment("expires_at"),
        _moment("voided_at", nullable=True),
        sa.Column(
            "used_by",
            postgresql.ARRAY(postgresql.UUID(as_uuid=True)),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.CheckConstraint("expires_at > made_at", name=op.f("ck_partner_codes_lasts")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_partner_codes_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_partner_codes")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_partner_codes_code_hash")),
    )
    op.drop_constraint(op.f(_EVENT), "trail_rows")
    op.create_check_constraint(op.f(_EVENT), "trail_rows", _events((*_BEFORE, *_CODES)))


def downgrade() -> None:
    """Forget the codes."""
    op.drop_constraint(op.f(_EVENT), "trail_rows")
    # What was sealed stays: the check holds for new rows alone.
    op.create_check_constraint(op.f(_EVENT), "trail_rows", _events(_BEFORE), postgresql_not_valid=True)
    op.drop_table("partner_codes")
    for name in _CHECKS:
        op.drop_constraint(op.f(name), "presences")
    op.drop_column("presences", "partner_id")
