"""Dated facts of equipment get the two ranges of time: for which time one holds, and from when to when that was said.

Each names the leaf that entered it and the one that says this. A suspension that ended is two rows: open, as said until
then, and its time, as said since. Rolling back keeps what is said now, and forgets corrections; their leaves stay.

Revision ID: 20261129_0049
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261129_0049"
down_revision = "20261129_0048"
branch_labels = None
depends_on = None

_EVENTS = {
    "equipment_certificates": "equipment:certify",
    "equipment_reviews": "equipment:review",
    "equipment_publications": "equipment:publish",
    "equipment_suspensions": "equipment:suspend",
}
_SPANS = {
    "equipment_certificates": ("valid_from", "valid_until"),
    "equipment_reviews": ("reviewed_at", None),
    "equipment_publications": ("published_at", None),
    "equipment_suspensions": ("from_at", "until_at"),
}
# Acts on one piece of equipment come one after the other: the n-th row is that of the n-th leaf.
_ENTRIES = """
UPDATE {table} SET entry = said.digest, leaf = said.digest
FROM (SELECT id, equipment_id, row_number() OVER (PARTITION BY equipment_id ORDER BY recorded_at, id) AS nth
    FROM {table}) AS kept
JOIN (SELECT subject, digest, row_number() OVER (PARTITION BY subject ORDER BY id) AS nth
    FROM custody_entries WHERE event = '{event}') AS said
    ON said.subject = 'equipment/' || kept.equipment_id AND said.nth = kept.nth
WHERE kept.id = {table}.id
"""
_UNSAID = "UPDATE {table} SET entry = uuid_send(id), leaf = uuid_send(id) WHERE entry IS NULL"
_RANGES = """
UPDATE {table} SET valid_during = tstzrange({since}, {until}), known_during = tstzrange(recorded_at, NULL)
"""
_RETURNS = """
INSERT INTO equipment_suspensions
    (equipment_id, reason, recorded_by, entry, leaf, valid_during, known_during, from_at, recorded_at)
SELECT kept.equipment_id, kept.reason, split_part(said.actor, '/', 2)::uuid, kept.entry, said.digest,
    tstzrange(kept.from_at, kept.until_at), tstzrange(said.at, NULL), kept.from_at, kept.recorded_at
FROM (SELECT *, row_number() OVER (PARTITION BY equipment_id ORDER BY recorded_at, id) AS nth
    FROM equipment_suspensions) AS kept
JOIN (SELECT subject, actor, digest, at, row_number() OVER (PARTITION BY subject ORDER BY id) AS nth
    FROM custody_entries WHERE event = 'equipment:resume') AS said
    ON said.subject = 'equipment/' || kept.equipment_id AND said.nth = kept.nth
WHERE kept.until_at > kept.from_at
"""
_CLOSED = """
UPDATE equipment_suspensions SET valid_during = tstzrange(from_at, NULL), known_during = tstzrange(recorded_at, said.at)
FROM (SELECT kept.id, resumed.at
    FROM (SELECT id, equipment_id, row_number() OVER (PARTITION BY equipment_id ORDER BY recorded_at, id) AS nth
        FROM equipment_suspensions) AS kept
    JOIN (SELECT subject, at, row_number() OVER (PARTITION BY subject ORDER BY id) AS nth
        FROM custody_entries WHERE event = 'equipment:resume') AS resumed
        ON resumed.subject = 'equipment/' || kept.equipment_id AND resumed.nth = kept.nth) AS said
WHERE said.id = equipment_suspensions.id AND until_at IS NOT NULL
"""
_NOTHING = "DELETE FROM {table} WHERE isempty(known_during) OR isempty(valid_during)"
_ONE_WORD = """
ALTER TABLE {table} ADD CONSTRAINT ex_{table}_one_word EXCLUDE USING gist (
    entry WITH =, valid_during WITH &&, known_during WITH &&
)
"""
# A guard rail as before: what was said is only closed, once. A word that was said for no moment – two acts of one
# millisecond – is none.
_GUARD = """
CREATE FUNCTION keep_word() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF upper_inf(OLD.known_during) AND lower(OLD.known_during) > clock_timestamp() - interval '1 minute' THEN
            RETURN OLD;
        END IF;
    ELSIF upper_inf(OLD.known_during) AND NOT upper_inf(NEW.known_during)
        AND lower(OLD.known_during) = lower(NEW.known_during)
        AND to_jsonb(OLD) - 'known_during' = to_jsonb(NEW) - 'known_during' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% on % is refused: what was said is closed, and never changes', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$
"""
_GUARDED = """
CREATE TRIGGER keep_word BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION keep_word()
"""
_APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""
_ONCE_GUARDED = ("equipment_certificates", "equipment_reviews", "equipment_publications")
_BACK = "UPDATE {table} SET {since} = lower(valid_during), recorded_at = lower(known_during)"
_BACK_UNTIL = "UPDATE {table} SET {until} = upper(valid_during)"
_NEW = ("entry", "leaf", "valid_during", "known_during")


def upgrade() -> None:
    """Move the rows."""
    for table in _ONCE_GUARDED:
        op.execute(f"DROP TRIGGER append_only ON {table}")
    op.drop_constraint(op.f("ck_equipment_certificates_validity"), "equipment_certificates")
    op.drop_constraint(op.f("ck_equipment_suspensions_span"), "equipment_suspensions")
    op.drop_index("uq_equipment_suspensions_open", "equipment_suspensions")
    for table, event in _EVENTS.items():
        since, until = _SPANS[table]
        op.add_column(table, sa.Column("valid_during", postgresql.TSTZRANGE()))
        op.add_column(table, sa.Column("known_during", postgresql.TSTZRANGE()))
        op.add_column(table, sa.Column("amend_reason", sa.Text()))
        op.add_column(table, sa.Column("entry", sa.LargeBinary()))
        op.add_column(table, sa.Column("leaf", sa.LargeBinary()))
        op.execute(_ENTRIES.format(table=table, event=event))
        op.execute(_UNSAID.format(table=table))
        op.execute(_RANGES.format(table=table, since=since, until=until or "NULL"))
    _split_suspensions()
    for table, (since, until) in _SPANS.items():
        op.execute(_NOTHING.format(table=table))
        for name in _NEW:
            op.alter_column(table, name, nullable=False)
        for old in filter(None, (since, until, "recorded_at")):
            op.drop_column(table, old)
        op.create_check_constraint(
            op.f(f"ck_{table}_lasts"), table, "NOT isempty(valid_during) AND NOT isempty(known_during)"
        )
        op.create_unique_constraint(op.f(f"uq_{table}_leaf"), table, ["leaf"])
        op.execute(_ONE_WORD.format(table=table))
    op.execute(_GUARD)
    for table in _SPANS:
        op.execute(_GUARDED.format(table=table))
    op.create_index(
        "uq_equipment_suspensions_open",
        "equipment_suspensions",
        ["equipment_id"],
        unique=True,
        postgresql_where=sa.text("upper_inf(valid_during) AND upper_inf(known_during)"),
    )


def _split_suspensions() -> None:
    """Close what was said of a suspension while it went on, and say its time from its end on."""
    op.execute(_CLOSED)
    op.execute(_RETURNS)


def downgrade() -> None:
    """Keep what is said now."""
    for table in _SPANS:
        op.execute(f"DROP TRIGGER keep_word ON {table}")
    op.execute("DROP FUNCTION keep_word")
    op.drop_index("uq_equipment_suspensions_open", "equipment_suspensions")
    for table, (since, until) in _SPANS.items():
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ex_{table}_one_word")
        op.drop_constraint(op.f(f"uq_{table}_leaf"), table)
        op.drop_constraint(op.f(f"ck_{table}_lasts"), table)
        op.execute(f"DELETE FROM {table} WHERE NOT upper_inf(known_during)")  # noqa: S608 - names of ours
        for old in filter(None, (since, until, "recorded_at")):
            op.add_column(table, sa.Column(old, sa.DateTime(timezone=True)))
        op.execute(_BACK.format(table=table, since=since))
        if until is not None:
            op.execute(_BACK_UNTIL.format(table=table, until=until))
        for name in (since, "recorded_at"):
            op.alter_column(table, name, nullable=False)
        for name in (*_NEW, "amend_reason"):
            op.drop_column(table, name)
    op.alter_column("equipment_certificates", "valid_until", nullable=False)
    op.create_check_constraint(
        op.f("ck_equipment_certificates_validity"), "equipment_certificates", "valid_until > valid_from"
    )
    op.create_check_constraint(
        op.f("ck_equipment_suspensions_span"),
        "equipment_suspensions",
        "until_at IS NULL OR until_at >= from_at",
    )
    op.create_index(
        "uq_equipment_suspensions_open",
        "equipment_suspensions",
        ["equipment_id"],
        unique=True,
        postgresql_where=sa.text("until_at IS NULL"),
    )
    for table in _ONCE_GUARDED:
        op.execute(_APPEND_ONLY.format(table=table))
