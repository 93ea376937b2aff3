"""Where the log is known outside the database: a locked object of the evidence store, and a file of the signer.

A checkpoint is published in this order: the database holds it, signed and unknown to anybody; the leaves since the one
before, with their tickets, and its note are put into the evidence store under a lock; its note is written to the file; the
database says that it is published. A crash anywhere leaves a checkpoint that nobody was told of, and the next run goes on.

The object of a range is named by where the range starts. So a log that was cut, or went another way, finds the range
that it is about to publish taken, by leaves that are not its own: nothing has to be listed, and no name can be taken twice.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Row, select, text

from schemas.checkpoint import Checkpoint
from schemas.errors import Conflict, IntegrityBroken, Invalid, NotFound, Refusal
from schemas.journal import Journal, Kept, anchor_key, anchor_name, journal_bytes, learned, parse_journal
from schemas.log_signers import LogSigners
from schemas.merkle import root_from_tiles
from schemas.refusals_custody import (
    ANCHOR_MISSING,
    LOG_BEHIND_FILE,
    LOG_BEHIND_STORE,
    LOG_DIFFERS_FILE,
    LOG_DIFFERS_STORE,
    SEQUENCE_BROKEN,
)
from schemas.ticket import Ticket
from storage.custody.tree import last_signed, stored_tile
from storage.durable import write_private
from storage.objects.port import Objects, Readable
from storage.tables.custody import checkpoints

LOCKED: Final = timedelta(days=30 * 365)
"""So long the evidence store keeps a piece of the log at least."""

MOST_LEAVES: Final = 5_000
"""Leaves of one object, some megabytes; where a single checkpoint ends more of them, all of these."""

_BLOCK_BYTES = 1024 * 1024
_NONE = "0" * 32
"""A version that nothing has."""
_PUBLISHED = (
    select(checkpoints.c.size, checkpoints.c.root, checkpoints.c.note, checkpoints.c.published_from)
    .where(checkpoints.c.published_from.is_not(None))
    .order_by(checkpoints.c.size.desc())
    .limit(1)
)
_ENDS = text(
    """
    SELECT size, note FROM checkpoints WHERE size = coalesce(
        (SELECT max(size) FROM checkpoints WHERE size > :start AND size <= :most),
        (SELECT min(size) FROM checkpoints WHERE size > :start)
    )
    """
)
_LEAVES = text(
    """
    SELECT leaf, ticket, ticket_kid FROM custody_entries
    WHERE leaf_index >= :start AND leaf_index < :end ORDER BY leaf_index
    """
)
_NOTED = text(
    """
    UPDATE checkpoints SET published_at = :at, published_from = CASE WHEN size = :end THEN :start END,
        bundles = CASE WHEN size = :end THEN coalesce(:bundles, (
            SELECT last.bundles FROM checkpoints AS last
            WHERE last.published_from IS NOT NULL ORDER BY last.size DESC LIMIT 1
        )) END
    WHERE size <= :end AND published_at IS NULL
    """
)


class LogFile:
    """The signer's own file: the note of the last checkpoint that it published, nothing secret."""

    def __init__(self, home: Path, name: str) -> None:
        self.path = home / "signer" / f"{name}.checkpoint"

    def read(self, signers: LogSigners) -> Checkpoint | None:
        """Return what it says; None before the first.

        Raises:
            IntegrityBroken: it holds no checkpoint of this log (`log-differs-file`).
        """
        try:
            return signers.checkpoint(self.path.read_text("utf-8"))
        except FileNotFoundError:
            return None
        except (Invalid, ValueError) as err:
            raise LOG_DIFFERS_FILE(f"{self.path} holds no checkpoint of this log") from err

    def write(self, note: str) -> None:
        """Keep a note, durably."""
        write_private(self.path, note)
        descriptor = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class Anchors:
    """What one log says of itself outside its database."""

    def __init__(self, objects: Objects, home: Path, signers: LogSigners) -> None:
        """Take the evidence store, the data folder of the signer, and the keys of the log, as far as they are known."""
        self._objects = objects
        self._signers = signers
        self._file = LogFile(home, anchor_name(signers.opened))

    def check(self, connection: Connection, at: datetime, *, writes_file: bool = True) -> None:
        """Refuse a database whose log is not the one that was published; note what was published and is not noted.

        The signer's own file is written where it is behind, by the signer alone.

        Raises:
            IntegrityBroken: the database is behind a place (`log-behind-store`, `log-behind-file`) or went another way
                (`log-differs-store`, `log-differs-file`), or the store lost what was published (`anchor-missing`).
            Unavailable: the evidence store does not answer.
        """
        tree = _Tree(connection)
        told = self._file.read(self._signers)
        if told is not None:
            tree.require(told, LOG_BEHIND_FILE, LOG_DIFFERS_FILE)
        last = published(connection)
        if last is not None:
            self._check_last(last)
        while (piece := self.piece(_size(published(connection)))) is not None:
            journal, head = piece
            tree.require(head, LOG_BEHIND_STORE, LOG_DIFFERS_STORE)
            _mark(connection, journal, at)
        last = published(connection)
        if writes_file and last is not None and (told is None or told.size < last.size):
            self._file.write(
                last.note
            )  # lost, or a crash came before it; what is noted above commits behind it

    def _check_last(self, last: Row[Any]) -> None:
        found = self.piece(last.published_from)
        if found is None:
            raise ANCHOR_MISSING(f"the evidence store has no piece of the log from {last.published_from}")
        head = found[1]
        if (head.size, head.root) != (last.size, bytes(last.root)):
            raise LOG_DIFFERS_STORE(
                f"the piece from {last.published_from} does not end in the checkpoint of {last.size}"
            )

    def piece(self, start: int) -> tuple[Journal, Checkpoint] | None:
        """Return the piece of the log that begins at an index, as the evidence store has it; None where there is none.

        Raises:
            IntegrityBroken: it cannot be read, or the log did not sign it (`journal-broken`).
        """
        key = self.key(start)
        version = self._objects.newest(key)
        if version is None:
            with suppress(NotFound, Invalid):
                self._objects.stat(
                    key, _NONE
                )  # raises where the store does not answer: then nothing is missing
            return None
        with self._objects.open(key, version) as source:
            payload = b"".join(iter(partial(_block, source), b""))
        found = parse_journal(payload, self._signers)
        self._signers = learned(self._signers, found[0])
        return found

    @property
    def opened(self) -> str:
        """The key that opened the log: by it the log is named outside its database."""
        return self._signers.opened

    def key(self, start: int) -> str:
        """Return under which key the piece lies that begins at an index."""
        return anchor_key(self._signers.opened, start)

    def next_piece(self, connection: Connection) -> Journal | None:
        """Return what is signed and not published, as far as one object takes it; None where nothing is.

        Raises:
            IntegrityBroken: leaves of the range are missing (`sequence-broken`).
        """
        start = _size(published(connection))
        end = connection.execute(_ENDS, {"start": start, "most": start + MOST_LEAVES}).one_or_none()
        if end is None:
            return None
        rows = connection.execute(_LEAVES, {"start": start, "end": end.size})
        leaves = tuple(Kept(bytes(row.leaf), _ticket(row)) for row in rows)
        if len(leaves) != end.size - start:
            raise SEQUENCE_BROKEN(f"{end.size - start} leaves are to be published, {len(leaves)} are there")
        return Journal(start, leaves, end.note)

    def keep(self, journal: Journal, at: datetime) -> None:
        """Put a piece into the evidence store under its lock, then its note into the file; the same again is success.

        Raises:
            Conflict: another piece begins there (`object-exists`): another signer was quicker, or the log was forked.
            Unavailable: the evidence store does not answer.
        """
        payload, key = journal_bytes(journal), self.key(journal.start)
        stored = self._objects.put(key, [payload], sha256=sha256(payload).digest())
        with suppress(Conflict):  # it is locked for longer already
            self._objects.retain(key, stored.version_id, at + LOCKED)
        self._file.write(journal.note)

    def pieces(self, start: int) -> Iterator[tuple[Journal, Checkpoint]]:
        """Yield the pieces of the log from an index on, one behind the other; raises as `piece`."""
        while (found := self.piece(start)) is not None:
            yield found
            start = found[0].end

    def note(
        self, connection: Connection, journal: Journal, at: datetime, *, bundles: int | None = None
    ) -> None:
        """Say in the database that a piece is published: from now on its checkpoints are told.

        Args:
            connection: The database.
            journal: The piece.
            at: When it was kept.
            bundles: So many full bundles stand in the evidence store; as many as before where None.
        """
        _mark(connection, journal, at, bundles)


class _Tree:
    """How far the log of a database goes, signed or not yet published."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        last = last_signed(connection)
        self._size = 0 if last is None else last.size

    def require(
        self, told: Checkpoint, behind: Refusal[IntegrityBroken], differs: Refusal[IntegrityBroken]
    ) -> None:
        """Refuse a tree that does not extend what a place tells."""
        if told.size > self._size:
            raise behind(f"{told.size} entries were published, the database has {self._size}")
        if root_from_tiles(told.size, cache(self._tile)) != told.root:
            raise differs(f"the tree of the database does not extend the checkpoint of {told.size}")

    def _tile(self, level: int, n: int) -> bytes:
        return stored_tile(self._connection, level, n)


def published(connection: Connection) -> Row[Any] | None:
    """Return size, root, note and `published_from` of the newest checkpoint that was told; None before the first."""
    return connection.execute(_PUBLISHED).one_or_none()  # type: ignore[return-value] # a row of these four


def _size(row: Row[Any] | None) -> int:
    return 0 if row is None else int(row.size)


def _block(source: Readable) -> bytes:
    buffer = bytearray(_BLOCK_BYTES)
    return bytes(buffer[: source.readinto(buffer)])


def _ticket(row: Row[Any]) -> Ticket | None:
    return None if row.ticket is None else Ticket(row.ticket_kid, bytes(row.ticket))


def _mark(connection: Connection, journal: Journal, at: datetime, bundles: int | None = None) -> None:
    told = {"start": journal.start, "end": journal.end, "at": at, "bundles": bundles}
    connection.execute(_NOTED, told)
