"""Roles with dates, kinds of accounts, links by which people come in, principals, sessions that end by disuse.

Roles and kinds are made from the leaves that gave them: the array of roles held the same, without dates. Sessions that
are open go on to their end. Rolling back asks that every account has a password, and drops links and dates.

Revision ID: 20261129_0017
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261129_0017"
down_revision = "20261129_0016"
branch_labels = None
depends_on = None

_KINDS = """
UPDATE accounts SET kind = convert_from(opened.leaf, 'UTF8')::jsonb -> 'facts' ->> 'kind'
FROM custody_entries AS opened WHERE opened.event = 'account:open' AND opened.subject = 'account/' || accounts.id
"""
_GRANTS = """
WITH leaves AS (
  SELECT event, subject, at, digest, convert_from(leaf, 'UTF8')::jsonb AS leaf
  FROM custody_entries WHERE event IN ('role:grant', 'role:end'))
INSERT INTO role_grants (id, account_id, role, reach, valid_from, valid_until, granted_at, ended_at, leaf)
SELECT split_part(given.subject, '/', 2)::uuid, split_part(given.leaf -> 'chains' -> 0 ->> 'of', '/', 2)::uuid,
  given.leaf -> 'facts' ->> 'role', given.leaf -> 'facts' ->> 'reach',
  (given.leaf -> 'facts' ->> 'from')::timestamptz, (given.leaf -> 'facts' ->> 'until')::timestamptz,
  given.at, ended.at, given.digest
FROM leaves AS given LEFT JOIN leaves AS ended
  ON ended.event = 'role:end' AND ended.leaf -> 'facts' ->> 'grant' = encode(given.digest, 'hex')
WHERE given.event = 'role:grant'
"""
_OVERLAP = """
ALTER TABLE role_grants ADD CONSTRAINT ex_role_grants_overlap EXCLUDE USING gist (
  account_id WITH =, role WITH =,
  tstzrange(valid_from, greatest(valid_from,
    least(coalesce(valid_until, 'infinity'), coalesce(ended_at, 'infinity')))) WITH &&)
"""
_ROLES = """
UPDATE accounts SET roles = coalesce((SELECT array_agg(role ORDER BY role) FROM role_grants
  WHERE account_id = accounts.id AND ended_at IS NULL), '{}')
"""
_WORDS = "search_grams(coalesce(login, '') || ' ' || coalesce(name, ''))"
_OUTCOME, _OUTCOMES = "ck_login_tries_outcome", "outcome IN ('wrong', 'right', 'refused'{0})"
_ROLE = (
    "role IN ('officer', 'auxiliary', 'handler', 'head', 'custodian', 'evidence_reviewer', 'legal_reviewer', 'source',"
    " 'supervisor', 'inspector', 'party', 'admin')"
)


def _moment(name: str, *, nullable: bool = False, now: bool = False) -> sa.Column[object]:
    default = sa.text("now()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)


def _ident() -> sa.Column[object]:
    return sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False)


def upgrade() -> None:
    """Give roles their dates, accounts their kinds, and sessions their signs of life."""
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.add_column("agencies", sa.Column("principal_id", postgresql.UUID(as_uuid=True), nullable=True))
    op.create_foreign_key(
        op.f("fk_agencies_principal_id_agencies"), "agencies", "agencies", ["principal_id"], ["id"]
    )
    op.create_index("ix_agencies_parent_id", "agencies", ["parent_id"])
    _make_grants()
    _make_links()
    op.add_column("accounts", sa.Column("kind", sa.Text(), nullable=True))
    op.execute(_KINDS)
    op.execute("UPDATE accounts SET kind = 'person' WHERE kind IS NULL")  # opened before the log had leaves
    op.alter_column("accounts", "kind", nullable=False)
    op.create_check_constraint(op.f("ck_accounts_kind"), "accounts", "kind IN ('person', 'machine')")
    op.alter_column("accounts", "password_hash", nullable=True)
    op.create_index("ix_accounts_agency_id", "accounts", ["agency_id"])
    op.create_index("ix_accounts_words", "accounts", [sa.text(_WORDS)], postgresql_using="gin")
    op.drop_column("accounts", "roles")
    op.add_column("sessions", _ident())
    op.create_unique_constraint(op.f("uq_sessions_id"), "sessions", ["id"])
    op.add_column("sessions", sa.Column("address", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("sessions", _moment("used_at", now=True))
    op.add_column("sessions", _moment("idle_at", nullable=True))
    op.create_index("ix_sessions_account_id", "sessions", ["account_id"])
    op.drop_constraint(op.f(_OUTCOME), "login_tries")
    op.create_check_constraint(op.f(_OUTCOME), "login_tries", _OUTCOMES.format(", 'unlocked'"))


def _make_grants() -> None:
    op.create_table(
        "role_grants",
        _ident(),
        sa.Column("account_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("reach", sa.Text(), nullable=False),
        _moment("valid_from"),
        _moment("valid_until", nullable=True),
        _moment("granted_at"),
        _moment("ended_at", nullable=True),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(_ROLE, name=op.f("ck_role_grants_role")),
        sa.CheckConstraint("reach IN ('agency', 'own')", name=op.f("ck_role_grants_reach")),
        sa.CheckConstraint("valid_until > valid_from", name=op.f("ck_role_grants_validity")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_role_grants_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grants")),
        sa.UniqueConstraint("leaf", name=op.f("uq_role_grants_leaf")),
    )
    op.create_index("ix_role_grants_account_id", "role_grants", ["account_id"])
    op.create_index(
        "ix_role_grants_standing", "role_grants", ["role"], postgresql_where=sa.text("ended_at IS NULL")
    )
    op.execute(_GRANTS)
    op.execute(_OVERLAP)


def _make_links() -> None:
    op.create_table(
        "account_links",
        _ident(),
        sa.Column("account_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("issued_by", postgresql.UUID(as_uuid=True), nullable=False),
        _moment("issued_at"),
        _moment("expires_at"),
        _moment("used_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_account_links_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["issued_by"], ["accounts.id"], name=op.f("fk_account_links_issued_by_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_links")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_account_links_code_hash")),
    )
    op.create_index("ix_account_links_account_id", "account_links", ["account_id"])
    op.create_table(
        "admissions",
        _ident(),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("is_first", sa.Boolean(), nullable=False),
        _moment("offered_at"),
        _moment("expires_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admissions")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_admissions_code_hash")),
    )


def downgrade() -> None:
    """Put the array of roles back; links, dates and signs of life go."""
    op.execute("DELETE FROM login_tries WHERE outcome = 'unlocked'")
    op.drop_constraint(op.f(_OUTCOME), "login_tries")
    op.create_check_constraint(op.f(_OUTCOME), "login_tries", _OUTCOMES.format(""))
    op.drop_index("ix_sessions_account_id", "sessions")
    for name in ("idle_at", "used_at", "address", "id"):
        op.drop_column("sessions", name)
    op.add_column("accounts", sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=True))
    op.execute(_ROLES)
    op.alter_column("accounts", "roles", nullable=False)
    op.drop_index("ix_accounts_words", "accounts")
    op.drop_index("ix_accounts_agency_id", "accounts")
    op.alter_column("accounts", "password_hash", nullable=False)
    op.drop_column("accounts", "kind")
    for name in ("admissions", "account_links", "role_grants"):
        op.drop_table(name)
    op.drop_index("ix_agencies_parent_id", "agencies")
    op.drop_column("agencies", "principal_id")
    op.execute("DROP EXTENSION btree_gist")
