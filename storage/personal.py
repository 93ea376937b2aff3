"""Personal data on its way into the database and out of it: sealed before a statement is sent, opened behind it.

The key goes with the connections (`storage.pool`), so that whatever reads or writes over one of them has the same; it
stands in no statement, and neither does what it seals. A process without it does everything else.
"""

import secrets
from collections.abc import Mapping
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Connection, Table

from schemas.act import Act
from schemas.personal import NONCE_BYTES, PersonalSeal, is_personal, is_sealed
from schemas.refusals_personal import PERSONAL_KEY_MISSING
from storage.settings import StorageSettings, seed
from storage.tables.base import PERSONAL_SEAL

_OPENINGS = "openings.opening"
_ANSWERS = "idempotency_keys.answer"


def personal_seal(settings: StorageSettings) -> PersonalSeal | None:
    """Return what seals personal data; None where this process has no key.

    Raises:
        ValueError: the key is malformed; the message names the variable, never the value.
    """
    if settings.personal_key is None:
        return None
    before = settings.personal_key_before
    # A file that compose mounts where there is no key before is empty.
    former = PersonalSeal(seed(before, "PERSONAL_KEY_BEFORE")) if before else None
    return PersonalSeal(seed(settings.personal_key, "PERSONAL_KEY"), former)


def seal_of(connection: Connection) -> PersonalSeal:
    """Return what seals and opens personal data over this connection.

    Raises:
        Unavailable: this process has no key (slug `personal-key-missing`).
    """
    found: PersonalSeal | None = connection.get_execution_options().get(PERSONAL_SEAL)
    if found is None:
        raise PERSONAL_KEY_MISSING("PERSONAL_KEY (or PERSONAL_KEY_FILE) is not set")
    return found


def sealed(connection: Connection, column: Column[Any], row: UUID, plain: str | bytes | None) -> bytes | None:
    """Return what is kept of a value in a column of one row.

    Raises:
        Unavailable: this process has no key (slug `personal-key-missing`).
    """
    if plain is None:
        return None
    payload = plain.encode() if isinstance(plain, str) else plain
    nonce = secrets.token_bytes(NONCE_BYTES)
    return seal_of(connection).sealed(payload, nonce, _name(column), str(row))


def opened(connection: Connection, column: Column[Any], row: UUID, kept: bytes | None) -> str | None:
    """Return the text that a column of one row holds.

    Raises:
        IntegrityBroken: it does not open (slug `personal-unreadable`).
        Unavailable: this process has no key (slug `personal-key-missing`).
    """
    return None if kept is None else opened_bytes(connection, column, row, kept).decode()


def opened_bytes(connection: Connection, column: Column[Any], row: UUID, kept: bytes) -> bytes:
    """Return the bytes that a column of one row holds; raises as `opened`."""
    return seal_of(connection).opened(kept, _name(column), str(row))


def party_columns(
    connection: Connection, table: Table, row: UUID, given: Mapping[str, str | None]
) -> dict[str, Any]:
    """Return the columns of a row that hold who its party is: sealed, and as they are found.

    Args:
        connection: Where they go.
        table: `cases` or `monitoring_records`, which name these columns alike.
        row: Its id.
        given: `party`, `party_code` or both, in clear; what is left out is left as it is.

    Raises:
        Unavailable: this process has no key (slug `personal-key-missing`).
    """
    kept: dict[str, Any] = {
        name: sealed(connection, table.c[name], row, text) for name, text in given.items()
    }
    if "party" in given:
        kept["party_tokens"] = tokens(connection, table.c.party, given["party"] or "")
    if "party_code" in given:
        kept["party_code_digest"] = code_digest(connection, table.c.party_code, given["party_code"])
    return kept


def tokens(connection: Connection, column: Column[Any], text: str) -> list[int]:
    """Return the tokens of a text in a column; raises as `seal_of`."""
    return seal_of(connection).tokens(_name(column), text)


def asked_tokens(connection: Connection, column: Column[Any], text: str) -> list[list[int]]:
    """Return the tokens by which a word is looked for, under every key that values may stand under; raises as `seal_of`."""
    return [one.asked(_name(column), text) for one in seal_of(connection).known]


def code_digest(connection: Connection, column: Column[Any], code: str | None) -> bytes | None:
    """Return by what a whole code is found in a column; raises as `seal_of`."""
    return None if code is None else seal_of(connection).digest(_name(column), code.encode())


def asked_digests(connection: Connection, column: Column[Any], code: str) -> list[bytes]:
    """Return the same under every key that values may stand under; raises as `seal_of`."""
    return [one.digest(_name(column), code.encode()) for one in seal_of(connection).known]


def content_digests(connection: Connection, sha256: bytes) -> list[bytes]:
    """Return what is kept of the digest of a monitoring row: in clear it would let guesses of the row be tried.

    Returns:
        One of every key that values may stand under; the first is what is kept of a new row.

    Raises:
        Unavailable: this process has no key (slug `personal-key-missing`).
    """
    return [one.digest("monitoring_records.raw", sha256) for one in seal_of(connection).known]


def kept_opening(
    connection: Connection, kind: type[Act], digest: bytes, member: str, opening: bytes
) -> bytes:
    """Return what is kept of what opens a member of a leaf: sealed where it is personal data.

    Raises:
        Unavailable: it is, and this process has no key (slug `personal-key-missing`).
    """
    if not is_personal(kind, member):
        return opening
    nonce = secrets.token_bytes(NONCE_BYTES)
    return seal_of(connection).sealed(opening, nonce, _OPENINGS, _opening(digest, member))


def shown_opening(connection: Connection, digest: bytes, member: str, kept: bytes) -> bytes:
    """Return what opens a member of a leaf; raises as `opened`."""
    if not is_sealed(kept):
        return kept
    return seal_of(connection).opened(kept, _OPENINGS, _opening(digest, member))


def kept_answer(connection: Connection, sender: str, key: str, answer: bytes) -> bytes:
    """Return what is kept of an answer until it may be asked for again.

    Without a key nothing personal can have been answered, and the answer is kept as it is.
    """
    found: PersonalSeal | None = connection.get_execution_options().get(PERSONAL_SEAL)
    if found is None:
        return answer
    return found.sealed(answer, secrets.token_bytes(NONCE_BYTES), _ANSWERS, _answer(sender, key))


def shown_answer(connection: Connection, sender: str, key: str, kept: bytes) -> bytes:
    """Return an answer that was kept; raises as `opened`."""
    if not is_sealed(kept):
        return kept
    return seal_of(connection).opened(kept, _ANSWERS, _answer(sender, key))


def kept_fingerprints(connection: Connection, fingerprint: bytes) -> list[bytes]:
    """Return what is kept of what a request asked: its digest in clear would let guesses of a name be tried.

    Returns:
        One of every key that may have been in use; the first is what is kept of a new request.
    """
    found: PersonalSeal | None = connection.get_execution_options().get(PERSONAL_SEAL)
    if found is None:
        return [fingerprint]
    return [one.digest("idempotency_keys.fingerprint", fingerprint) for one in found.known]


@cache
def _name(column: Column[Any]) -> str:
    return f"{column.table.name}.{column.name}"


def _opening(digest: bytes, member: str) -> str:
    return f"{digest.hex()}/{member}"


def _answer(sender: str, key: str) -> str:
    return f"{sender}/{key}"
