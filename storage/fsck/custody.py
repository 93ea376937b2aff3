"""The check of the custody log: every hash, tile and root once more, from the leaf bytes alone."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, Row, select

from schemas.chain import tree_hash
from schemas.directory import Directory
from schemas.errors import Invalid
from schemas.fsck import Checked, Fault, FaultCode, Found, Part
from schemas.log_signers import LogSigners
from schemas.merkle import HASH_BYTES, TILE_WIDTH, Tiles, extend, root_from_tiles, tile_width
from storage.fsck.entry import ENTRIES, Entries
from storage.fsck.reading import Record
from storage.tables.custody import checkpoints, custody_entries, log_tiles

PAGE_ENTRIES = 2000

_Head = Row[int, bytes, str]


class LogCheck:
    """One pass over the log; memory holds a page of entries and the unfinished tiles only."""

    def __init__(self, connection: Connection, signers: LogSigners) -> None:
        self._connection = connection
        self._signers = signers
        self._size = 0
        self._unfinished: Tiles = {}
        self._is_gapless = True
        self._roots_hold = True
        self._signed = 0
        self._entries = Entries(connection)

    @property
    def seen(self) -> Directory:
        """What one pass over the log has learned; complete only where every leaf could be read."""
        return self._entries.seen(is_gapless=self._is_gapless)

    @property
    def waiting(self) -> Mapping[int, int]:
        """Row id of an entry without an index → the index it would get."""
        return self._entries.waiting

    def run(self) -> Iterator[Found]:
        """Yield every contradiction, and how far it has come; the connection must see one moment."""
        for checkpoint in self._checkpoints(checkpoints.c.size < 1):  # the growing tree never has such a size
            yield from self._checkpoint_faults(checkpoint)
        page = self._page(None)
        while page:
            yield from self._entries.check(page)
            yield from self._rebuild(page)
            yield Checked(part=Part.LOG, count=len(page))
            page = self._page(page[-1].leaf_index)
        yield from self._pending()
        yield from self._entries.untold()
        if self._is_gapless:
            yield from self._end_faults()

    def _page(self, after: int | None) -> Sequence[Record]:
        index = custody_entries.c.leaf_index
        wanted = index.is_not(None) if after is None else index > after
        return self._connection.execute(ENTRIES.where(wanted).order_by(index).limit(PAGE_ENTRIES)).all()

    def _rebuild(self, page: Sequence[Record]) -> Iterator[Fault]:
        """Grow the tree by the page, stopping at each signed size to compare its root."""
        if not self._is_gapless:
            return
        hashes = []
        for expected, row in enumerate(page, start=self._size):
            if row.leaf_index != expected:
                self._is_gapless = False
                yield Fault(
                    code=FaultCode.INDEX_GAP,
                    subject=f"leaf_index/{expected}",
                    detail=f"the next entry has index {row.leaf_index}",
                )
                break
            is_hash = len(row.leaf_hash) == HASH_BYTES
            hashes.append(row.leaf_hash if is_hash else tree_hash(row.leaf))
        start = self._size
        signed = checkpoints.c.size.between(start + 1, start + len(hashes))
        for checkpoint in self._checkpoints(signed):
            yield from self._grow(hashes[self._size - start : checkpoint.size - start])
            yield from self._checkpoint_faults(checkpoint)
        yield from self._grow(hashes[self._size - start :])

    def _checkpoints(self, *wanted: ColumnElement[bool]) -> Iterable[_Head]:
        chosen = select(checkpoints.c.size, checkpoints.c.root, checkpoints.c.note).where(*wanted)
        return self._connection.execute(
            chosen.order_by(checkpoints.c.size).execution_options(yield_per=PAGE_ENTRIES)
        )

    def _grow(self, hashes: Sequence[bytes]) -> Iterator[Fault]:
        changed = extend(self._unfinished_tile, self._size, hashes)
        self._size += len(hashes)
        self._unfinished |= changed
        for (level, n), tile in changed.items():
            if len(tile) == TILE_WIDTH * HASH_BYTES:
                del self._unfinished[level, n]
                yield from self._tile_faults(level, n, tile)

    def _unfinished_tile(self, level: int, n: int) -> bytes:
        return self._unfinished.get((level, n), b"")

    def _tile_faults(self, level: int, n: int, tile: bytes) -> Iterator[Fault]:
        stored = self._connection.scalar(
            select(log_tiles.c.hashes).where(log_tiles.c.level == level, log_tiles.c.n == n)
        )
        if stored is None:
            yield Fault(code=FaultCode.TILE_MISSING, subject=f"tile/{level}/{n}")
        elif stored != tile:
            yield Fault(code=FaultCode.TILE_DIFFERS, subject=f"tile/{level}/{n}")

    def _checkpoint_faults(self, row: _Head) -> Iterator[Fault]:
        name = f"checkpoint/{row.size}"
        self._signed = row.size
        try:
            signed = self._signers.checkpoint(row.note)
        except Invalid as err:
            yield Fault(code=FaultCode.CHECKPOINT_NOTE_INVALID, subject=name, detail=err.detail)
            return
        if (signed.size, signed.root) != (row.size, row.root):
            yield Fault(code=FaultCode.CHECKPOINT_ROW_DIFFERS, subject=name)
            return
        if self._roots_hold and signed.root != root_from_tiles(self._size, self._unfinished_tile):
            self._roots_hold = False
            yield Fault(code=FaultCode.CHECKPOINT_ROOT_DIFFERS, subject=name)

    def _pending(self) -> Iterator[Found]:
        rows = self._connection.execute(
            ENTRIES.where(custody_entries.c.leaf_index.is_(None))
            .order_by(custody_entries.c.id)
            .execution_options(yield_per=PAGE_ENTRIES)
        )
        for page in rows.partitions():
            yield from self._entries.check(page)
            yield Checked(part=Part.LOG, count=len(page))

    def _end_faults(self) -> Iterator[Fault]:
        for (level, n), tile in self._unfinished.items():
            yield from self._tile_faults(level, n, tile)
        # Entries get their indices and the tree its signature in one commit.
        beyond = list(self._checkpoints(checkpoints.c.size > self._size))
        if self._signed < self._size and not beyond:
            yield Fault(code=FaultCode.CHECKPOINT_MISSING, subject=f"checkpoint/{self._size}")
        for checkpoint in beyond:
            yield Fault(
                code=FaultCode.CHECKPOINT_BEYOND_LOG,
                subject=f"checkpoint/{checkpoint.size}",
                detail=f"{self._size} entries are left",
            )
        tiles = select(log_tiles.c.level, log_tiles.c.n).execution_options(yield_per=PAGE_ENTRIES)
        for level, n in self._connection.execute(tiles):
            if level < 0 or tile_width(level, n, self._size) == 0:
                yield Fault(code=FaultCode.TILE_UNEXPECTED, subject=f"tile/{level}/{n}")
