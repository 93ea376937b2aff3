"""What is read of the log: leaves about a thing, proofs, how far it is signed."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, func, select

from schemas.consistency import tiles_text
from schemas.ids import EntryId
from schemas.merkle import EMPTY_ROOT, root_from_tiles
from schemas.refusals_custody import ENTRY_UNKNOWN
from storage.custody.tree import last_checkpoint, log_size, proof_of, stored_tile
from storage.custody.values import Logged, logged
from storage.personal import shown_opening
from storage.reads.among import among
from storage.tables.custody import chain_places, chains, checkpoints, custody_entries, openings


class LogReader:
    """The log as readers see it, over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def position(self, entry_id: EntryId | None) -> int | None:
        """Return the index of an entry once a signed checkpoint holds it; None before."""
        told = checkpoints.c.published_at.is_not(None)
        signed = select(func.max(checkpoints.c.size)).where(told).scalar_subquery()
        index: int | None = self._connection.scalar(
            select(custody_entries.c.leaf_index).where(
                custody_entries.c.entry_id == entry_id, custody_entries.c.leaf_index < signed
            )
        )
        return index

    def size(self) -> int:
        """Count the sequenced entries; indices are gapless from 0."""
        return log_size(self._connection)

    def waiting_since(self) -> datetime | None:
        """When the oldest entry without an index was made; None when every entry has its own."""
        oldest: datetime | None = self._connection.scalar(
            select(func.min(custody_entries.c.at)).where(
                custody_entries.c.leaf_index.is_(None), custody_entries.c.refused_by.is_(None)
            )
        )
        return oldest

    def latest_checkpoint(self) -> str | None:
        """Return the newest signed note; None before the first."""
        last = last_checkpoint(self._connection)
        return None if last is None else str(last.note)

    def is_quoted(self, origin: str, size: int, root: bytes) -> bool | None:
        """Say whether a checkpoint that somebody saw is of this log, signed at its size or passed by.

        None where it is of another log, or this one has told nothing yet.
        """
        last = last_checkpoint(self._connection)
        if last is None or last.note.partition("\n")[0] != origin:
            return None
        if size > last.size:
            return False
        return root == (root_from_tiles(size, cache(self._tile)) if size else EMPTY_ROOT)

    def tree_end(self, reach: int) -> str:
        """Return the tiles at the end of the newest signed tree; empty before the first.

        Args:
            reach: From how many entries before its end on consistency can be proven with them.
        """
        last = last_checkpoint(self._connection)
        if last is None:
            return ""
        return tiles_text(last.size, reach, lambda level, n: stored_tile(self._connection, level, n))

    def signed_at(self) -> datetime | None:
        """Return when the newest checkpoint was signed, by the server's clock; None before the first."""
        at: datetime | None = self._connection.scalar(
            select(checkpoints.c.signed_at)
            .where(checkpoints.c.published_at.is_not(None))
            .order_by(checkpoints.c.size.desc())
            .limit(1)
        )
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
        return proof_of(self._connection, row.leaf_index, bytes(row.leaf_hash))

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

    def entries_for(self, subject: str) -> tuple[Logged, ...]:
        """Return every leaf about `noun/uuid`, oldest first; commitments are not opened.

        Raises:
            IntegrityBroken: a leaf is none (`leaf-broken`).
        """
        rows = self._connection.execute(
            select(custody_entries).where(custody_entries.c.subject == subject).order_by(custody_entries.c.id)
        )
        return tuple(logged(row) for row in rows)

    def chain(self, of: str) -> tuple[Logged, ...]:
        """Return the leaves of a thing's chain in order; commitments are not opened.

        Raises:
            IntegrityBroken: a leaf is none (`leaf-broken`).
        """
        rows = self._connection.execute(
            select(custody_entries)
            .join(chain_places, chain_places.c.entry == custody_entries.c.id)
            .where(chain_places.c.of == of)
            .order_by(chain_places.c.n)
        )
        return tuple(map(logged, rows))

    def length(self, of: str) -> int:
        """Return the number of a chain's last leaf; 0 for one without leaves."""
        last: int | None = self._connection.scalar(
            select(func.max(chain_places.c.n)).where(chain_places.c.of == of)
        )
        return last or 0

    def name(self) -> str | None:
        """Return the name of this log's own chain; None before it is opened."""
        of: str | None = self._connection.scalar(select(chains.c.of).where(chains.c.of.startswith("log/")))
        return of

    def openings_of(self, digests: Iterable[str]) -> dict[str, dict[str, bytes]]:
        """Return digest → member → opening of these leaves, those that are still there.

        Raises:
            IntegrityBroken: one that is sealed does not open (slug `personal-unreadable`).
            Unavailable: one is, and this process has no key (slug `personal-key-missing`).
        """
        rows = self._connection.execute(
            select(openings.c.digest, openings.c.member, openings.c.opening).where(
                among(openings.c.digest, map(bytes.fromhex, digests)),
                openings.c.opening.is_not(None),
            )
        )
        found: dict[str, dict[str, bytes]] = {}
        for row in rows:
            digest = bytes(row.digest)
            shown = shown_opening(self._connection, digest, row.member, bytes(row.opening))
            found.setdefault(digest.hex(), {})[row.member] = shown
        return found

    def row_salts(self, about: str) -> dict[int, bytes]:
        """Return position from 0 → salt of the rows that the batch `intake/uuid` commits to; erased ones are left out."""
        kept = self._connection.execute(
            select(openings.c.digest, openings.c.member, openings.c.opening)
            .join(custody_entries, custody_entries.c.digest == openings.c.digest)
            .where(custody_entries.c.subject == about, openings.c.member.startswith("row."))
            .where(openings.c.opening.is_not(None))
        )
        return {
            int(row.member.removeprefix("row.")) - 1: shown_opening(
                self._connection, bytes(row.digest), row.member, bytes(row.opening)
            )
            for row in kept
        }

    def _tile(self, level: int, n: int) -> bytes:
        return stored_tile(self._connection, level, n)
