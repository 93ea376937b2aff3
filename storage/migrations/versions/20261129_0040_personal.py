"""Names, codes and telephone numbers of parties are sealed under PERSONAL_KEY, and found by keyed tokens and digests.

Everything that stands is sealed in this one transaction, and every table that held it is written anew, so that no page of
it keeps the clear text. Logs of the database and copies from before still hold it: they end by their own time. With rows
there the key is needed; a server without any row migrates without it. 100,000 cases take about a minute, while writes
wait. Rolling back needs the key too, and leaves the clear text.

Revision ID: 20261129_0040
"""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from schemas.monitoring_row import kept_row
from schemas.personal import NONCE_BYTES, PersonalSeal
from schemas.refusals_personal import PERSONAL_KEY_MISSING

revision = "20261129_0040"
down_revision = "20261129_0039"
branch_labels = None
depends_on = None

_PAGE = 1_000
_OPENINGS = sa.text(
    """
    SELECT o.digest, o.member, o.opening FROM openings AS o JOIN custody_entries AS e USING (digest)
    WHERE o.opening IS NOT NULL AND (o.digest, o.member) > (:digest, :member)
      AND (e.event IN ('case:open', 'case:amend') AND o.member IN ('party', 'party_code')
           OR e.event = 'monitoring:notify' AND o.member = 'proof'
           OR e.event = 'intake:receive' AND o.member LIKE 'row.%')
    ORDER BY o.digest, o.member LIMIT 1000
    """
)
_KEEP_OPENING = sa.text("UPDATE openings SET opening = :opening WHERE digest = :digest AND member = :member")
_ANSWERS = sa.text("SELECT sender, key, fingerprint, answer FROM idempotency_keys")
_KEEP_ANSWER = sa.text(
    "UPDATE idempotency_keys SET fingerprint = :fingerprint, answer = :answer WHERE sender = :sender AND key = :key"
)
_KEEP_RAW = """
CREATE OR REPLACE FUNCTION keep_raw_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.raw, OLD.{0}, OLD.equipment_id, OLD.record_id, OLD.intake_id, OLD.intake_index)
       IS DISTINCT FROM
       (NEW.raw, NEW.{0}, NEW.equipment_id, NEW.record_id, NEW.intake_id, NEW.intake_index) THEN
        RAISE EXCEPTION 'what a monitoring record said never changes'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
"""
_GUARDED = ("monitoring_records", "notifications")
_WORDS = "search_grams(coalesce({0}, '') || ' ' || coalesce({1}, ''))"
_NUMBERS = "search_grams(coalesce({0}, ''))"

Change = Callable[[Any], dict[str, object]]


def upgrade() -> None:
    """Seal what stands; exchange the columns and indexes; write the tables anew."""
    with _as_kept():
        _parties("cases", "number")
        _parties("monitoring_records", "plate")
        op.execute("ALTER TABLE monitoring_records RENAME COLUMN content_sha256 TO content_digest")
        op.execute(_KEEP_RAW.format("content_digest"))
        _change("monitoring_records", ("raw", "content_digest"), _closed_row)
        _close_column("notifications", "proof")
        _each_opening(lambda seal, row: _seal(seal, bytes(row.opening), "openings.opening", _about(row)))
        _answers()
    for table, column in (
        *(("cases", "party"), ("monitoring_records", "raw"), ("notifications", "proof")),
        *(("openings", "opening"), ("idempotency_keys", "answer")),
    ):
        # Written anew: no page keeps a column that was dropped, or a row as it was.
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE bytea USING {column} || ''::bytea")


def downgrade() -> None:
    """Open what stands; exchange the columns and indexes back."""
    with _as_kept():
        _each_opening(lambda seal, row: seal.opened(bytes(row.opening), "openings.opening", _about(row)))
        op.execute("DELETE FROM idempotency_keys")
        _open_column("notifications", "proof", is_needed=True)
        _change("monitoring_records", ("raw", "content_digest"), _opened_row)
        op.execute("ALTER TABLE monitoring_records RENAME COLUMN content_digest TO content_sha256")
        op.execute(_KEEP_RAW.format("content_sha256"))
        for table, clear in (("monitoring_records", "plate"), ("cases", "number")):
            op.drop_index(f"ix_{table}_words", table_name=table)
            op.drop_index(f"ix_{table}_party_tokens", table_name=table)
            op.drop_index(f"ix_{table}_agency_id_party_code_digest", table_name=table)
            op.drop_column(table, "party_tokens")
            op.drop_column(table, "party_code_digest")
            _open_column(table, "party", is_needed=table == "cases")
            _open_column(table, "party_code", is_needed=False)
            op.create_index(f"ix_{table}_agency_id_party_code", table, ["agency_id", "party_code"])
            words = _WORDS.format(*(("number", "party") if clear == "number" else ("party", "plate")))
            op.create_index(f"ix_{table}_words", table, [sa.text(words)], postgresql_using="gin")


@contextmanager
def _as_kept() -> Iterator[None]:
    """Let rows be written that triggers keep as they are."""
    for table in _GUARDED:
        op.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield
    for table in _GUARDED:
        op.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def _seal_of() -> PersonalSeal:
    found: PersonalSeal | None = op.get_bind().get_execution_options().get("personal_seal")
    if found is None:
        raise PERSONAL_KEY_MISSING(
            "the migration seals names and codes of parties: set PERSONAL_KEY to base64 of 32 random bytes"
        )
    return found


def _seal(seal: PersonalSeal, plain: bytes, column: str, row: str) -> bytes:
    return seal.sealed(plain, secrets.token_bytes(NONCE_BYTES), column, row)


def _closed(table: str, name: str, row: Any) -> bytes | None:  # noqa: ANN401 - a row
    text = getattr(row, name)
    if text is None:
        return None
    plain = text.encode() if isinstance(text, str) else bytes(text)
    return _seal(_seal_of(), plain, f"{table}.{name}", str(row.id))


def _parties(table: str, clear: str) -> None:
    """Seal who the party is, and make what it is found by."""
    for index in ("words", "agency_id_party_code"):
        op.drop_index(f"ix_{table}_{index}", table_name=table)
    op.add_column(
        table,
        sa.Column("party_tokens", postgresql.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
    )
    op.add_column(table, sa.Column("party_code_digest", sa.LargeBinary(), nullable=True))

    def found_by(row: Any) -> dict[str, object]:  # noqa: ANN401 - a row
        seal, code = _seal_of(), row.party_code
        return {
            "party_tokens": seal.tokens(f"{table}.party", row.party or ""),
            "party_code_digest": None if code is None else seal.digest(f"{table}.party_code", code.encode()),
        }

    _change(table, ("party", "party_code"), found_by, writes=("party_tokens", "party_code_digest"))
    for name in ("party", "party_code"):
        _close_column(table, name, is_needed=(table, name) == ("cases", "party"))
    if table == "cases":
        op.alter_column(table, "party_tokens", server_default=None)
    op.create_index(f"ix_{table}_words", table, [sa.text(_NUMBERS.format(clear))], postgresql_using="gin")
    op.create_index(f"ix_{table}_party_tokens", table, ["party_tokens"], postgresql_using="gin")
    op.create_index(f"ix_{table}_agency_id_party_code_digest", table, ["agency_id", "party_code_digest"])


def _close_column(table: str, name: str, *, is_needed: bool = True) -> None:
    op.add_column(table, sa.Column("closed", sa.LargeBinary(), nullable=True))
    _change(table, (name,), lambda row: {"closed": _closed(table, name, row)}, writes=("closed",))
    _replace(table, name, "closed", is_needed=is_needed)


def _open_column(table: str, name: str, *, is_needed: bool) -> None:
    op.add_column(table, sa.Column("clear", sa.Text(), nullable=True))

    def clear(row: Any) -> dict[str, object]:  # noqa: ANN401 - a row
        kept = getattr(row, name)
        column = f"{table}.{name}"
        return {
            "clear": None if kept is None else _seal_of().opened(bytes(kept), column, str(row.id)).decode()
        }

    _change(table, (name,), clear, writes=("clear",))
    _replace(table, name, "clear", is_needed=is_needed)


def _replace(table: str, name: str, by: str, *, is_needed: bool) -> None:
    op.drop_column(table, name)
    op.alter_column(table, by, new_column_name=name)
    if is_needed:
        op.alter_column(table, name, nullable=False)


def _closed_row(row: Any) -> dict[str, object]:  # noqa: ANN401 - a row
    seal = _seal_of()
    return {
        "raw": _closed("monitoring_records", "raw", row),
        "content_digest": seal.digest("monitoring_records.raw", bytes(row.content_digest)),
    }


def _opened_row(row: Any) -> dict[str, object]:  # noqa: ANN401 - a row
    raw = _seal_of().opened(bytes(row.raw), "monitoring_records.raw", str(row.id))
    return {"raw": raw, "content_digest": kept_row(raw).content_sha256}


def _change(table: str, reads: tuple[str, ...], change: Change, *, writes: tuple[str, ...] = ()) -> None:
    """Write columns of every row, made of others, a page at a time."""
    written = ", ".join(f"{name} = :{name}" for name in writes or reads)
    keep = sa.text(f"UPDATE {table} SET {written} WHERE id = :id")  # noqa: S608 - names of this file
    listed = ", ".join(("id", *reads))
    pages = sa.text(f"SELECT {listed} FROM {table} WHERE id > :after ORDER BY id LIMIT {_PAGE}")  # noqa: S608
    connection, after = op.get_bind(), "00000000-0000-0000-0000-000000000000"
    while rows := connection.execute(pages, {"after": after}).all():
        connection.execute(keep, [{"id": row.id, **change(row)} for row in rows])
        after = str(rows[-1].id)


def _each_opening(change: Callable[[PersonalSeal, Any], bytes]) -> None:
    for rows in _openings():
        seal = _seal_of()
        op.get_bind().execute(
            _KEEP_OPENING,
            [{"digest": row.digest, "member": row.member, "opening": change(seal, row)} for row in rows],
        )


def _openings() -> Iterator[list[Any]]:
    place: Mapping[str, object] = {"digest": b"", "member": ""}
    while rows := list(op.get_bind().execute(_OPENINGS, place).all()):
        yield rows
        place = {"digest": rows[-1].digest, "member": rows[-1].member}


def _about(row: Any) -> str:  # noqa: ANN401 - a row
    return f"{bytes(row.digest).hex()}/{row.member}"


def _answers() -> None:
    """Answers that may still be asked for again; a server without the key has kept none that says who a party is."""
    seal: PersonalSeal | None = op.get_bind().get_execution_options().get("personal_seal")
    if seal is None:
        return
    for row in op.get_bind().execute(_ANSWERS).all():
        about = f"{row.sender}/{row.key}"
        answer = (
            None if row.answer is None else _seal(seal, bytes(row.answer), "idempotency_keys.answer", about)
        )
        asked = seal.digest("idempotency_keys.fingerprint", bytes(row.fingerprint))
        kept = {"sender": row.sender, "key": row.key, "fingerprint": asked, "answer": answer}
        op.get_bind().execute(_KEEP_ANSWER, kept)
