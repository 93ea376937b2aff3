"""Roles get the two ranges of time: for which time one is held, and from when to when that was said.

A grant that stands is one row, known since it was given. One that was ended by hand is two: what was said until then,
and its shorter time since, with the reason and the leaf of its end; one that never began is the first alone. Rolling
back keeps what is said now, and forgets corrections; their leaves stay.

Revision ID: 20261129_0048
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261129_0048"
down_revision = "20261129_0047"
branch_labels = None
depends_on = None

_SAY_ENDS = """
INSERT INTO role_grants
    (grant_id, account_id, role, reach, valid_during, known_during, reason, grant_leaf, leaf, valid_from, granted_at)
SELECT given.id, given.account_id, given.role, given.reach,
    tstzrange(given.valid_from, least(given.valid_until, given.ended_at)), tstzrange(given.ended_at, NULL),
    convert_from(openings.opening, 'UTF8')::jsonb ->> 'value', given.leaf, said.digest, given.valid_from, given.granted_at
FROM role_grants AS given
JOIN custody_entries AS said ON said.event = 'role:end'
    AND convert_from(said.leaf, 'UTF8')::jsonb -> 'facts' ->> 'grant' = encode(given.leaf, 'hex')
LEFT JOIN openings ON openings.digest = said.digest AND openings.member = 'reason'
WHERE given.valid_from < least(given.valid_until, given.ended_at) AND given.ended_at IS NOT NULL
"""
_MOVE = """
UPDATE role_grants SET grant_id = id, grant_leaf = leaf,
    valid_during = tstzrange(valid_from, valid_until), known_during = tstzrange(granted_at, ended_at)
WHERE grant_id IS NULL
"""
_NOTHING = "DELETE FROM role_grants WHERE isempty(known_during)"
_ONE = """
ALTER TABLE role_grants ADD CONSTRAINT ex_role_grants_one_grant EXCLUDE USING gist (
    account_id WITH =, role WITH =, valid_during WITH &&, known_during WITH &&
)
"""
_BACK = """
UPDATE role_grants SET valid_from = lower(valid_during), valid_until = upper(valid_during), leaf = grant_leaf,
    granted_at = first.at, ended_at = CASE WHEN upper(valid_during) <= now() THEN upper(valid_during) END
FROM (SELECT grant_id, min(lower(known_during)) AS at FROM role_grants GROUP BY grant_id) AS first
WHERE first.grant_id = role_grants.grant_id
"""
_OVERLAP = """
ALTER TABLE role_grants ADD CONSTRAINT ex_role_grants_overlap EXCLUDE USING gist (
    account_id WITH =, role WITH =,
    tstzrange(valid_from, greatest(valid_from,
        least(coalesce(valid_until, 'infinity'), coalesce(ended_at, 'infinity')))) WITH &&
)
"""
_NEW = ("grant_id", "valid_during", "known_during", "grant_leaf")
_OLD = ("valid_from", "valid_until", "granted_at", "ended_at")


def upgrade() -> None:
    """Move the rows."""
    op.drop_constraint("ex_role_grants_overlap", "role_grants")
    op.drop_constraint(op.f("ck_role_grants_validity"), "role_grants")
    op.drop_index("ix_role_grants_standing", "role_grants")
    op.add_column("role_grants", sa.Column("grant_id", postgresql.UUID(as_uuid=True)))
    op.add_column("role_grants", sa.Column("valid_during", postgresql.TSTZRANGE()))
    op.add_column("role_grants", sa.Column("known_during", postgresql.TSTZRANGE()))
    op.add_column("role_grants", sa.Column("reason", sa.Text()))
    op.add_column("role_grants", sa.Column("grant_leaf", sa.LargeBinary()))
    for statement in (_SAY_ENDS, _MOVE, _NOTHING):
        op.execute(statement)
    for name in _NEW:
        op.alter_column("role_grants", name, nullable=False)
    for name in _OLD:
        op.drop_column("role_grants", name)
    op.create_check_constraint(
        op.f("ck_role_grants_lasts"), "role_grants", "NOT isempty(valid_during) AND NOT isempty(known_during)"
    )
    op.create_index(
        "ix_role_grants_standing",
        "role_grants",
        ["role"],
        postgresql_where=sa.text("upper_inf(known_during)"),
    )
    op.execute(_ONE)


def downgrade() -> None:
    """Keep what is said now."""
    op.execute("ALTER TABLE role_grants DROP CONSTRAINT ex_role_grants_one_grant")
    op.drop_constraint(op.f("ck_role_grants_lasts"), "role_grants")
    op.drop_constraint(op.f("uq_role_grants_leaf"), "role_grants")
    op.drop_index("ix_role_grants_standing", "role_grants")
    for name in _OLD:
        op.add_column("role_grants", sa.Column(name, sa.DateTime(timezone=True)))
    op.execute(_BACK)
    op.execute("DELETE FROM role_grants WHERE NOT upper_inf(known_during)")
    op.execute("UPDATE role_grants SET id = grant_id")
    for name in ("valid_from", "granted_at"):
        op.alter_column("role_grants", name, nullable=False)
    for name in (*_NEW, "reason"):
        op.drop_column("role_grants", name)
    op.create_unique_constraint(op.f("uq_role_grants_leaf"), "role_grants", ["leaf"])
    op.create_check_constraint(op.f("ck_role_grants_validity"), "role_grants", "valid_until > valid_from")
    op.create_index(
        "ix_role_grants_standing", "role_grants", ["role"], postgresql_where=sa.text("ended_at IS NULL")
    )
    op.execute(_OVERLAP)
