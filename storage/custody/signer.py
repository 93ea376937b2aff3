"""The signer's side of the log: committed entries get their indices, the tree grows, its head is signed.

1. `begin` writes what the log says of itself: that it is open, under which catalogue, with which keys. It is asked
   before anything is sequenced, in the same transaction: no other process comes between.
2. `sequence` gives committed entries their indices in id order and extends the tiles. It looks for entries
   without an index, never for ids above the last one: identity values become visible out of order.
3. `sign` proves to itself that the tiles still extend the last checkpoint, then signs the next one.

All share one transaction and one advisory lock. A crash in it leaves the entries without an index; the next run
starts over. A log that was cut or rewritten is not signed again, whoever asks.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from uuid import uuid4

from sqlalchemy import Connection, Row, bindparam, func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from schemas.act import Act
from schemas.chain import entry_hash, leaf_digest
from schemas.checkpoint import Checkpoint, checkpoint_text, open_checkpoint
from schemas.errors import Invalid
from schemas.ids import EntryId
from schemas.merkle import Tiles, extend, root_from_tiles
from schemas.note import sign_note, vkey_of_seed
from schemas.refusals_custody import (
    CHECKPOINT_BROKEN,
    LEAF_BROKEN,
    LOG_KEY_DIFFERS,
    LOG_REWRITTEN,
    LOG_ROLLED_BACK,
    SEQUENCE_BROKEN,
)
from storage.custody.custody import CustodyLog
from storage.custody.identity import LogIdentity, unsaid
from storage.custody.tree import last_checkpoint, log_size, stored_tile
from storage.tables.custody import checkpoints, custody_entries, log_tiles

BATCH_ENTRIES = 2000
"""Entries per sequencing transaction: some 20 ms of work, 32 MB in the worst case of 16 KiB leaves."""

_LOCK = 0x5143_4C47
"""Advisory lock number of the sequencer; any constant that nothing else of ours uses."""

_FIRST = select(custody_entries.c.subject).where(custody_entries.c.leaf_index == 0)
_ASSIGN = text(
    """
    UPDATE custody_entries AS entry SET leaf_index = :start + pending.position - 1
    FROM unnest(CAST(:ids AS bigint[])) WITH ORDINALITY AS pending (id, position)
    WHERE entry.id = pending.id AND entry.leaf_index IS NULL
    """
)

SIGNER = "service/signer"

_Pending = Row[int, bytes, bytes, bytes]
_Head = Row[int, bytes, str]


class Signer:
    """The one writer of indices, tiles and checkpoints over one connection."""

    def __init__(self, connection: Connection, clock: Callable[[], datetime] | None = None) -> None:
        self._connection = connection
        self._clock = clock

    def waits(self) -> bool:
        """Say whether an entry waits for its index; no also when another run holds the lock.

        Raises:
            IntegrityBroken: the leaf that waits is not what was hashed.
        """
        return self._hold_lock() and bool(self._pending(limit=1))

    def begin(self, log: LogIdentity, *, said_at: int | None = None) -> int | None:
        """Write what the log says of itself and does not say yet; returns the number of its chain's last leaf then.

        The first of a log is `log:open`, at index 0: nothing may be indexed before it. None, and nothing may be
        sequenced, where another run holds the lock, and where the log is empty and nothing waits.

        Args:
            log: What it is.
            said_at: The number at which it was seen to say all of it; a chain that has not gone on is not read again.

        Raises:
            IntegrityBroken: the log's chain does not stand where its last leaf does.
        """
        if not self._hold_lock():
            return None
        custody = CustodyLog(self._connection, self._clock)
        of = self._connection.scalar(_FIRST)
        if of is None and not self._pending(limit=1):  # an empty log is not begun
            return None
        length = 0 if of is None else custody.length(of)
        if length == said_at:
            return length
        said = () if of is None else tuple(one.act for one in custody.chain(of))
        acts = unsaid(log, said)
        if acts:
            self._say(custody, acts, of or f"log/{uuid4()}")
        return length + len(acts)

    def _say(self, custody: CustodyLog, acts: Sequence[Act], of: str) -> None:
        custody.hold(of)
        made = [custody.append(act, _about(act, of), of, actor=SIGNER) for act in acts]
        self._number([one.entry_id for one in made], [one.leaf_hash for one in made])

    def _number(self, entries: Sequence[EntryId], hashes: Sequence[bytes]) -> None:
        rows = {
            row.entry_id: row.id
            for row in self._connection.execute(
                select(custody_entries.c.entry_id, custody_entries.c.id).where(
                    custody_entries.c.entry_id.in_(entries)
                )
            )
        }
        self._assign([rows[one] for one in entries], hashes)

    def sequence(self, *, limit: int = BATCH_ENTRIES) -> int:
        """Give up to `limit` committed entries their indices and extend the tiles; returns how many.

        0 also when another run holds the lock. `sign` must follow in the same transaction.

        Raises:
            IntegrityBroken: a leaf is not what was hashed, or the tiles do not end where the entries do.
        """
        pending = self._pending(limit) if self._hold_lock() else []
        if not pending:
            return 0
        self._assign([row.id for row in pending], [row.leaf_hash for row in pending])
        return len(pending)

    def _assign(self, ids: Sequence[int], hashes: Sequence[bytes]) -> None:
        size = log_size(self._connection)
        assigned = self._connection.execute(_ASSIGN, {"start": size, "ids": list(ids)}).rowcount
        if assigned != len(ids):
            raise SEQUENCE_BROKEN(f"{len(ids)} entries were to be sequenced, {assigned} were")
        self._write_tiles(extend(self._tile, size, hashes))

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
        size, last = log_size(self._connection), last_checkpoint(self._connection)
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

    def _hold_lock(self) -> bool:
        return bool(self._connection.scalar(select(func.pg_try_advisory_xact_lock(_LOCK))))

    def _pending(self, limit: int) -> list[_Pending]:
        rows = self._connection.execute(
            select(
                custody_entries.c.id,
                custody_entries.c.leaf,
                custody_entries.c.digest,
                custody_entries.c.leaf_hash,
            )
            .where(custody_entries.c.leaf_index.is_(None))
            .order_by(custody_entries.c.id)
            .limit(limit)
        ).all()
        for row in rows:
            digest = leaf_digest(row.leaf)
            if (digest, entry_hash(digest)) != (row.digest.hex(), row.leaf_hash.hex()):
                raise LEAF_BROKEN(f"leaf of row {row.id} was altered")
        return list(rows)

    def _tile(self, level: int, n: int) -> bytes:
        return stored_tile(self._connection, level, n)

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

    def _require_ours(self, last: _Head, vkey: str) -> None:
        try:
            signed = open_checkpoint(last.note, vkey)
        except Invalid as err:
            raise LOG_KEY_DIFFERS("the last checkpoint is not signed by this key under this origin") from err
        if (signed.size, signed.root) != (last.size, last.root):
            raise CHECKPOINT_BROKEN("the last checkpoint's row contradicts its note")

    def _require_extended(self, last: _Head, size: int) -> None:
        if size < last.size:
            raise LOG_ROLLED_BACK(f"{last.size} entries were signed, {size} are left")
        if root_from_tiles(last.size, cache(self._tile)) != last.root:
            raise LOG_REWRITTEN(f"the tree no longer extends the checkpoint of size {last.size}")


def _about(act: Act, of: str) -> str:
    """The log is the subject of what it says of itself, a key of what is said of it."""
    return of if act.spec.noun == "log" else f"{act.spec.noun}/{uuid4()}"
