"""Custody entries: who did what to which, when – and the exact bytes that become a leaf of the log.

An event is `noun:verb`, exactly two parts, the noun being a file name of every layer. A leaf carries no
personal data: actors are opaque ids, reasons are salted commitments. Leaf bytes can never be changed later.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from schemas.base import Frozen, UtcDatetime, parse_rfc3339, rfc3339
from schemas.canonical import canonical_bytes, parse_canonical
from schemas.event import Event
from schemas.ids import EntryId
from schemas.refusals_custody import EVENT_UNKNOWN, LEAF_INVALID, LEAF_TOO_LONG

LEAF_VERSION = 1
MAX_LEAF_BYTES = 65_535
"""C2SP tlog-tiles: an entry bundle gives each entry a 16-bit length."""


class CustodyEntry(Frozen):
    """One entry before it has an index. `subject` is `noun/uuid`; `facts` are integers, text and digests.

    Optional facts are left out, never null.
    """

    entry_id: EntryId
    event: Event
    actor: str
    subject: str
    at: UtcDatetime
    facts: Mapping[str, Any]


def leaf_bytes(entry: CustodyEntry) -> bytes:
    """Return the RFC 8785 bytes that are hashed into the log.

    Raises:
        Invalid: the leaf would be longer than 65,535 bytes.
        ManifestInvalid: a fact is outside the canonical profile (float, null, huge integer).
    """
    payload = canonical_bytes(_document(entry))
    if len(payload) > MAX_LEAF_BYTES:
        raise LEAF_TOO_LONG(f"a custody entry of {len(payload)} bytes is too long for the log")
    return payload


def _document(entry: CustodyEntry) -> dict[str, Any]:
    return {
        "v": LEAF_VERSION,
        "id": str(entry.entry_id),
        "event": entry.event.value,
        "actor": entry.actor,
        "subject": entry.subject,
        "at": rfc3339(entry.at),
        "facts": dict(entry.facts),
    }


def parse_leaf(payload: bytes) -> CustodyEntry:
    """Return the entry whose leaf is exactly these bytes.

    Raises:
        Invalid: slug `leaf-invalid`, or that of the broken canonical rule; nothing but the bytes that
            `leaf_bytes` makes is a leaf.
    """
    value = parse_canonical(payload)
    try:
        entry = CustodyEntry(
            entry_id=EntryId(UUID(value["id"])),
            event=parse_event(value["event"]),
            actor=value["actor"],
            subject=value["subject"],
            at=parse_rfc3339(value["at"]),
            facts=value["facts"],
        )
    except (KeyError, ValueError, TypeError, AttributeError) as err:
        raise LEAF_INVALID("the bytes are not a custody entry") from err
    is_version = value.get("v") == LEAF_VERSION and value["v"] is not True  # True equals 1
    if len(payload) > MAX_LEAF_BYTES or not is_version or _document(entry) != value:
        raise LEAF_INVALID("the bytes say more or less than a custody entry")
    return entry


def commitment(salt: bytes, text: str) -> str:
    """Return a salted commitment to personal text: hex SHA-256(salt || UTF-8 text).

    The salt stays in a table that may be erased; the leaf stays forever.
    """
    return hashlib.sha256(salt + text.encode()).hexdigest()


def parse_event(text: str) -> Event:
    """Return the event named by `text`.

    Raises:
        Invalid: not an event of this log.
    """
    try:
        return Event(text)
    except ValueError as err:
        raise EVENT_UNKNOWN(f"{text!r} is not an event of the custody log") from err


def subject(noun: str, ident: UUID) -> str:
    """Return `noun/uuid`, the form in which a leaf names what it is about."""
    return f"{noun}/{ident}"


class SequencedEntry(Frozen):
    """An entry as the log holds it."""

    entry: CustodyEntry
    leaf_hash: bytes
    leaf_index: int | None
    recorded_at: datetime
