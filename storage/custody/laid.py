"""The published log as files beside its pieces: tiles and bundles of entries, path and bytes as C2SP tlog-tiles has them.

Full ones are locked objects of the evidence store, as the pieces are; of one that is not full the staging store has what
each publication reached, and drops it once the full one stands. They are digests and hashes, as anybody may read them, and
hold nothing that a piece does not say: whoever has the bucket alone serves the log from it and follows it without us.

They are put behind the piece that holds their entries, so whatever stands is of a tree that was kept: a key is never taken
by entries that a restored database does not have. A crash leaves some of them; the next run puts the same again, from the
last number that a checkpoint tells.
"""

from contextlib import suppress
from datetime import datetime
from functools import cache, partial
from hashlib import sha256
from typing import Final, NamedTuple

from sqlalchemy import Connection, select, text

from schemas.errors import Conflict
from schemas.laid import full_of, laid_key, narrower_of, partial_of
from schemas.log_tile import TilePath, entry_bundle
from schemas.merkle import HASH_BYTES, TILE_HEIGHT, TILE_WIDTH, leaf_hashes, root_from_tiles
from schemas.refusals_custody import (
    LOG_DIFFERS_STORE,
    LOG_REWRITTEN,
    LOG_ROLLED_BACK,
    SEQUENCE_BROKEN,
    TILE_BROKEN,
)
from storage.custody.anchor import LOCKED
from storage.custody.tree import log_size, stored_tile
from storage.objects.port import Objects
from storage.tables.custody import checkpoints, custody_entries

MOST_BUNDLES: Final = 32
"""Bundles of one run, with their tiles half a megabyte: more than a piece ends. A log of before catches up by it."""

_TOLD = text("SELECT bundles FROM checkpoints WHERE published_from IS NOT NULL ORDER BY size DESC LIMIT 1")
_REACHED = text(
    """
    SELECT DISTINCT size >> :height FROM checkpoints
    WHERE size > :start AND size < :end AND published_from IS NOT NULL AND bundles IS NOT NULL
    """
)


class File(NamedTuple):
    """A path of the public log, and what stands under it."""

    path: TilePath
    payload: bytes


class Laid(NamedTuple):
    """What is to stand once a tree of some size is published.

    Attributes:
        size: The size.
        bundles: So many full bundles stand then.
        full: What became full, in the order in which it is put.
        partial: What is not full, where it is wider than before.
        gone: What is of no use any more: narrower than what is full now.
    """

    size: int
    bundles: int
    full: tuple[File, ...]
    partial: tuple[File, ...]
    gone: tuple[TilePath, ...]

    @property
    def is_whole(self) -> bool:
        """No full one is left for another run."""
        return self.bundles == self.size // TILE_WIDTH


class Laying:
    """How far one log is laid out by this process.

    Args:
        objects: The store.
        vkey: The key that opened the log.
        from_start: Put all of it again, whatever the database tells of it.
        most: Bundles of one run.
    """

    def __init__(
        self, objects: Objects, vkey: str, *, from_start: bool = False, most: int = MOST_BUNDLES
    ) -> None:
        self._objects = objects
        self._vkey = vkey
        self._most = most
        self._bundles: int | None = 0 if from_start else None
        self._told: int | None = None
        self._size = 0

    def next(self, connection: Connection, size: int) -> Laid:
        """Return what is to be put for a tree of this size, a portion of it at most.

        Raises:
            IntegrityBroken: the tree no longer leads to the root that was signed (`log-rewritten`), its end or an entry is
                missing (`log-rolled-back`, `sequence-broken`), or a tile is not of its entries (`tile-broken`).
        """
        _require_signed(connection, size)
        if self._told is None:
            self._told = connection.scalar(_TOLD) or 0
        start = self._told if self._bundles is None else self._bundles
        end = max(start, min(size // TILE_WIDTH, start + self._most))
        full = [path for n in range(start, end) for path in full_of(n)]
        fresh = [path for n in range(max(start, self._told), end) for path in full_of(n)]
        return Laid(
            size=size,
            bundles=end,
            full=tuple(_file(connection, path) for path in full),
            partial=tuple(_file(connection, path) for path in partial_of(size, since=self._size)),
            gone=tuple(one for path in fresh for one in _narrower(connection, path)),
        )

    def keep(self, laid: Laid, at: datetime) -> None:
        """Put it; the same again is success.

        Raises:
            IntegrityBroken: something else stands where a file of the log belongs (`log-differs-store`).
            Unavailable: the store does not answer.
        """
        for one in laid.full:
            self._lock(one, at)
        for one in laid.partial:
            self._objects.put_staging(self._key(one.path), [one.payload], sha256=_sha256(one))
        for path in laid.gone:
            self._objects.delete_staging(self._key(path))
        self._bundles, self._size = laid.bundles, laid.size

    def _lock(self, one: File, at: datetime) -> None:
        key = self._key(one.path)
        try:
            stored = self._objects.put(key, [one.payload], sha256=_sha256(one))
        except Conflict as err:
            raise LOG_DIFFERS_STORE(f"{one.path.text} in the evidence store is not of this log") from err
        with suppress(Conflict):  # it is locked for longer already
            self._objects.retain(key, stored.version_id, at + LOCKED)

    def _key(self, path: TilePath) -> str:
        return laid_key(self._vkey, path)


def _require_signed(connection: Connection, size: int) -> None:
    left = log_size(connection)
    if left < size:
        raise LOG_ROLLED_BACK(f"{size} entries were signed, {left} are left")
    root = connection.scalar(select(checkpoints.c.root).where(checkpoints.c.size == size))
    if root is None or root_from_tiles(size, cache(partial(stored_tile, connection))) != bytes(root):
        raise LOG_REWRITTEN(f"the tree no longer leads to the checkpoint of {size}")


def _file(connection: Connection, path: TilePath) -> File:
    if path.level is None:
        return File(path, entry_bundle(_digests(connection, path)))
    hashes = stored_tile(connection, path.level, path.n)[: path.width * HASH_BYTES]
    # What is locked for decades is made once: a tile of leaves is held against their digests before.
    is_whole = len(hashes) == path.width * HASH_BYTES
    if not is_whole or (path.level == 0 and hashes != b"".join(leaf_hashes(_digests(connection, path)))):
        raise TILE_BROKEN(f"{path.text} is signed and is not of its entries")
    return File(path, hashes)


def _digests(connection: Connection, path: TilePath) -> list[bytes]:
    start, index = path.n * TILE_WIDTH, custody_entries.c.leaf_index
    rows = connection.scalars(
        select(custody_entries.c.digest).where(index.between(start, start + path.width - 1)).order_by(index)
    ).all()
    if len(rows) != path.width:
        raise SEQUENCE_BROKEN(f"{path.text} is signed and {len(rows)} of its entries are there")
    return [bytes(one) for one in rows]


def _narrower(connection: Connection, path: TilePath) -> list[TilePath]:
    """Return what was put of it while it was not full: so much as each checkpoint reached that was told."""
    level = path.level or 0
    height, width = TILE_HEIGHT * level, TILE_WIDTH << (TILE_HEIGHT * level)
    asked = {"height": height, "start": path.n * width, "end": (path.n + 1) * width}
    return narrower_of(path, [hashes << height for hashes in connection.scalars(_REACHED, asked)])


def _sha256(one: File) -> bytes:
    return sha256(one.payload).digest()
