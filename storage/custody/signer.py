"""The signer's side of the log: committed entries get their indices, the tree grows, its head is signed.

1. `begin` writes what the log says of itself: that it is open, under which catalogue, with which keys. It is asked
   before anything is sequenced, in the same transaction: no other process comes between.
2. `sequence` gives committed entries their indices in id order and extends the tiles. It looks for entries
   without an index, never for ids above the last one: identity values become visible out of order.
3. `sign` proves to itself that the tiles still extend the last checkpoint, then signs the next one.

All share one transaction and one advisory lock. A crash in it leaves the entries without an index; the next run
starts over. A log that was cut or rewritten is not signed again, whoever asks.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import Connection, Row, insert, select, text

from schemas.act import Act
from schemas.chain import leaf_digest
from schemas.checkpoint import Checkpoint, checkpoint_text
from schemas.errors import Invalid
from schemas.leaf import parse_leaf
from schemas.log_signers import LogSigners
from schemas.merkle import extend, root_from_tiles
from schemas.note import sign_note, vkey_of_seed
from schemas.refusals_custody import (
    CHECKPOINT_BROKEN,
    LOG_KEY_DIFFERS,
    LOG_REWRITTEN,
    LOG_ROLLED_BACK,
    SEQUENCE_BROKEN,
)
from schemas.ticket import Answer, TicketKey
from storage.custody.custody import CustodyLog
from storage.custody.gate import Gate, Judged, Pending
from storage.custody.identity import LogIdentity, has_tickets, unsaid
from storage.custody.log_keys import log_keys
from storage.custody.telling import SIGNER, Telling, about
from storage.custody.tree import hold_tree, last_signed, log_size, stored_tile, write_tiles
from storage.custody.values import Appended
from storage.tables.custody import checkpoints, custody_entries

BATCH_ENTRIES = 2000
"""Entries per sequencing transaction: some 20 ms of work, 32 MB in the worst case of 16 KiB leaves."""

_FIRST = select(custody_entries.c.subject).where(custody_entries.c.leaf_index == 0)
_NEWEST = (
    select(custody_entries.c.leaf)
    .where(custody_entries.c.leaf_index.is_not(None))
    .order_by(custody_entries.c.leaf_index.desc())
    .limit(1)
)
_PENDING = text(
    """
    SELECT id, leaf, digest, leaf_hash, ticket, ticket_kid FROM custody_entries
    WHERE leaf_index IS NULL AND refused_by IS NULL AND id > :after ORDER BY id LIMIT :limit
    """
)
_ASSIGN = text(
    """
    UPDATE custody_entries AS entry SET leaf_index = :start + pending.position - 1
    FROM unnest(CAST(:ids AS bigint[])) WITH ORDINALITY AS pending (id, position)
    WHERE entry.id = pending.id AND entry.leaf_index IS NULL AND entry.refused_by IS NULL
    """
)
_REFUSE = text("UPDATE custody_entries SET refused_by = :by WHERE id = :id")
_IDS = select(custody_entries.c.entry_id, custody_entries.c.id)

_Head = Row[int, bytes, str]


class Sequenced(NamedTuple):
    """What a run made of the entries that it looked at: indexed, refused (row id and why), or left waiting."""

    indexed: int = 0
    refused: tuple[tuple[int, Answer], ...] = ()
    waiting: int = 0
    last_id: int = 0
    """The row id of the last one that was looked at."""

    @property
    def looked(self) -> int:
        """How many it came to a word about."""
        return self.indexed + len(self.refused)


class Signer:
    """The one writer of indices, tiles and checkpoints over one connection."""

    def __init__(self, connection: Connection, clock: Callable[[], datetime] | None = None) -> None:
        self._connection = connection
        self._clock = clock
        self._is_held = False

    @property
    def connection(self) -> Connection:
        """Where it signs."""
        return self._connection

    def waits(self) -> bool:
        """Say whether an entry waits for its index; no also when another run holds the lock.

        Raises:
            IntegrityBroken: an entry has an index that no checkpoint covers: not this signer gave it.
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
        if of is not None and not has_tickets(said):
            self._take_old(of)
        acts = unsaid(log, said)
        if acts:
            self._say(custody, acts, of or f"log/{uuid4()}")
        return length + len(acts)

    def _take_old(self, of: str) -> None:
        """Index what was written before there were tickets: a log of then is asked for them from its first key on.

        What carries one already waits for the key that it names.
        """
        old, done = Gate(self._connection, log=of, keys=None, dead=set()), Sequenced()
        while rows := self._pending(BATCH_ENTRIES, done.last_id):
            without = [one for one in rows if one.ticket is None]
            done = self._taken(old.judge(without), of, done)._replace(last_id=rows[-1].id)

    def _say(self, custody: CustodyLog, acts: Sequence[Act], of: str) -> None:
        custody.hold(of)
        self._number([custody.append(act, about(act, of), of, actor=SIGNER) for act in acts])

    def _number(self, entries: Sequence[Appended | Pending]) -> None:
        """Give entries their indices in this order: those of the signer itself, and those that waited."""
        own = [one.entry_id for one in entries if isinstance(one, Appended)]
        rows = self._connection.execute(_IDS.where(custody_entries.c.entry_id.in_(own))).all() if own else []
        ids = {row.entry_id: row.id for row in rows}
        numbers = [ids[one.entry_id] if isinstance(one, Appended) else one.id for one in entries]
        self._assign(numbers, [bytes(one.leaf_hash) for one in entries])

    def _assign(self, ids: Sequence[int], hashes: Sequence[bytes]) -> None:
        size = log_size(self._connection)
        assigned = self._connection.execute(_ASSIGN, {"start": size, "ids": list(ids)}).rowcount
        if assigned != len(ids):
            raise SEQUENCE_BROKEN(f"{len(ids)} entries were to be sequenced, {assigned} were")
        write_tiles(self._connection, extend(self._tile, size, hashes))

    def step(self, before: datetime, after: datetime) -> None:
        """Index what the signer says of its own clock, that it went; `begin` comes before, in the same transaction."""
        of = self._connection.scalar(_FIRST)
        if of is not None:
            told = Telling(CustodyLog(self._connection, self._clock), of, self._clock)
            self._number([told.step(before, after)])

    def sequence(
        self, keys: Mapping[str, TicketKey], *, dead: set[str] | None = None, limit: int = BATCH_ENTRIES
    ) -> Sequenced:
        """Look at up to `limit` committed entries: index those that pass the gate and extend the tiles, refuse the others.

        Of what waits for a newer signer the next are looked at as well: it keeps nobody from an index. Nothing also when
        another run holds the lock. `sign` must follow in the same transaction.

        Args:
            keys: The ticket keys that this signer knows, by their ids.
            dead: Ids of those that the log has ended; it grows with what is indexed.
            limit: So many are looked at in one statement.

        Raises:
            IntegrityBroken: the tiles do not end where the entries do.
        """
        if not self._hold_lock():
            return Sequenced()
        of, done = self._connection.scalar(_FIRST) or "", Sequenced()
        gate: Gate | None = None
        while rows := self._pending(limit, done.last_id):
            gate = gate or Gate(self._connection, log=of, keys=keys, dead=set() if dead is None else dead)
            done = self._taken(gate.judge(rows), of, done)
            if len(rows) < limit or done.indexed or done.refused:
                break
        return done

    def _taken(self, judged: Sequence[Judged], of: str, done: Sequenced) -> Sequenced:
        """Index and refuse what was judged, a leaf of the signer before each whose time is out of order."""
        told = Telling(CustodyLog(self._connection, self._clock), of, self._clock)
        passed = [one for one in judged if one.answer is Answer.INDEXED]
        entries = self._bounded(passed, told)
        refused = []
        for one in judged:
            if one.answer.is_refusal:
                leaf = told.refuse(leaf_digest(bytes(one.row.leaf)), one.answer)
                self._connection.execute(_REFUSE, {"id": one.row.id, "by": bytes.fromhex(leaf.digest)})
                refused.append(one)
                entries.append(leaf)
        if entries:
            self._number(entries)
        return Sequenced(
            indexed=len(passed),
            refused=tuple((one.row.id, one.answer) for one in refused),
            waiting=done.waiting + len(judged) - len(passed) - len(refused),
            last_id=judged[-1].row.id if judged else done.last_id,
        )

    def _bounded(self, passed: Sequence[Judged], told: Telling) -> list[Appended | Pending]:
        entries: list[Appended | Pending] = []
        last_at = self._last_at() if passed else None
        for number, (row, _, leaf) in enumerate(passed):
            if leaf is not None:
                bound = told.bound(leaf, last_at, waiting=len(passed) - number)
                entries += [] if bound is None else [bound]
                last_at = leaf.at
            entries.append(row)
        return entries

    def _last_at(self) -> datetime | None:
        """Return the time of the last indexed leaf, as it says itself; None where it cannot be read."""
        payload = self._connection.scalar(_NEWEST)
        try:
            return None if payload is None else parse_leaf(bytes(payload)).at
        except Invalid:
            return None

    def signers(self, own: str) -> LogSigners:
        """Return the keys by which the log signs, as its own chain names them now; of one that has not begun, `own`."""
        keys = log_keys(self._connection)
        return LogSigners.one(own) if keys is None else keys.signers

    def sign(
        self, seed: bytes, origin: str, *, at: datetime, signers: LogSigners | None = None
    ) -> Checkpoint | None:
        """Sign the present tree, having checked that it extends the last one signed.

        Args:
            seed: Ed25519 seed of the log, 32 bytes.
            origin: Name of the log and of its key.
            at: Server time, kept beside the checkpoint and not part of it.
            signers: The keys of the log, where they were read since its own chain went on; read where None.

        Returns:
            The new checkpoint; None when nothing new is there to sign, or another run holds the lock.

        Raises:
            IntegrityBroken: the tree is smaller than the last checkpoint or does not extend it, or that
                checkpoint is not ours, or the log names another key to sign it now. Nothing is signed.
        """
        if not self._hold_lock():
            return None
        size, last = log_size(self._connection), last_signed(self._connection)
        own = vkey_of_seed(origin, seed)
        signers = signers or self.signers(own)
        if signers.newest != own:
            raise LOG_KEY_DIFFERS("this key under this origin is not the one that signs the log now")
        if last is not None:
            self._require_ours(last, signers)
            self._require_extended(last, size)
        if size == (0 if last is None else last.size):
            return None
        checkpoint = Checkpoint(origin=origin, size=size, root=root_from_tiles(size, cache(self._tile)))
        note = sign_note(checkpoint_text(checkpoint), origin, seed)
        self._connection.execute(
            insert(checkpoints).values(size=size, root=checkpoint.root, note=note, signed_at=at)
        )
        return checkpoint

    def signed_size(self) -> int:
        """Return how far the log is signed, by this run or before it."""
        last = last_signed(self._connection)
        return 0 if last is None else last.size

    def _hold_lock(self) -> bool:
        """Take the lock where nobody has it. What is found indexed then was signed: both are one commit."""
        if not hold_tree(self._connection):
            return False
        if not self._is_held:
            signed, size = self.signed_size(), log_size(self._connection)
            if size > signed:
                raise SEQUENCE_BROKEN(f"{size} entries have an index, {signed} were signed")
        self._is_held = True
        return True

    def _pending(self, limit: int, after: int = 0) -> Sequence[Pending]:
        return self._connection.execute(_PENDING, {"after": after, "limit": limit}).all()

    def _tile(self, level: int, n: int) -> bytes:
        return stored_tile(self._connection, level, n)

    def _require_ours(self, last: _Head, signers: LogSigners) -> None:
        try:
            signed = signers.checkpoint(last.note)
        except Invalid as err:
            raise LOG_KEY_DIFFERS("the last checkpoint is not signed by this key under this origin") from err
        if (signed.size, signed.root) != (last.size, last.root):
            raise CHECKPOINT_BROKEN("the last checkpoint's row contradicts its note")

    def _require_extended(self, last: _Head, size: int) -> None:
        if size < last.size:
            raise LOG_ROLLED_BACK(f"{last.size} entries were signed, {size} are left")
        if root_from_tiles(last.size, cache(self._tile)) != last.root:
            raise LOG_REWRITTEN(f"the tree no longer extends the checkpoint of size {last.size}")
