"""What the log gives back, and how a text is committed to."""

import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from schemas.act import Act
from schemas.base import Frozen
from schemas.errors import Invalid
from schemas.event import Event
from schemas.ids import EntryId
from schemas.leaf import Leaf, Unknown, parse_leaf
from schemas.opening import Shown
from schemas.refusals_custody import LEAF_BROKEN
from schemas.ticket import Ticket

_WORDS = re.compile(r"[A-Za-z0-9/_.-]*")


class Appended(Frozen):
    """What a receipt can promise at once: the leaf's id, bytes, digest, entry hash and ticket, and its places by chain."""

    entry_id: EntryId
    leaf: bytes
    digest: str
    leaf_hash: bytes
    ticket: Ticket
    places: Mapping[str, int]


class Logged(Frozen):
    """A leaf as the log holds it; `leaf_index` None: committed, not yet in the tree. `known` opens what it can."""

    leaf: Leaf
    digest: str
    leaf_hash: bytes
    leaf_index: int | None

    @property
    def act(self) -> Act | Unknown:
        """Return the typed act."""
        return self.leaf.act

    @property
    def event(self) -> Event:
        """Return what was done; pages say it in the words of the catalogue."""
        return Event(self.leaf.event)

    @property
    def entry_id(self) -> EntryId:
        """Return the leaf's id."""
        return EntryId(UUID(self.leaf.id))

    @property
    def recorded_at(self) -> datetime:
        """Return when the act was."""
        return self.leaf.at


def words_array(words: Iterable[str]) -> str:
    """Return words as PostgreSQL spells an array of them; every act sends five, and a driver's list costs thrice that.

    Raises:
        ValueError: a word has more than letters, digits and `/ _ . -`, and would need quoting.
    """
    listed = list(words)
    if not _WORDS.fullmatch("".join(listed)):
        raise ValueError("a word of an array needs quoting")
    return f"{{{','.join(listed)}}}"


def bytes_array(values: Iterable[bytes]) -> str:
    """Return bytes as PostgreSQL spells an array of them."""
    return "{" + ",".join(f"\\\\x{value.hex()}" for value in values) + "}"


def shown(value: Any) -> Shown[Any] | None:  # noqa: ANN401 - text, number or list
    """Return a value with a fresh salt of 16 bytes, to be committed to; None and empty text are no member."""
    if value is None or value == "":
        return None
    return Shown(tuple(value) if isinstance(value, list) else value, secrets.token_hex(16))


def logged(row: Row[Any]) -> Logged:
    """Return a row of the log as its leaf.

    Raises:
        IntegrityBroken: the leaf is none (slug `leaf-broken`).
    """
    try:
        leaf = parse_leaf(row.leaf)
    except Invalid as err:
        raise LEAF_BROKEN(f"leaf of entry {row.entry_id} is no leaf") from err
    return Logged(leaf=leaf, digest=row.digest.hex(), leaf_hash=row.leaf_hash, leaf_index=row.leaf_index)
