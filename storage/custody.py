"""The custody log: entries appended by every change, sequenced and signed by one run at a time.

Life of an entry:

1. `append` inserts it in the transaction of the change it speaks of: no index, no lock, nothing to wait for.
   A crash before the commit leaves neither the change nor the entry.
2. `sequence` gives committed entries their indices in id order and extends the tiles. It looks for entries
   without an index, never for ids above the last one: identity values become visible out of order.
3. `sign` proves to itself that the tiles still extend the last checkpoint, then signs the next one.

2 and 3 share one transaction and one advisory lock. A crash in it leaves the entries without an index; the
next run starts over. A log that was cut or rewritten is not signed again, whoever asks.
"""

import secrets
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from schemas.base import Frozen
from schemas.checkpoint import Checkpoint, checkpoint_text, open_checkpoint, proof_text
from schemas.custody import CustodyEntry, SequencedEntry, commitment, leaf_bytes, leaf_hash, parse_leaf
from schemas.ids import AgencyId, EntryId
from schemas.merkle import Tiles, extend, inclusion_proof, root_from_tiles, verify_inclusion
from schemas.note import sign_note, vkey_of_seed
from schemas.ours import ours
from schemas.refusals_custody import (
    CHECKPOINT_BROKEN,
    ENTRY_UNKNOWN,
    LEAF_BROKEN,
    LOG_KEY_DIFFERS,
    LOG_REWRITTEN,
    LOG_ROLLED_BACK,
    SEQUENCE_BROKEN,
    TILE_BROKEN,
)
from storage.tables.custody import checkpoints, custody_entries, log_tiles

BATCH_ENTRIES = 2000
"""Entries per sequencing transaction: some 20 ms of work, 130 MB in the worst case of 64 KiB leaves."""

_LOCK = 0x5143_4C47
"""Advisory lock number of the sequencer; any constant that nothing else of ours uses."""

_ASSIGN = text(
    """
    UPDATE custody_entries AS entry SET leaf_index = :start + pending.position - 1
    FROM unnest(CAST(:ids AS bigint[])) WITH ORDINALITY AS pending (id, position)
    WHERE entry.id = pending.id AND entry.leaf_index IS NULL
    """
)


_Pending = Row[int, bytes, bytes]
_Head = Row[int, bytes, str]


class Appended(Frozen):
    """What a receipt can promise at once: the entry's id, its leaf bytes and their hash (32 bytes)."""

    entry_id: EntryId
    leaf: bytes
    leaf_hash: bytes


class CustodyLog:
    """The log over one connection; the caller's transaction decides what becomes true."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(self, entry: CustodyEntry, *, agency_id: AgencyId | None) -> Appended:
        """Insert the entry in the caller's transaction. It gets its index later.

        Raises:
            Invalid: the leaf is too long or holds a value outside the canonical profile.
        """
        leaf = leaf_bytes(entry)
        appended = Appended(entry_id=entry.entry_id, leaf=leaf, leaf_hash=leaf_hash(leaf))
        self._connection.execute(
            insert(custody_entries).values(
                entry_id=entry.entry_id,
                event=entry.event.value,
                actor=entry.actor,
                subject=entry.subject,
                agency_id=agency_id,
                at=entry.at,
                leaf=leaf,
                leaf_hash=appended.leaf_hash,
            )
        )
        return appended

    def position(self, entry_id: EntryId | None) -> int | None:
        """Return the index of an entry once a signed checkpoint holds it; None before."""
        signed = select(func.max(checkpoints.c.size)).scalar_subquery()
        index: int | None = self._connection.scalar(
            select(custody_entries.c.leaf_index).where(
                custody_entries.c.entry_id == entry_id, custody_entries.c.leaf_index < signed
            )
        )
        return index

    def size(self) -> int:
        """Count the sequenced entries; indices are gapless from 0."""
        highest = self._connection.scalar(select(func.max(custody_entries.c.leaf_index)))
        return 0 if highest is None else highest + 1

    def sequence(self, *, limit: int = BATCH_ENTRIES) -> int:
        """Give up to `limit` committed entries their indices and extend the tiles; returns how many.

        0 also when another run holds the lock. `sign` must follow in the same transaction.

        Raises:
            IntegrityBroken: a leaf is not what was hashed, or the tiles do not end where the entries do.
        """
        pending = self._pending(limit) if self._hold_lock() else []
        if not pending:
            return 0
        size = self.size()
        ids = [row.id for row in pending]
        assigned = self._connection.execute(_ASSIGN, {"start": size, "ids": ids}).rowcount
        if assigned != len(ids):
            raise SEQUENCE_BROKEN(f"{len(ids)} entries were to be sequenced, {assigned} were")
        self._write_tiles(extend(self._tile, size, [row.leaf_hash for row in pending]))
        return len(ids)

    def sign(self, seed: bytes, origin: str, *, at: datetime) -> Checkpoint | None:
        """Sign the present tree, having checked that it extends the last one signed.

        Args:
            seed: Ed25519 seed of the log, 32 bytes.
            origin: Name of the log and of its key.
            at: Server time, kept beside the checkpoint and not part of it.

        Returns:
            The new checkpoint; None when nothing new is there to sign, or another run holds the lock.

        Raises:
            IntegrityBroken: the tree is smaller than the last checkpoint or does not extend it, or that
                checkpoint is not ours. Nothing is signed.
        """
        if not self._hold_lock():
            return None
        size, last = self.size(), self._last_checkpoint()
        if last is not None:
            self._require_ours(last, vkey_of_seed(origin, seed))
            self._require_extended(last, size)
        if size == (0 if last is None else last.size):
            return None
        checkpoint = Checkpoint(origin=origin, size=size, root=root_from_tiles(size, cache(self._tile)))
        note = sign_note(checkpoint_text(checkpoint), origin, seed)
        self._connection.execute(
            insert(checkpoints).values(size=size, root=checkpoint.root, note=note, signed_at=at)
        )
        return checkpoint

    def waiting_since(self) -> datetime | None:
        """When the oldest entry without an index was made; None when every entry has its own."""
        oldest: datetime | None = self._connection.scalar(
            select(func.min(custody_entries.c.at)).where(custody_entries.c.leaf_index.is_(None))
        )
        return oldest

    def latest_checkpoint(self) -> str | None:
        """Return the newest signed note; None before the first."""
        last = self._last_checkpoint()
        return None if last is None else str(last.note)

    def signed_at(self) -> datetime | None:
        """Return when the newest checkpoint was signed, by the server's clock; None before the first."""
        at: datetime | None = self._connection.scalar(select(func.max(checkpoints.c.signed_at)))
        return at

    def proof(self, entry_id: EntryId) -> str | None:
        """Return the proof file (C2SP tlog-proof) of an entry; None while no checkpoint holds it.

        Raises:
            NotFound: no such entry.
            IntegrityBroken: the tiles do not lead from the entry to the signed root.
        """
        row = self._connection.execute(
            select(custody_entries.c.leaf_hash, custody_entries.c.leaf_index).where(
                custody_entries.c.entry_id == entry_id
            )
        ).one_or_none()
        if row is None:
            raise ENTRY_UNKNOWN("no such custody entry")
        last = self._last_checkpoint()
        if last is None or row.leaf_index is None or row.leaf_index >= last.size:
            return None
        path = inclusion_proof(row.leaf_index, last.size, cache(self._tile))
        with ours(TILE_BROKEN, "the tiles contradict the signed root"):
            verify_inclusion(path, index=row.leaf_index, size=last.size, leaf=row.leaf_hash, root=last.root)
        return proof_text(row.leaf_index, path, last.note)

    def leaf(self, entry_id: EntryId) -> bytes:
        """Return the leaf's bytes.

        Raises:
            NotFound: no such entry.
        """
        kept: bytes | None = self._connection.scalar(
            select(custody_entries.c.leaf).where(custody_entries.c.entry_id == entry_id)
        )
        if kept is None:
            raise ENTRY_UNKNOWN("no such custody entry")
        return bytes(kept)

    def entries_for(self, subject: str) -> tuple[SequencedEntry, ...]:
        """Return every entry about `noun/uuid`, oldest first.

        Raises:
            IntegrityBroken: a leaf is no custody entry.
        """
        rows = self._connection.execute(
            select(custody_entries).where(custody_entries.c.subject == subject).order_by(custody_entries.c.id)
        )
        return tuple(_sequenced(row) for row in rows)

    def _hold_lock(self) -> bool:
        return bool(self._connection.scalar(select(func.pg_try_advisory_xact_lock(_LOCK))))

    def _pending(self, limit: int) -> list[_Pending]:
        rows = self._connection.execute(
            select(custody_entries.c.id, custody_entries.c.leaf, custody_entries.c.leaf_hash)
            .where(custody_entries.c.leaf_index.is_(None))
            .order_by(custody_entries.c.id)
            .limit(limit)
        ).all()
        for row in rows:
            if leaf_hash(row.leaf) != row.leaf_hash:
                raise LEAF_BROKEN(f"leaf of row {row.id} was altered")
        return list(rows)

    def _tile(self, level: int, n: int) -> bytes:
        stored = self._connection.scalar(
            select(log_tiles.c.hashes).where(log_tiles.c.level == level, log_tiles.c.n == n)
        )
        return b"" if stored is None else bytes(stored)

    def _write_tiles(self, tiles: Tiles) -> None:
        statement = upsert(log_tiles).values(
            level=bindparam("level"), n=bindparam("n"), hashes=bindparam("hashes")
        )
        self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=[log_tiles.c.level, log_tiles.c.n],
                set_={"hashes": statement.excluded.hashes},
            ),
            [{"level": level, "n": n, "hashes": tile} for (level, n), tile in tiles.items()],
        )

    def _last_checkpoint(self) -> _Head | None:
        return self._connection.execute(
            select(checkpoints.c.size, checkpoints.c.root, checkpoints.c.note)
            .order_by(checkpoints.c.size.desc())
            .limit(1)
        ).one_or_none()

    def _require_ours(self, last: _Head, vkey: str) -> None:
        with ours(LOG_KEY_DIFFERS, "the last checkpoint is not signed by this key under this origin"):
            signed = open_checkpoint(last.note, vkey)
        if (signed.size, signed.root) != (last.size, last.root):
            raise CHECKPOINT_BROKEN("the last checkpoint's row contradicts its note")

    def _require_extended(self, last: _Head, size: int) -> None:
        if size < last.size:
            raise LOG_ROLLED_BACK(f"{last.size} entries were signed, {size} are left")
        if root_from_tiles(last.size, cache(self._tile)) != last.root:
            raise LOG_REWRITTEN(f"the tree no longer extends the checkpoint of size {last.size}")


class Committed(NamedTuple):
    """A text that stays in the database, its salt, and the commitment that enters the log instead of it."""

    text: str
    salt: bytes
    commitment: str


def committed(text: str) -> Committed:
    """Return `text` with a fresh salt of 16 bytes: personal words never enter a leaf."""
    salt = secrets.token_bytes(16)
    return Committed(text, salt, commitment(salt, text))


def _sequenced(row: Row[*tuple[Any, ...]]) -> SequencedEntry:
    with ours(LEAF_BROKEN, f"leaf of entry {row.entry_id} is no custody entry"):
        entry = parse_leaf(row.leaf)
    return SequencedEntry(
        entry=entry,
        leaf_hash=row.leaf_hash,
        leaf_index=row.leaf_index,
        recorded_at=row.at.astimezone(UTC),
    )
