"""The log of a restored database, brought to where it was published: from the pieces that the evidence store keeps.

1. The pieces behind what the database has are read once: which leaves there are, and how far each chain goes.
2. Entries that were made since the restore, and stand where such a leaf stands, give up their places and all that follows
   on them. They stay as they are; the signer refuses them, as they do not go on with their chains.
3. The pieces are read again, their leaves entered with index, ticket and places, and the tree extended, until its root is
   the one that the log signed. So nothing is believed but what its key signed.
4. Chains stand where their last leaf stands, and database, store and file are held against each other as at every start.

One transaction, of the role that owns the tables: a crash leaves the database as it was restored. What a piece does not
hold comes back with no rebuild: the rows of acts, and the texts that open their commitments; `fsck` names what is missing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import Connection, insert, select, text

from schemas.chain import entry_hash, leaf_digest
from schemas.checkpoint import Checkpoint
from schemas.errors import Invalid
from schemas.journal import Journal, Kept
from schemas.leaf import Leaf, parse_leaf
from schemas.merkle import extend, root_from_tiles
from schemas.reference import ident_of
from schemas.refusals_custody import JOURNAL_BROKEN, LOG_BUSY, LOG_DIFFERS_STORE, SEQUENCE_BROKEN
from storage.custody.anchor import Anchors, published
from storage.custody.chains import stand
from storage.custody.tree import hold_tree, last_signed, log_size, stored_tile, write_tiles
from storage.tables.custody import chains, checkpoints, custody_entries

_AT_ONCE = 500
_HERE = select(custody_entries.c.digest).order_by(custody_entries.c.leaf_index)
_ENTER = text(
    """
    INSERT INTO custody_entries (entry_id, event, ev, actor, subject, agency_id, at, leaf, digest, leaf_hash,
        ticket, ticket_kid, leaf_index)
    VALUES (:entry_id, :event, :ev, :actor, :subject, coalesce(
        (SELECT id FROM agencies WHERE id = CAST(:agency AS uuid)),
        (SELECT agency_id FROM custody_entries
            WHERE subject = :subject AND agency_id IS NOT NULL ORDER BY id DESC LIMIT 1),
        (SELECT one.agency_id FROM chain_places AS place JOIN custody_entries AS one ON one.id = place.entry
            WHERE place.of = :of AND one.agency_id IS NOT NULL ORDER BY place.n DESC LIMIT 1)
    ), :at, :leaf, :digest, :leaf_hash, :ticket, :kid, :index)
    ON CONFLICT (digest) DO UPDATE SET leaf_index = excluded.leaf_index
    """
)
"""Whose an entry is for its readers no leaf says: what its act, its thing or its chain names."""
_PLACE = text(
    """
    INSERT INTO chain_places (of, n, entry) SELECT :of, :n, id FROM custody_entries WHERE digest = :digest
    ON CONFLICT (of, n) DO NOTHING
    """
)
_OVERTAKEN = text(
    """
    WITH RECURSIVE overtaken AS (
        SELECT place.entry, place.of, place.n FROM chain_places AS place
        JOIN custody_entries AS one ON one.id = place.entry
        WHERE one.leaf_index IS NULL AND place.of = ANY(:ofs) AND NOT one.digest = ANY(:digests)
        UNION
        SELECT other.entry, other.of, other.n FROM overtaken
        JOIN chain_places AS beside ON beside.entry = overtaken.entry
        JOIN chain_places AS later ON later.of = beside.of AND later.n >= beside.n
        JOIN chain_places AS other ON other.entry = later.entry
        JOIN custody_entries AS one ON one.id = other.entry
        WHERE one.leaf_index IS NULL AND NOT one.digest = ANY(:digests)
    )
    SELECT DISTINCT entry, of FROM overtaken
    """
)
_FREE = text("DELETE FROM chain_places WHERE entry = ANY(:entries)")
_RENAME = text(
    """
    UPDATE custody_entries SET entry_id = gen_random_uuid()
    WHERE leaf_index IS NULL AND entry_id = ANY(:named) AND NOT digest = ANY(:digests)
    """
)


class Rebuilt(NamedTuple):
    """What became of the log.

    Attributes:
        before: So many entries the database had.
        size: So many it has.
        overtaken: So many entries that were made since the restore follow on nothing now; the signer will refuse them.
    """

    before: int
    size: int
    overtaken: int


class _Ahead(NamedTuple):
    """What the store has and the database has not: digests, ids of leaves, and the chains that they stand in."""

    digests: list[bytes]
    named: list[str]
    chains: set[str]


class Rebuilder:
    """The rebuilding of one transaction."""

    def __init__(self, connection: Connection, anchors: Anchors) -> None:
        self._connection = connection
        self._anchors = anchors

    def run(self, at: datetime) -> Rebuilt:
        """Enter what was published and is missing; nothing changes where nothing is.

        Args:
            at: When it is done: the time at which what is entered counts as told.

        Raises:
            Conflict: a signer is at work (slug `log-busy`).
            IntegrityBroken: the database is no beginning of what was published (`log-differs-store`, `sequence-broken`),
                a piece cannot be read (`journal-broken`), or as `Anchors.check`: there is no way on but another log.
            Unavailable: the evidence store does not answer.
        """
        if not hold_tree(self._connection):
            raise LOG_BUSY("a signer is at work: stop every process first")
        before = self._size()
        self._require_beginning(before)
        ahead = self._ahead(before)
        overtaken = 0
        if ahead.digests:
            with self._unguarded():
                overtaken = self._make_room(ahead)
                self._enter_all(at)
                for of in sorted(ahead.chains):
                    if not stand(self._connection, of):
                        self._connection.execute(chains.delete().where(chains.c.of == of))
        self._anchors.check(self._connection, at, writes_file=False)
        return Rebuilt(before, self._size(), overtaken)

    def _size(self) -> int:
        size, last = log_size(self._connection), last_signed(self._connection)
        if size != (0 if last is None else last.size):
            raise SEQUENCE_BROKEN(f"{size} entries have an index, and not so many were signed")
        return size

    def _start(self) -> int:
        last = published(self._connection)
        return 0 if last is None else int(last.size)

    def _require_beginning(self, size: int) -> None:
        """Of the piece within which the database ends it must have the first leaves."""
        start = self._start()
        found = self._anchors.piece(start)
        if found is None:
            return
        here = self._connection.scalars(_HERE.where(custody_entries.c.leaf_index >= start)).all()
        there = [bytes.fromhex(leaf_digest(one.leaf)) for one in found[0].leaves]
        width = min(len(here), len(there))
        if len(here) != size - start or [bytes(one) for one in here[:width]] != there[:width]:
            raise LOG_DIFFERS_STORE(f"the database went another way from entry {start} on")

    def _ahead(self, size: int) -> _Ahead:
        ahead = _Ahead([], [], set())
        for journal, _ in self._anchors.pieces(self._start()):
            for kept in journal.leaves[max(0, size - journal.start) :]:
                leaf = _leaf(kept)
                ahead.digests.append(bytes.fromhex(leaf_digest(kept.leaf)))
                ahead.named.append(leaf.id)
                ahead.chains.update(place.of for place in leaf.chains)
        return ahead

    @contextmanager
    def _unguarded(self) -> Iterator[None]:
        """Let places and ids of entries that never had an index change; whoever owns the tables alone may."""
        guards = (("chain_places", "append_only"), ("custody_entries", "only_index"))
        for table, guard in guards:
            self._connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {guard}"))
        yield  # an error rolls all of it back
        for table, guard in guards:
            self._connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER {guard}"))

    def _make_room(self, ahead: _Ahead) -> int:
        asked = {"ofs": sorted(ahead.chains), "digests": ahead.digests}
        rows = self._connection.execute(_OVERTAKEN, asked).all()
        entries = sorted({row.entry for row in rows})
        self._connection.execute(_FREE, {"entries": entries})
        # Whatever is done again after a restore, like a job, makes the leaf of the same id.
        self._connection.execute(_RENAME, {"named": ahead.named, "digests": ahead.digests})
        ahead.chains.update(row.of for row in rows)
        return len(entries)

    def _enter_all(self, at: datetime) -> None:
        for journal, head in self._anchors.pieces(self._start()):
            self._enter(journal, head)
            self._anchors.note(self._connection, journal, at)

    def _enter(self, journal: Journal, head: Checkpoint) -> None:
        size = log_size(self._connection)
        missing = journal.leaves[max(0, size - journal.start) :]
        for first in range(0, len(missing), _AT_ONCE):
            self._add(size + first, missing[first : first + _AT_ONCE])
        if root_from_tiles(head.size, cache(self._tile)) != head.root:
            raise LOG_DIFFERS_STORE(f"the leaves do not lead to the signed root of {head.size}")
        signed_at = _leaf(journal.leaves[-1]).at
        if self._is_new(head):
            told = {"size": head.size, "root": head.root, "note": journal.note, "signed_at": signed_at}
            self._connection.execute(insert(checkpoints).values(**told))

    def _is_new(self, head: Checkpoint) -> bool:
        known = select(checkpoints.c.size).where(checkpoints.c.size == head.size)
        return self._connection.scalar(known) is None

    def _add(self, size: int, leaves: tuple[Kept, ...]) -> None:
        rows = [_row(size + number, one) for number, one in enumerate(leaves)]
        self._connection.execute(_ENTER, rows)
        places = [
            {"of": place.of, "n": place.n, "digest": bytes.fromhex(leaf_digest(one.leaf))}
            for one in leaves
            for place in _leaf(one).chains
        ]
        if places:
            self._connection.execute(_PLACE, places)
        hashes = [bytes.fromhex(entry_hash(leaf_digest(one.leaf))) for one in leaves]
        write_tiles(self._connection, extend(self._tile, size, hashes))

    def _tile(self, level: int, n: int) -> bytes:
        return stored_tile(self._connection, level, n)


def _leaf(kept: Kept) -> Leaf:
    try:
        return parse_leaf(kept.leaf)
    except Invalid as err:
        raise JOURNAL_BROKEN("a piece of the log holds a line that is no leaf") from err


def _row(index: int, kept: Kept) -> dict[str, object]:
    leaf, digest = _leaf(kept), leaf_digest(kept.leaf)
    agency = getattr(leaf.act, "agency", None)
    return {
        "agency": ident_of(agency) if isinstance(agency, str) else None,
        "of": next((place.of for place in leaf.chains), ""),
        "entry_id": leaf.id,
        "event": leaf.event,
        "ev": leaf.ev,
        "actor": leaf.actor,
        "subject": leaf.subject,
        "at": leaf.at,
        "leaf": kept.leaf,
        "digest": bytes.fromhex(digest),
        "leaf_hash": bytes.fromhex(entry_hash(digest)),
        "ticket": None if kept.ticket is None else kept.ticket.signature,
        "kid": None if kept.ticket is None else kept.ticket.kid,
        "index": index,
    }
