"""What the log gives back, and how a text is committed to."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row

from schemas.act import Act
from schemas.base import Frozen
from schemas.custody import CustodyEntry, commitment
from schemas.custody import parse_leaf as old_leaf
from schemas.errors import Invalid
from schemas.event import Event
from schemas.ids import EntryId
from schemas.leaf import Leaf, Unknown, parse_leaf
from schemas.opening import Shown
from schemas.refusals_custody import LEAF_BROKEN


class Appended(Frozen):
    """What a receipt can promise at once: the leaf's id, bytes, digest and entry hash, and its places by chain."""

    entry_id: EntryId
    leaf: bytes
    digest: str
    leaf_hash: bytes
    places: Mapping[str, int]


class Logged(Frozen):
    """A leaf as the log holds it; `leaf_index` None: committed, not yet in the tree. `known` opens what it can."""

    leaf: Leaf | CustodyEntry
    digest: str
    leaf_hash: bytes
    leaf_index: int | None

    @property
    def act(self) -> Act | Unknown | None:
        """Return the typed act; None for an entry of the old form."""
        return self.leaf.act if isinstance(self.leaf, Leaf) else None

    @property
    def event(self) -> Event:
        """Return what was done."""
        return Event(self.leaf.event)

    @property
    def entry_id(self) -> EntryId:
        """Return the leaf's id."""
        return EntryId(UUID(self.leaf.id)) if isinstance(self.leaf, Leaf) else self.leaf.entry_id

    @property
    def entry(self) -> "EntryView":
        """Return the leaf in the words of the old form: dies with its last caller."""
        leaf = self.leaf
        if isinstance(leaf, CustodyEntry):
            return EntryView(leaf.entry_id, leaf.event.value, leaf.actor, leaf.subject, leaf.at, leaf.facts)
        return EntryView(
            EntryId(UUID(leaf.id)), leaf.event, leaf.actor, leaf.subject, leaf.at, leaf.act.facts()
        )

    @property
    def recorded_at(self) -> datetime:
        """Return when the act was."""
        return self.leaf.at


class EntryView(NamedTuple):
    """What readers of the old form look at."""

    entry_id: EntryId
    event: str
    actor: str
    subject: str
    at: datetime
    facts: Mapping[str, Any]


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
        leaf = parse_leaf(row.leaf) if row.ev else old_leaf(row.leaf)
    except Invalid as err:
        raise LEAF_BROKEN(f"leaf of entry {row.entry_id} is no leaf") from err
    return Logged(leaf=leaf, digest=row.digest.hex(), leaf_hash=row.leaf_hash, leaf_index=row.leaf_index)


class Committed(NamedTuple):
    """A text that stays in the database, its salt, and the commitment that enters the log instead of it."""

    text: str
    salt: bytes
    commitment: str


def committed(text: str) -> Committed:
    """Return `text` with a fresh salt of 16 bytes: personal words never enter a leaf."""
    salt = secrets.token_bytes(16)
    return Committed(text, salt, commitment(salt, text))
