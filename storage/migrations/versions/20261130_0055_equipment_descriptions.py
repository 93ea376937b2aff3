"""What equipment is called and where it stands gets the two ranges of time: for which time it holds, since when it was said.

So far nothing of it could be changed: what stands is what the registration said, of always. Rolling back keeps what is said
to hold ever since, and forgets the rest; the leaves keep it.

Revision ID: 20261130_0055
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261130_0055"
down_revision = "20261130_0054"
branch_labels = None
depends_on = None

_TABLE = "equipment_descriptions"
_ONE_WORD = """
ALTER TABLE equipment_descriptions ADD CONSTRAINT ex_equipment_descriptions_one_word EXCLUDE USING gist (
    equipment_id WITH =, valid_during WITH &&, known_during WITH &&
)
"""
_ONE_THING = """
ALTER TABLE equipment_descriptions ADD CONSTRAINT ex_equipment_descriptions_one_thing EXCLUDE USING gist (
    agency_id WITH =, number WITH =, valid_during WITH &&
) WHERE (upper_inf(known_during))
"""
# What has no leaf was entered by hand: its own id stands for one, as in 0049, and fsck names it.
_REGISTERED = """
INSERT INTO equipment_descriptions
    (equipment_id, agency_id, number, name, site, standard, lat_e7, lon_e7, crs, valid_during, known_during,
    described_by, leaf)
SELECT kept.id, kept.agency_id, kept.number, kept.name, kept.site, kept.standard, kept.lat_e7, kept.lon_e7, kept.crs,
    tstzrange(NULL, NULL), tstzrange(kept.registered_at, NULL), kept.registered_by,
    COALESCE(said.digest, uuid_send(kept.id))
FROM equipment AS kept
LEFT JOIN custody_entries AS said
    ON said.subject = 'equipment/' || kept.id AND said.event = 'equipment:register'
"""


def upgrade() -> None:
    """Make the table, and say in it what stands."""
    op.create_table(
        _TABLE,
        sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False),
        *(
            sa.Column(name, postgresql.UUID(as_uuid=True), nullable=False)
            for name in ("equipment_id", "agency_id", "described_by")
        ),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("number", "name", "site", "standard")),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in ("lat_e7", "lon_e7")),
        sa.Column("crs", sa.Text(), nullable=True),
        sa.Column("valid_during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("known_during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "NOT isempty(valid_during) AND NOT isempty(known_during)",
            name=op.f("ck_equipment_descriptions_lasts"),
        ),
        *(
            sa.ForeignKeyConstraint([name], [f"{table}.id"], name=op.f(f"fk_{_TABLE}_{name}_{table}"))
            for name, table in (
                ("equipment_id", "equipment"),
                ("agency_id", "agencies"),
                ("described_by", "accounts"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equipment_descriptions")),
    )
    op.create_index("ix_equipment_descriptions_equipment_id", _TABLE, ["equipment_id"])
    op.execute(_REGISTERED)
    op.execute(_ONE_WORD)
    op.execute(_ONE_THING)
    op.execute(
        "CREATE TRIGGER keep_word BEFORE UPDATE OR DELETE ON equipment_descriptions"
        " FOR EACH ROW EXECUTE FUNCTION keep_word()"
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table(_TABLE)
