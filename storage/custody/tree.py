"""The tree as it is kept: its size, its last checkpoint, its tiles; and the one lock of whoever lets it grow."""

from functools import cache

from sqlalchemy import Connection, Row, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from schemas.checkpoint import proof_text
from schemas.merkle import Tiles, inclusion_proof, verify_inclusion
from schemas.ours import ours
from schemas.refusals_custody import TILE_BROKEN
from storage.tables.custody import checkpoints, custody_entries, log_tiles

_Head = Row[int, bytes, str]

_LOCK = 0x5143_4C47
"""Advisory lock number of the sequencer; any constant that nothing else of ours uses."""


def hold_tree(connection: Connection) -> bool:
    """Take, for the length of a transaction, the right to let the tree grow; False where somebody else has it."""
    return bool(connection.scalar(select(func.pg_try_advisory_xact_lock(_LOCK))))


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


def proof_of(connection: Connection, index: int | None, leaf_hash: bytes) -> str | None:
    """Return the proof file (C2SP tlog-proof) of an entry; None while no published checkpoint covers its index.

    Raises:
        IntegrityBroken: the tiles do not lead from the entry to the signed root.
    """
    last = last_checkpoint(connection)
    if last is None or index is None or index >= last.size:
        return None
    path = inclusion_proof(index, last.size, cache(lambda level, n: stored_tile(connection, level, n)))
    with ours(TILE_BROKEN, "the tiles contradict the signed root"):
        verify_inclusion(path, index=index, size=last.size, leaf=leaf_hash, root=last.root)
    return proof_text(index, path, last.note)


def write_tiles(connection: Connection, tiles: Tiles) -> None:
    """Keep tiles that are new or have grown."""
    statement = upsert(log_tiles).values(
        level=bindparam("level"), n=bindparam("n"), hashes=bindparam("hashes")
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[log_tiles.c.level, log_tiles.c.n],
            set_={"hashes": statement.excluded.hashes},
        ),
        [{"level": level, "n": n, "hashes": tile} for (level, n), tile in tiles.items()],
    )
