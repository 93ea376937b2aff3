"""The check of what the evidence store has of the public log: tiles and bundles are there, locked, and of these entries.

Every hash is made again from the digests of the entries, by no tile of the database. Of what is not full the newest
checkpoint that was told is asked for.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

from sqlalchemy import Connection, Row, func, select

from schemas.errors import Invalid, NotFound
from schemas.fsck import Checked, Fault, FaultCode, Found, Part
from schemas.laid import full_of, laid_key
from schemas.log_signers import LogSigners
from schemas.log_tile import TilePath, entry_bundle
from schemas.merkle import HASH_BYTES, TILE_WIDTH, fold_tile, leaf_hashes
from storage.objects.port import Objects
from storage.tables.custody import checkpoints, custody_entries

_NONE = "0" * 32
"""A version that nothing has."""


class LaidCheck:
    """One pass over them in the order of the log; memory holds one unfinished tile of each level."""

    def __init__(self, connection: Connection, objects: Objects, signers: LogSigners) -> None:
        self._connection = connection
        self._objects = objects
        self._vkey = signers.opened
        self._levels: dict[int, bytes] = {}
        """Level → hashes of its last tile, as far as they are known."""

    def run(self) -> Iterator[Found]:
        """Yield every one that is missing, is something else, or is not locked; entries that are not there end it."""
        told = self._told()
        if told is None:
            return  # nothing was laid out yet
        now = self._connection.execute(select(func.now())).scalar_one()
        for n in range(min(told.bundles, told.size // TILE_WIDTH)):
            digests = self._digests(n, TILE_WIDTH)
            if digests is None:
                return
            for path in full_of(n):
                yield from self._full(path, self._bytes(path, digests), now)
        yield from self._rest(told.bundles, told.size)

    def _told(self) -> Row[int, int] | None:
        """Return size and bundles of the newest checkpoint that was told, where it tells of any."""
        told = select(checkpoints.c.size, checkpoints.c.bundles).where(
            checkpoints.c.published_from.is_not(None)
        )
        row = self._connection.execute(told.order_by(checkpoints.c.size.desc()).limit(1)).one_or_none()
        return None if row is None or row.bundles is None else row

    def _digests(self, n: int, width: int) -> list[bytes] | None:
        """Return those of a bundle; None where an entry is not there: the check of the log names it."""
        start, index = n * TILE_WIDTH, custody_entries.c.leaf_index
        wanted = (
            select(custody_entries.c.digest).where(index.between(start, start + width - 1)).order_by(index)
        )
        rows = [bytes(one) for one in self._connection.scalars(wanted)]
        return rows if len(rows) == width and all(len(one) == HASH_BYTES for one in rows) else None

    def _bytes(self, path: TilePath, digests: list[bytes]) -> bytes:
        """Return what belongs under a path, of full ones from the leaves up; a full tile is a hash of the next level."""
        if path.level is None:
            return entry_bundle(digests)
        if path.level == 0:
            self._levels[0] = b"".join(leaf_hashes(digests))
        tile = self._levels.pop(path.level)
        self._levels[path.level + 1] = self._levels.get(path.level + 1, b"") + fold_tile(tile)
        return tile

    def _full(self, path: TilePath, payload: bytes, now: datetime) -> Iterator[Found]:
        key = laid_key(self._vkey, path)
        yield Checked(part=Part.LAID, count=1)
        version = self._objects.newest(key)
        if version is None:
            with suppress(
                NotFound, Invalid
            ):  # raises where the store does not answer: then nothing is missing
                self._objects.stat(key, _NONE)
            yield Fault(code=FaultCode.LAID_MISSING, subject=path.text)
            return
        stat = self._objects.stat(key, version)
        if stat.size_bytes != len(payload) or self._read(key, version, len(payload)) != payload:
            yield Fault(code=FaultCode.LAID_DIFFERS, subject=path.text)
        if stat.retain_until is None or stat.retain_until <= now:
            yield Fault(code=FaultCode.LAID_UNLOCKED, subject=path.text)

    def _read(self, key: str, version: str, size_bytes: int) -> bytes:
        read = bytearray(size_bytes)
        view, at = memoryview(read), 0
        with self._objects.open(key, version) as source:
            while count := source.readinto(view[at:]):
                at += count
        return bytes(read[:at])

    def _rest(self, bundles: int, size: int) -> Iterator[Found]:
        """Of what is not full the tile of leaves and its bundle say all: the levels over them follow from full ones."""
        n, width = divmod(size, TILE_WIDTH)
        digests = self._digests(n, width) if width and n == bundles else None
        if digests is not None:
            yield from self._partial(TilePath(None, n, width), entry_bundle(digests))
            yield from self._partial(TilePath(0, n, width), b"".join(leaf_hashes(digests)))

    def _partial(self, path: TilePath, payload: bytes) -> Iterator[Found]:
        yield Checked(part=Part.LAID, count=1)
        try:
            found = self._objects.read_staging(laid_key(self._vkey, path))
        except NotFound:
            # While this run goes on, the full one may have taken its place.
            if self._objects.newest(laid_key(self._vkey, path._replace(width=TILE_WIDTH))) is None:
                yield Fault(code=FaultCode.LAID_MISSING, subject=path.text)
            return
        if found != payload:
            yield Fault(code=FaultCode.LAID_DIFFERS, subject=path.text)
