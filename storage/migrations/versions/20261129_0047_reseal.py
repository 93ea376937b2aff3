"""Sealed values of rows that never change may be exchanged for the same under another key: `quancheng reseal`.

The database cannot open them: what it asks is a value of the same length, sealed, under another key, and nothing else
of the row changed. That it says the same is checked by fsck, against the signed lists of batches and the log.

Rolling back leaves the values as they stand, and refuses to exchange any more. Takes no time: no row is read.

Revision ID: 20261129_0047
"""

from alembic import op

revision = "20261129_0047"
down_revision = "20261129_0045"
branch_labels = None
depends_on = None

_IS_RESEALED = """
CREATE FUNCTION is_resealed(kept bytea, anew bytea) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT length(kept) = length(anew)
       AND substr(kept, 1, 1) = '\\x01' AND substr(anew, 1, 1) = '\\x01'
       AND substr(kept, 2, 8) <> substr(anew, 2, 8)
$$
"""
_KEEP_RAW = """
CREATE OR REPLACE FUNCTION keep_raw_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.equipment_id, OLD.record_id, OLD.intake_id, OLD.intake_index)
       IS DISTINCT FROM (NEW.equipment_id, NEW.record_id, NEW.intake_id, NEW.intake_index)
       OR (OLD.raw, OLD.content_digest) IS DISTINCT FROM (NEW.raw, NEW.content_digest)
       AND is_resealed(OLD.raw, NEW.raw) IS NOT TRUE THEN
        RAISE EXCEPTION 'what a monitoring record said never changes'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
"""
_KEPT_RAW = """
CREATE OR REPLACE FUNCTION keep_raw_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.raw, OLD.content_digest, OLD.equipment_id, OLD.record_id, OLD.intake_id, OLD.intake_index)
       IS DISTINCT FROM
       (NEW.raw, NEW.content_digest, NEW.equipment_id, NEW.record_id, NEW.intake_id, NEW.intake_index) THEN
        RAISE EXCEPTION 'what a monitoring record said never changes'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
"""
_KEEP_PROOF = """
CREATE FUNCTION keep_notification() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(OLD) - 'proof' <> to_jsonb(NEW) - 'proof' OR is_resealed(OLD.proof, NEW.proof) IS NOT TRUE THEN
        RAISE EXCEPTION 'a notification never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
"""
_APPEND_ONLY = (
    "CREATE TRIGGER append_only BEFORE {} ON notifications FOR EACH ROW EXECUTE FUNCTION refuse_change()"
)


def upgrade() -> None:
    """Let a sealed value be exchanged, and nothing beside it."""
    op.execute(_IS_RESEALED)
    op.execute(_KEEP_RAW)
    op.execute(_KEEP_PROOF)
    op.execute("DROP TRIGGER append_only ON notifications")
    op.execute(_APPEND_ONLY.format("DELETE"))
    op.execute(
        "CREATE TRIGGER keep_notification BEFORE UPDATE ON notifications FOR EACH ROW EXECUTE FUNCTION keep_notification()"
    )


def downgrade() -> None:
    """Refuse every change again."""
    op.execute("DROP TRIGGER keep_notification ON notifications")
    op.execute("DROP TRIGGER append_only ON notifications")
    op.execute(_APPEND_ONLY.format("UPDATE OR DELETE"))
    op.execute("DROP FUNCTION keep_notification()")
    op.execute(_KEPT_RAW)
    op.execute("DROP FUNCTION is_resealed(bytea, bytea)")
