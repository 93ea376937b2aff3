"""The permanent record: leaves by digest, a chain for every thing, openings beside the leaves.

`chains` is one row per thing with a state; a leaf's places in them are `chain_places`. Openings are the only rows of
the log that may ever be deleted, and only by the erasure that a leaf announces. `hold_chains` locks what an act
changes and what it relies on in one pass, sorted by bytes, so that two acts never wait for each other in a ring.

Every table lock is short; there is no data yet (`make reset`). Rolling back drops the chains and openings.

Revision ID: 20261128_0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261128_0006"
down_revision = "20261125_0005"
branch_labels = None
depends_on = None

_HOLD = r"""
CREATE FUNCTION hold_chains(changes text[], relies text[], no_wait boolean)
RETURNS TABLE (of text, n bigint, head bytea, last_at timestamptz, leaf bytea, taken_at timestamptz) LANGUAGE plpgsql AS $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT asked.name, bool_or(asked.is_changed) AS is_changed
        FROM (SELECT unnest(changes), true UNION ALL SELECT unnest(relies), false) AS asked (name, is_changed)
        GROUP BY asked.name ORDER BY asked.name COLLATE "C"
    LOOP
        IF wanted.is_changed AND no_wait THEN
            PERFORM 1 FROM chains WHERE chains.of = wanted.name FOR NO KEY UPDATE NOWAIT;
        ELSIF wanted.is_changed THEN
            PERFORM 1 FROM chains WHERE chains.of = wanted.name FOR NO KEY UPDATE;
        ELSIF no_wait THEN
            PERFORM 1 FROM chains WHERE chains.of = wanted.name FOR SHARE NOWAIT;
        ELSE
            PERFORM 1 FROM chains WHERE chains.of = wanted.name FOR SHARE;
        END IF;
        IF wanted.is_changed AND NOT FOUND THEN
            -- Two that begin the same chain meet here: the second waits for the first's commit, then locks its row.
            INSERT INTO chains (of, n, head) VALUES (
                wanted.name, 0, sha256(convert_to(E'quancheng-chain-v1\n' || wanted.name || E'\n', 'UTF8'))
            ) ON CONFLICT DO NOTHING;
            PERFORM 1 FROM chains WHERE chains.of = wanted.name FOR NO KEY UPDATE;
        END IF;
    END LOOP;
    -- A statement of its own: it sees what was committed while the locks were waited for.
    RETURN QUERY
        SELECT held.of, held.n, held.head, held.last_at, entry.leaf, clock_timestamp()
        FROM chains AS held
        LEFT JOIN chain_places AS place ON place.of = held.of AND place.n = held.n
        LEFT JOIN custody_entries AS entry ON entry.id = place.entry
        WHERE held.of = ANY (changes || relies);
END $$
"""

# One statement per leaf: the entry, its places, the chains that go on, and what opens its commitments.
_APPEND = r"""
CREATE FUNCTION append_leaf(
    leaf_id uuid, event text, ev integer, actor text, subject text, agency uuid, at timestamptz, leaf bytea,
    digest bytea, leaf_hash bytea, ofs text[], ns bigint[], heads bytea[], members text[], opened bytea[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    made bigint;
BEGIN
    INSERT INTO custody_entries (entry_id, event, ev, actor, subject, agency_id, at, leaf, digest, leaf_hash)
    VALUES (leaf_id, event, ev, actor, subject, agency, at, leaf, digest, leaf_hash) RETURNING id INTO made;
    INSERT INTO chain_places (of, n, entry) SELECT place.of, place.n, made FROM unnest(ofs, ns) AS place (of, n);
    UPDATE chains SET n = step.n, head = step.head, last_at = append_leaf.at
    FROM unnest(ofs, ns, heads) AS step (of, n, head) WHERE chains.of = step.of;
    INSERT INTO openings (digest, member, opening)
    SELECT append_leaf.digest, one.member, one.opening FROM unnest(members, opened) AS one (member, opening);
END $$
"""

_SALTS_OF_SUPERVISION = (
    ("equipment_suspensions", "reason_salt"),
    ("monitoring_opinions", "reason_salt"),
    ("notifications", "proof_salt"),
    ("rectifications", "text_salt"),
    ("rectification_steps", "text_salt"),
)


def _supervision_up() -> None:
    """What opens texts of equipment, records and audits stands in `openings`; a record without a leaf is at 0."""
    for table, column in _SALTS_OF_SUPERVISION:
        op.drop_column(table, column)
    op.alter_column("monitoring_records", "version", server_default=sa.text("0"))
    for table in ("equipment", "audits", "rectifications"):
        op.alter_column(table, "version", server_default=None)


def _supervision_down() -> None:
    for table in ("equipment", "audits", "rectifications", "monitoring_records"):
        op.alter_column(table, "version", server_default=sa.text("1"))
    for table, column in _SALTS_OF_SUPERVISION:
        op.add_column(table, sa.Column(column, sa.LargeBinary(), nullable=False))


_KEEP_GROUND = """
CREATE OR REPLACE FUNCTION keep_ground() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.answer IS NOT NULL
       OR (OLD.review_id, OLD.position, OLD.item, OLD.subject, OLD.text)
       IS DISTINCT FROM (NEW.review_id, NEW.position, NEW.item, NEW.subject, NEW.text) THEN
        RAISE EXCEPTION 'a ground never changes, and is answered once'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    """Make the columns and tables, then the functions and guards."""
    op.add_column("custody_entries", sa.Column("ev", sa.Integer(), nullable=False))
    op.add_column("custody_entries", sa.Column("digest", sa.LargeBinary(), nullable=False))
    op.add_column("custody_entries", sa.Column("ticket", sa.LargeBinary(), nullable=True))
    op.create_unique_constraint(None, "custody_entries", ["digest"])
    op.create_table(
        "chains",
        sa.Column("of", sa.Text(collation="C"), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("of", name=op.f("pk_chains")),
    )
    op.create_table(
        "chain_places",
        sa.Column("of", sa.Text(collation="C"), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry"], ["custody_entries.id"], name=op.f("fk_chain_places_entry_custody_entries")
        ),
        sa.PrimaryKeyConstraint("of", "n", name=op.f("pk_chain_places")),
    )
    op.create_index("ix_chain_places_entry", "chain_places", ["entry"])
    op.create_table(
        "openings",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("opening", sa.LargeBinary(), nullable=True),
        sa.Column("erased_by", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("num_nonnulls(opening, erased_by) = 1", name=op.f("ck_openings_open_or_erased")),
        sa.PrimaryKeyConstraint("digest", "member", name=op.f("pk_openings")),
    )
    op.execute(_HOLD)
    op.execute(_APPEND)
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON chain_places"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute("CREATE TRIGGER no_truncate BEFORE TRUNCATE ON chain_places EXECUTE FUNCTION refuse_change()")
    _people()
    _supervision_up()
    _upgrade_cases()


def _people() -> None:
    """A code names the device that it enrols."""
    op.add_column("enrolment_codes", sa.Column("device_id", sa.Uuid(), nullable=False))
    op.create_unique_constraint(None, "enrolment_codes", ["device_id"])


def _upgrade_cases() -> None:
    """Words of cases, reviews and ties live in openings; versions are numbers of leaves; a package keeps its chains."""
    op.execute(_KEEP_GROUND)
    op.drop_table("case_changes")
    op.drop_column("case_facts", "text_salt")
    for table, column in (
        ("case_links", "reason_salt"),
        ("monitoring_links", "reason_salt"),
        ("review_grounds", "text_salt"),
        ("review_grounds", "answer_salt"),
        ("reviews", "statement_salt"),
    ):
        op.drop_column(table, column)
    for table in ("cases", "reviews"):
        op.alter_column(table, "version", server_default=None)
    for column in ("chains", "hidden"):
        op.add_column("exports", sa.Column(column, sa.LargeBinary(), nullable=False))


def downgrade() -> None:
    """Drop the functions, then the tables and columns; the old ones come back empty."""
    _downgrade_cases()
    _supervision_down()
    op.drop_column("enrolment_codes", "device_id")
    op.execute("DROP FUNCTION append_leaf")
    op.execute("DROP FUNCTION hold_chains")
    for name in ("openings", "chain_places", "chains"):
        op.drop_table(name)
    for name in ("ticket", "digest", "ev"):
        op.drop_column("custody_entries", name)


def _downgrade_cases() -> None:
    for column in ("hidden", "chains"):
        op.drop_column("exports", column)
    for table in ("cases", "reviews"):
        op.alter_column(table, "version", server_default=sa.text("1"))
    empty = sa.text("''::bytea")
    for table, column, is_optional in (
        ("case_facts", "text_salt", False),
        ("case_links", "reason_salt", True),
        ("monitoring_links", "reason_salt", True),
        ("review_grounds", "text_salt", False),
        ("review_grounds", "answer_salt", True),
        ("reviews", "statement_salt", True),
    ):
        default = None if is_optional else empty
        op.add_column(
            table, sa.Column(column, sa.LargeBinary(), nullable=is_optional, server_default=default)
        )
        op.alter_column(table, column, server_default=None)
    op.create_table(
        "case_changes",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("case_id", sa.UUID(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reason_salt", sa.LargeBinary(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_changes_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_changes")),
    )
    op.create_index("ix_case_changes_case_id_id", "case_changes", ["case_id", "id"])
