"""What was told of people and devices is closed once, as what was said of equipment: the database itself holds it.

A row goes only where it was told within the last minute, by a clock that the application does not set: two acts of one
millisecond, or a clock that stepped back. Rolling back drops the triggers.

Revision ID: 20261201_0115
"""

from alembic import op

revision = "20261201_0115"
down_revision = "20261201_0103"
branch_labels = None
depends_on = None

_TABLES = ("certificate_facts", "device_descriptions", "device_holdings", "memberships", "role_grants")
_GUARD = """
CREATE FUNCTION keep_told() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    lately timestamptz := clock_timestamp() - interval '1 minute';
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF lower(OLD.known_during) > lately THEN
            RETURN OLD;
        END IF;
    ELSIF to_jsonb(OLD) - 'known_during' = to_jsonb(NEW) - 'known_during'
        AND lower(NEW.known_during) = lower(OLD.known_during)
        AND NOT upper_inf(NEW.known_during)
        AND (upper_inf(OLD.known_during)
            OR (upper(OLD.known_during) > lately AND upper(NEW.known_during) <= upper(OLD.known_during))) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% on % is refused: what was told is closed, and never changes', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def upgrade() -> None:
    """Guard the rows."""
    op.execute(_GUARD)
    for table in _TABLES:
        op.execute(
            f"CREATE TRIGGER keep_told BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION keep_told()"
        )


def downgrade() -> None:
    """Let the rows go unguarded again."""
    for table in _TABLES:
        op.execute(f"DROP TRIGGER keep_told ON {table}")
    op.execute("DROP FUNCTION keep_told()")
