"""The access trail and the seals of its days; the roles of a security administrator and of a trail reader.

Rows of a sealed day never change and go only with their day. Rolling back drops the trail; its seals stay in the log.

Revision ID: 20261129_0022
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261129_0022"
down_revision = "20261129_0021"
branch_labels = None
depends_on = None

_ROLE = (
    "role IN ('officer', 'auxiliary', 'handler', 'head', 'custodian', 'evidence_reviewer', 'legal_reviewer', 'source',"
    " 'supervisor', 'inspector', 'party', 'admin'{0})"
)
_EVENT = (
    "event IN ('login', 'password', 'token', 'access', 'link_made', 'link_use', 'code_made', 'code_use', 'unlock',"
    " 'session_end', 'export')"
)
_GUARD = """
CREATE FUNCTION keep_sealed_trail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.digest IS NULL OR OLD.day >= (SELECT kept_from FROM trail_seals ORDER BY day DESC LIMIT 1) THEN
            RAISE EXCEPTION 'a row of the trail goes with its day, after the day was sealed'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.digest IS NOT NULL
       OR (OLD.id, OLD.day, OLD.event, OLD.result, OLD.code, OLD.asked, OLD.about, OLD.address, OLD.agency_id,
           OLD.account_id, OLD.device_id, OLD.name_digest, OLD.at)
       IS DISTINCT FROM (NEW.id, NEW.day, NEW.event, NEW.result, NEW.code, NEW.asked, NEW.about, NEW.address,
           NEW.agency_id, NEW.account_id, NEW.device_id, NEW.name_digest, NEW.at) THEN
        RAISE EXCEPTION 'a row of the trail is counted until it is sealed, and never changes'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_sealed BEFORE UPDATE OR DELETE ON trail_rows
    FOR EACH ROW EXECUTE FUNCTION keep_sealed_trail();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON trail_rows EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON trail_seals
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON trail_seals EXECUTE FUNCTION refuse_change();
"""


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _ident() -> sa.Column[object]:
    return sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False)


def _text(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), nullable=False)


def upgrade() -> None:
    """Make the trail and its seals; two more roles may be given."""
    op.drop_constraint(op.f("ck_role_grants_role"), "role_grants")
    op.create_check_constraint(
        op.f("ck_role_grants_role"), "role_grants", _ROLE.format(", 'security', 'trail_reader'")
    )
    op.create_table(
        "trail_rows",
        _ident(),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=True),
        *map(_text, ("event", "result", "code", "asked", "about", "address")),
        sa.Column("agency_id", postgresql.UUID(as_uuid=True), nullable=True),
        sa.Column("account_id", postgresql.UUID(as_uuid=True), nullable=True),
        sa.Column("device_id", postgresql.UUID(as_uuid=True), nullable=True),
        sa.Column("name_digest", sa.LargeBinary(), nullable=True),
        _moment("at"),
        _moment("last_at"),
        sa.Column("times", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("fold", sa.LargeBinary(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(_EVENT, name=op.f("ck_trail_rows_event")),
        sa.CheckConstraint("result IN ('done', 'failed', 'refused')", name=op.f("ck_trail_rows_result")),
        sa.CheckConstraint("(n IS NULL) = (digest IS NULL)", name=op.f("ck_trail_rows_sealed")),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agencies.id"], name=op.f("fk_trail_rows_agency_id_agencies")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_trail_rows_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_trail_rows_device_id_devices")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trail_rows")),
        sa.UniqueConstraint("day", "n", name=op.f("uq_trail_rows_day_n")),
        sa.UniqueConstraint("fold", name=op.f("uq_trail_rows_fold")),
    )
    for column in ("account_id", "device_id"):
        op.create_index(
            f"ix_trail_rows_{column}_id",
            "trail_rows",
            [column, "id"],
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )
    op.create_index("ix_trail_rows_address_id", "trail_rows", ["address", "id"])
    op.create_index(
        "ix_trail_rows_strangers",
        "trail_rows",
        ["at"],
        postgresql_where=sa.text("account_id IS NULL AND device_id IS NULL"),
    )
    op.create_table(
        "trail_seals",
        _ident(),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("kept_from", sa.Date(), nullable=False),
        _moment("sealed_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trail_seals")),
        sa.UniqueConstraint("day", name=op.f("uq_trail_seals_day")),
    )
    op.execute(_GUARD)


def downgrade() -> None:
    """Drop the trail; accounts that hold one of the new roles keep this from being rolled back."""
    op.drop_table("trail_seals")
    op.drop_table("trail_rows")
    op.execute("DROP FUNCTION keep_sealed_trail()")
    op.drop_constraint(op.f("ck_role_grants_role"), "role_grants")
    op.create_check_constraint(op.f("ck_role_grants_role"), "role_grants", _ROLE.format(""))
