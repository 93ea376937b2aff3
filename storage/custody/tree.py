"""Plain reads of the tree: its size, its last checkpoint, its tiles."""

from sqlalchemy import Connection, Row, func, select

from storage.tables.custody import checkpoints, custody_entries, log_tiles

_Head = Row[int, bytes, str]


def log_size(connection: Connection) -> int:
    """Count the sequenced entries."""
    highest = connection.scalar(select(func.max(custody_entries.c.leaf_index)))
    return 0 if highest is None else highest + 1


_NEWEST = (
    select(checkpoints.c.size, checkpoints.c.root, checkpoints.c.note)
    .order_by(checkpoints.c.size.desc())
    .limit(1)
)


def last_signed(connection: Connection) -> _Head | None:
    """Return size, root and note of the newest checkpoint that is signed, told or not; None before the first."""
    return connection.execute(_NEWEST).one_or_none()


def last_checkpoint(connection: Connection) -> _Head | None:
    """Return size, root and note of the newest checkpoint that was published; None before the first."""
    return connection.execute(_NEWEST.where(checkpoints.c.published_at.is_not(None))).one_or_none()


def stored_tile(connection: Connection, level: int, n: int) -> bytes:
    """Return the hashes of a tile, 32 bytes each; nothing where there is none yet."""
    stored = connection.scalar(
        select(log_tiles.c.hashes).where(log_tiles.c.level == level, log_tiles.c.n == n)
    )
    return b"" if stored is None else bytes(stored)
