"""A leaf carries the ticket of whoever wrote it; the signer says what it never indexes, and when a checkpoint is told.

Entries of before have no ticket, and are asked for none: tickets begin with the first key that the log announces. Checkpoints
of before are told once their leaves are kept outside the database. Rolling back forgets refusals and what was told; leaves and tickets
stay.

Revision ID: 20261130_0072
"""

import runpy
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "20261130_0072"
down_revision = "20261130_0077a"
branch_labels = None
depends_on = None

_ONLY_INDEX = """
CREATE OR REPLACE FUNCTION only_index() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF num_nonnulls(OLD.leaf_index, OLD.refused_by) > 0 OR num_nonnulls(NEW.leaf_index, NEW.refused_by) <> 1
       OR (to_jsonb(OLD) - 'leaf_index' - 'refused_by')
           IS DISTINCT FROM (to_jsonb(NEW) - 'leaf_index' - 'refused_by') THEN
        RAISE EXCEPTION 'a custody entry only ever gains its index, or its refusal'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
"""
_ONLY_INDEX_BEFORE = """
CREATE OR REPLACE FUNCTION only_index() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.leaf_index IS NOT NULL OR NEW.leaf_index IS NULL
       OR (to_jsonb(OLD) - 'leaf_index') IS DISTINCT FROM (to_jsonb(NEW) - 'leaf_index') THEN
        RAISE EXCEPTION 'a custody entry only ever gains its index'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
"""


_KEEP = """
CREATE FUNCTION keep_checkpoint() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.published_at IS NOT NULL OR NEW.published_at IS NULL
       OR (to_jsonb(OLD) - 'published_at' - 'published_from')
           IS DISTINCT FROM (to_jsonb(NEW) - 'published_at' - 'published_from') THEN
        RAISE EXCEPTION 'a checkpoint only ever gains the time when it was published'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_checkpoint BEFORE UPDATE ON checkpoints FOR EACH ROW EXECUTE FUNCTION keep_checkpoint();
DROP TRIGGER append_only ON checkpoints;
CREATE TRIGGER append_only BEFORE DELETE ON checkpoints FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
_KEEP_BEFORE = """
DROP TRIGGER append_only ON checkpoints;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON checkpoints FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP TRIGGER keep_checkpoint ON checkpoints;
DROP FUNCTION keep_checkpoint();
"""


def upgrade() -> None:
    """Make the columns, and put the functions that fill and read them in the place of those of before."""
    op.add_column("custody_entries", sa.Column("ticket_kid", sa.Text(), nullable=True))
    op.add_column("custody_entries", sa.Column("refused_by", sa.LargeBinary(), nullable=True))
    _moved(
        "ticket_kid = convert_from(substr(ticket, 65), 'UTF8'), ticket = substr(ticket, 1, 64)"
        " WHERE length(ticket) > 64"
    )
    refused = sa.text("refused_by IS NOT NULL")
    op.create_index("ix_custody_entries_refused", "custody_entries", ["id"], postgresql_where=refused)
    _pending("leaf_index IS NULL AND refused_by IS NULL")
    op.execute(_ONLY_INDEX)
    op.add_column("checkpoints", sa.Column("published_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("checkpoints", sa.Column("published_from", sa.BigInteger(), nullable=True))
    untold = sa.text("published_at IS NULL")
    op.create_index("ix_checkpoints_untold", "checkpoints", ["size"], postgresql_where=untold)
    op.execute(_KEEP)
    _drop()
    for before, pairs in (
        (_of_0007("_APPEND"), _ONE),
        (_of_0036("_APPEND"), _MANY),
        (_of_0007("_HOLD"), _HELD),
    ):
        op.execute(_changed(before, *pairs))


def downgrade() -> None:
    """Put back what was there."""
    _drop()
    for before in (_of_0007("_APPEND"), _of_0036("_APPEND"), _of_0007("_HOLD")):
        op.execute(before)
    op.execute(_KEEP_BEFORE)
    op.drop_index("ix_checkpoints_untold", table_name="checkpoints")
    op.drop_column("checkpoints", "published_from")
    op.drop_column("checkpoints", "published_at")
    op.execute(_ONLY_INDEX_BEFORE)
    _pending("leaf_index IS NULL")
    op.drop_index("ix_custody_entries_refused", table_name="custody_entries")
    _moved("ticket = ticket || convert_to(ticket_kid, 'UTF8') WHERE ticket_kid IS NOT NULL")
    op.drop_column("custody_entries", "refused_by")
    op.drop_column("custody_entries", "ticket_kid")


def _moved(change: str) -> None:
    """Keep a ticket's key beside it while there is no column for it: what was signed stays signed on the way back."""
    op.execute("ALTER TABLE custody_entries DISABLE TRIGGER only_index")
    op.execute(f"UPDATE custody_entries SET {change}")  # noqa: S608 - words of this file
    op.execute("ALTER TABLE custody_entries ENABLE TRIGGER only_index")


def _pending(wanted: str) -> None:
    op.drop_index("ix_custody_entries_pending", table_name="custody_entries")
    op.create_index("ix_custody_entries_pending", "custody_entries", ["id"], postgresql_where=sa.text(wanted))


def _drop() -> None:
    for name in ("append_leaf", "append_leaves", "hold_chains"):
        op.execute(f"DROP FUNCTION {name}")


_INTO = ("at, leaf, digest, leaf_hash)", "at, leaf, digest, leaf_hash, ticket, ticket_kid)")
_ONE = (
    ("digest bytea, leaf_hash bytea,", "digest bytea, leaf_hash bytea, ticket bytea, ticket_kid text,"),
    _INTO,
)
_MANY = (
    ("leaf_hashes bytea[],", "leaf_hashes bytea[], tickets bytea[], ticket_kids text[],"),
    _INTO,
    (
        "one.leaf, one.digest, one.leaf_hash\n",
        "one.leaf, one.digest, one.leaf_hash, one.ticket, one.ticket_kid\n",
    ),
    ("leaves, digests, leaf_hashes)", "leaves, digests, leaf_hashes, tickets, ticket_kids)"),
    ("subject, leaf, digest, leaf_hash, k)", "subject, leaf, digest, leaf_hash, ticket, ticket_kid, k)"),
)
_HELD = (
    ("leaf bytea, taken_at timestamptz)", "leaf bytea, is_refused boolean, taken_at timestamptz)"),
    ("leaf := NULL;", "leaf := NULL; is_refused := false;"),
    (
        "SELECT entry.leaf INTO leaf FROM",
        "SELECT entry.leaf, entry.refused_by IS NOT NULL INTO leaf, is_refused FROM",
    ),
)


def _changed(before: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        if old not in before and new not in before:
            raise RuntimeError(f"the function of before does not hold {old!r}")
        before = before if new in before else before.replace(old, new)
    return before


def _of_0007(name: str) -> str:
    return _of("20261128_0007_quick_record.py", name)


def _of_0036(name: str) -> str:
    return _of("20261129_0036_many_leaves.py", name)


def _of(file: str, name: str) -> str:
    known: dict[str, Any] = runpy.run_path(str(Path(__file__).with_name(file)))
    return str(known[name])
