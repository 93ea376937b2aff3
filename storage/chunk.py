"""Digests of the chunks of stored objects: written with the row that names the object, read by whoever sends a part of it.

A list is not signed. It is derived from bytes whose own digest is in the log: `fsck` and the scrub make it anew whenever
they read an object, and say where another one is kept.
"""

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from storage.collection import Collection
from storage.tables.chunk import object_chunks

DIGEST_BYTES = 32


def keep_chunks(connection: Connection, key: str, version_id: str, digests: bytes | None) -> None:
    """Keep the list of an object of more than one chunk, in place of another; of a smaller one its digest is the list."""
    if digests is None or len(digests) <= DIGEST_BYTES:
        return
    row = insert(object_chunks).values(object_key=key, version_id=version_id, digests=digests)
    named = [object_chunks.c.object_key, object_chunks.c.version_id]
    connection.execute(row.on_conflict_do_update(index_elements=named, set_={"digests": digests}))


class Chunks(Collection):
    """The lists; whoever asks has seen that the object may be read."""

    def of(self, key: str, version_id: str, first: int, count: int) -> bytes | None:
        """Return the digests of `count` chunks from the `first` on, which is 0; None where no list is kept.

        A list that is too short for them gives what it has.
        """
        part = func.substring(object_chunks.c.digests, first * DIGEST_BYTES + 1, count * DIGEST_BYTES)
        found = self._connection.scalar(
            select(part).where(object_chunks.c.object_key == key, object_chunks.c.version_id == version_id)
        )
        return None if found is None else bytes(found)

    def whole(self, key: str, version_id: str) -> bytes | None:
        """Return a list; None where none is kept."""
        found = self._connection.scalar(
            select(object_chunks.c.digests).where(
                object_chunks.c.object_key == key, object_chunks.c.version_id == version_id
            )
        )
        return None if found is None else bytes(found)

    def keep(self, key: str, version_id: str, digests: bytes) -> None:
        """Keep the list of an object that was just read as it was recorded."""
        keep_chunks(self._connection, key, version_id, digests)
