"""Days of the access trail go only behind a seal that the log holds, and none before its lawful time, by the database's clock.

The application's role adds seals and calls the function: neither a seal without its leaf nor one that keeps too little
lets a row go. Short; rolling back brings the older function back, which believes the newest seal.

Revision ID: 20261130_0084
"""

from alembic import op

revision = "20261130_0084"
down_revision = "20261130_0083"
branch_labels = None
depends_on = None

# Six months and UTC+8 are spelled out (`schemas.trail`): what a release changes there, a migration changes here.
_HEAD = """
CREATE OR REPLACE FUNCTION drop_trail() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, {schema}, pg_temp AS $$
"""
_DROP = """
DECLARE
    newest trail_seals%ROWTYPE;
    lawful date;
    dropped bigint;
BEGIN
    SELECT * INTO newest FROM trail_seals ORDER BY day DESC LIMIT 1;
    IF newest.id IS NULL OR NOT EXISTS (SELECT FROM trail_rows WHERE day < newest.kept_from) THEN
        RETURN 0;
    END IF;
    lawful := least(newest.day, (clock_timestamp() AT TIME ZONE 'UTC' + interval '8 hours')::date) - interval '6 months';
    IF EXISTS (SELECT FROM trail_rows WHERE day < newest.kept_from AND day >= lawful) THEN
        RAISE EXCEPTION 'rows of the trail are kept for six months' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NOT EXISTS (
        SELECT FROM custody_entries
        WHERE event = 'trail:seal' AND subject = 'trail/' || newest.id AND refused_by IS NULL
        AND position(convert_to('"kept_from":"' || to_char(newest.kept_from, 'YYYY-MM-DD') || '"', 'UTF8') IN leaf) > 0
    ) THEN
        RAISE EXCEPTION 'the log does not hold the newest seal of the trail'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    DELETE FROM trail_rows WHERE day < newest.kept_from;
    GET DIAGNOSTICS dropped = ROW_COUNT;
    RETURN dropped;
END $$
"""
_BEFORE = """
DECLARE dropped bigint;
BEGIN
    DELETE FROM trail_rows WHERE day < (SELECT kept_from FROM trail_seals ORDER BY day DESC LIMIT 1);
    GET DIAGNOSTICS dropped = ROW_COUNT;
    RETURN dropped;
END $$
"""


def _make(body: str) -> None:
    schema = op.get_bind().exec_driver_sql("SELECT quote_ident(current_schema())").scalar()
    op.execute(_HEAD.format(schema=schema) + body)


def upgrade() -> None:
    """Make the function anew; whom it is granted to stays."""
    _make(_DROP)


def downgrade() -> None:
    """Bring the older one back."""
    _make(_BEFORE)
