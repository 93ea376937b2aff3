"""The audit of the custody log: every hash, tile and root once more, from the leaf bytes alone.

Codes of the faults:

* `leaf-hash-differs`: the leaf's bytes do not hash to the row's leaf hash.
* `entry-differs-from-leaf`: a column of the row says something else than the leaf.
* `index-gap`: the next index is missing; the tree above it cannot be recomputed.
* `tile-missing`, `tile-differs`, `tile-unexpected`: a stored tile is not the one the leaves make.
* `checkpoint-note-invalid`: a signature or the note's form is wrong.
* `checkpoint-row-differs`: the row's size or root is not that of its own note.
* `checkpoint-root-differs`: the leaves do not give the signed root; only the first such checkpoint is named,
  because every later one inherits the difference.
* `checkpoint-beyond-log`: a checkpoint was signed over more entries than there are: the log was cut.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Any

from sqlalchemy import Connection, Row, select, text

from schemas.base import Frozen, rfc3339
from schemas.checkpoint import open_checkpoint
from schemas.custody import leaf_hash, parse_leaf
from schemas.errors import Invalid
from schemas.merkle import HASH_BYTES, TILE_WIDTH, Tiles, extend, root_from_tiles, tile_width
from storage.tables.custody import checkpoints, custody_entries, log_tiles

PAGE_ENTRIES = 2000

_Entry = Row[*tuple[Any, ...]]
_Head = Row[int, bytes, str]


class LogFault(Frozen):
    """One contradiction: its stable `code`, what it is about (`subject`), and what a person should read."""

    code: str
    subject: str
    detail: str = ""


class CustodyAudit:
    """One pass over the log; memory holds a page of entries and the unfinished tiles only."""

    def __init__(self, connection: Connection, vkey: str) -> None:
        self._connection = connection
        self._vkey = vkey
        self._size = 0
        self._unfinished: Tiles = {}
        self._is_gapless = True
        self._roots_hold = True

    def run(self) -> Iterator[LogFault]:
        """Yield every contradiction; nothing when the log is whole. The first statement of a transaction."""
        self._connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        after = -1
        while page := self._page(after):
            after = page[-1].leaf_index
            for row in page:
                yield from _entry_findings(row)
            yield from self._rebuild(page)
        yield from self._pending_findings()
        if self._is_gapless:
            yield from self._end_findings()

    def _page(self, after: int) -> Sequence[_Entry]:
        return self._connection.execute(
            select(custody_entries)
            .where(custody_entries.c.leaf_index > after)
            .order_by(custody_entries.c.leaf_index)
            .limit(PAGE_ENTRIES)
        ).all()

    def _rebuild(self, page: Sequence[_Entry]) -> Iterator[LogFault]:
        """Grow the tree by the page, stopping at each signed size to compare its root."""
        if not self._is_gapless:
            return
        hashes = []
        for expected, row in enumerate(page, start=self._size):
            if row.leaf_index != expected:
                self._is_gapless = False
                yield LogFault(
                    code="index-gap",
                    subject=f"leaf_index/{expected}",
                    detail=f"the next entry has index {row.leaf_index}",
                )
                break
            is_hash = len(row.leaf_hash) == HASH_BYTES
            hashes.append(row.leaf_hash if is_hash else leaf_hash(row.leaf))
        start = self._size
        for checkpoint in self._checkpoints(start, start + len(hashes)):
            yield from self._grow(hashes[self._size - start : checkpoint.size - start])
            yield from self._checkpoint_findings(checkpoint)
        yield from self._grow(hashes[self._size - start :])

    def _checkpoints(self, above: int, up_to: int | None) -> Sequence[_Head]:
        chosen = select(checkpoints.c.size, checkpoints.c.root, checkpoints.c.note)
        chosen = chosen.where(checkpoints.c.size > above).order_by(checkpoints.c.size)
        if up_to is not None:
            chosen = chosen.where(checkpoints.c.size <= up_to)
        return self._connection.execute(chosen).all()

    def _grow(self, hashes: Sequence[bytes]) -> Iterator[LogFault]:
        changed = extend(self._unfinished_tile, self._size, hashes)
        self._size += len(hashes)
        self._unfinished |= changed
        for (level, n), tile in changed.items():
            if len(tile) == TILE_WIDTH * HASH_BYTES:
                del self._unfinished[level, n]
                yield from self._tile_findings(level, n, tile)

    def _unfinished_tile(self, level: int, n: int) -> bytes:
        return self._unfinished.get((level, n), b"")

    def _tile_findings(self, level: int, n: int, tile: bytes) -> Iterator[LogFault]:
        stored = self._connection.scalar(
            select(log_tiles.c.hashes).where(log_tiles.c.level == level, log_tiles.c.n == n)
        )
        if stored is None:
            yield LogFault(code="tile-missing", subject=f"tile/{level}/{n}")
        elif stored != tile:
            yield LogFault(code="tile-differs", subject=f"tile/{level}/{n}")

    def _checkpoint_findings(self, row: _Head) -> Iterator[LogFault]:
        try:
            signed = open_checkpoint(row.note, self._vkey)
        except Invalid as err:
            yield LogFault(
                code="checkpoint-note-invalid", subject=f"checkpoint/{row.size}", detail=err.detail
            )
            return
        if (signed.size, signed.root) != (row.size, row.root):
            yield LogFault(code="checkpoint-row-differs", subject=f"checkpoint/{row.size}")
            return
        if self._roots_hold and signed.root != root_from_tiles(self._size, self._unfinished_tile):
            self._roots_hold = False
            yield LogFault(code="checkpoint-root-differs", subject=f"checkpoint/{row.size}")

    def _pending_findings(self) -> Iterator[LogFault]:
        rows = self._connection.execute(
            select(custody_entries)
            .where(custody_entries.c.leaf_index.is_(None))
            .execution_options(yield_per=PAGE_ENTRIES)
        )
        for row in rows:
            yield from _entry_findings(row)

    def _end_findings(self) -> Iterator[LogFault]:
        for (level, n), tile in self._unfinished.items():
            yield from self._tile_findings(level, n, tile)
        for checkpoint in self._checkpoints(self._size, None):
            yield LogFault(
                code="checkpoint-beyond-log",
                subject=f"checkpoint/{checkpoint.size}",
                detail=f"{self._size} entries are left",
            )
        for level, n in self._connection.execute(select(log_tiles.c.level, log_tiles.c.n)).all():
            if level < 0 or tile_width(level, n, self._size) == 0:
                yield LogFault(code="tile-unexpected", subject=f"tile/{level}/{n}")


def _entry_findings(row: _Entry) -> Iterator[LogFault]:
    entry = f"entry/{row.entry_id}"
    if leaf_hash(row.leaf) != row.leaf_hash:
        yield LogFault(code="leaf-hash-differs", subject=entry)
    elif not _says_the_leaf(row):
        yield LogFault(code="entry-differs-from-leaf", subject=entry)


def _says_the_leaf(row: _Entry) -> bool:
    try:
        entry = parse_leaf(row.leaf)
    except Invalid:
        return False
    stated = (row.entry_id, row.event, row.actor, row.subject, rfc3339(row.at.astimezone(UTC)))
    return stated == (entry.entry_id, entry.event, entry.actor, entry.subject, rfc3339(entry.at))
