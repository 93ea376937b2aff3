"""The log as anybody may read it: what the newest published checkpoint covers, and nothing beyond it.

Digests and hashes alone, and what the log says of itself: no other leaf, no name, nothing of anybody. What stands under
the path of a tile never changes, because a tile only grows at its end and is asked for by its width; so whoever stands
between may keep it for ever.
"""

import re
from functools import cache

from sqlalchemy import Connection, select

from schemas.checkpoint import witness_request
from schemas.log_tile import TilePath, entry_bundle
from schemas.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    MAX_TREE_SIZE,
    TILE_WIDTH,
    consistency_proof,
    inclusion_proof,
    tile_width,
    verify_consistency,
)
from schemas.note import encode64
from schemas.ours import ours
from schemas.own_chain import OwnChain, OwnLeaf
from schemas.refusals_custody import (
    CHECKPOINT_UNKNOWN,
    ENTRY_REFUSED,
    ENTRY_UNKNOWN,
    LOG_UNSIGNED,
    PROOF_PENDING,
    SEQUENCE_BROKEN,
    SIZES_REVERSED,
    TILE_BROKEN,
    TILE_UNKNOWN,
)
from storage.custody.log_keys import log_name, own_rows
from storage.custody.tree import last_checkpoint, proof_of, stored_tile
from storage.tables.custody import checkpoints, custody_entries

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


class PublicLog:
    """The published log over one connection; a tile is two look-ups by key, a proof a few for each level of the tree."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def checkpoint(self) -> str:
        """Return the newest checkpoint, a signed note.

        Raises:
            NotFound: nothing was signed yet (slug `log-unsigned`).
        """
        last = last_checkpoint(self._connection)
        if last is None:
            raise LOG_UNSIGNED("nothing has been signed yet")
        return str(last.note)

    def checkpoint_of(self, size: int) -> str:
        """Return the note that was signed when the log had `size` entries.

        Raises:
            NotFound: no checkpoint of this size was published (slug `checkpoint-unknown`).
        """
        return self._signed(size)[1]

    def tile(self, path: TilePath) -> bytes:
        """Return the hashes, or the bundle of entries, that a path names.

        Raises:
            NotFound: the newest checkpoint does not reach so far (slug `tile-unknown`).
            IntegrityBroken: it does, and what it covers is not there.
        """
        last = last_checkpoint(self._connection)
        size = 0 if last is None else last.size
        if path.width > tile_width(path.level or 0, path.n, size):
            raise TILE_UNKNOWN(f"{path.text} is not covered by the newest checkpoint, of {size} entries")
        return self._bundle(path) if path.level is None else self._hashes(path)

    def proof(self, digest: str) -> str:
        """Return where the entry of this digest (64 hex) stands: a proof file (C2SP tlog-proof).

        Whoever was promised it asks by nothing else, and learns nothing of it but its place.

        Raises:
            NotFound: the log was never given it (slug `entry-unknown`), or no checkpoint covers it yet (`proof-pending`).
            Gone: the log refuses it (slug `entry-refused`).
            IntegrityBroken: the tiles do not lead from it to the signed root.
        """
        kept = custody_entries.c
        row = None
        if _DIGEST.fullmatch(digest):
            row = self._connection.execute(
                select(kept.leaf_hash, kept.leaf_index, kept.refused_by).where(
                    kept.digest == bytes.fromhex(digest)
                )
            ).one_or_none()
        if row is None:
            raise ENTRY_UNKNOWN("the log was never given an entry of this digest")
        if row.refused_by is not None:
            raise ENTRY_REFUSED(f"refused by the entry {bytes(row.refused_by).hex()}")
        found = proof_of(self._connection, row.leaf_index, bytes(row.leaf_hash))
        if found is None:
            raise PROOF_PENDING("no checkpoint covers it yet")
        return found

    def own(self) -> OwnChain:
        """Return the log's own chain as far as it is signed: what it is called, and every key that it ever named.

        Raises:
            NotFound: nothing was signed yet (slug `log-unsigned`).
            IntegrityBroken: the tiles lack a hash, or a leaf is none (`leaf-broken`).
        """
        last, name = last_checkpoint(self._connection), log_name(self._connection)
        if last is None or name is None:
            raise LOG_UNSIGNED("nothing has been signed yet")
        read = cache(self._tile)
        return OwnChain(
            log=name,
            checkpoint=last.note,
            leaves=tuple(
                OwnLeaf(
                    index=row.leaf_index,
                    leaf=encode64(row.leaf),
                    kid=row.ticket_kid or "",
                    ticket=encode64(row.ticket or b""),
                    hashes=tuple(map(encode64, inclusion_proof(row.leaf_index, last.size, read))),
                )
                for row in own_rows(self._connection)
                if row.leaf_index < last.size
            ),
        )

    def consistency(self, first: int, second: int) -> str:
        """Return proof that the checkpoint of size `second` extends that of `first`: a request of C2SP tlog-witness.

        Raises:
            Invalid: `first` is above `second` (slug `sizes-reversed`).
            NotFound: there is no checkpoint of such a size (slug `checkpoint-unknown`).
            IntegrityBroken: the tiles do not lead from one to the other.
        """
        if first > second:
            raise SIZES_REVERSED("a log grows: name the smaller size first")
        root1, _ = self._signed(first) if first else (EMPTY_ROOT, "")
        root2, note = self._signed(second)
        proof = consistency_proof(first, second, cache(self._tile))
        with ours(TILE_BROKEN, "the tiles contradict the signed roots"):
            verify_consistency(proof, size1=first, size2=second, root1=root1, root2=root2)
        return witness_request(first, proof, note)

    def _signed(self, size: int) -> tuple[bytes, str]:
        row = None
        if size <= MAX_TREE_SIZE:
            row = self._connection.execute(
                select(checkpoints.c.root, checkpoints.c.note).where(
                    checkpoints.c.size == size, checkpoints.c.published_at.is_not(None)
                )
            ).one_or_none()
        if row is None:
            raise CHECKPOINT_UNKNOWN(f"no checkpoint of {size} entries was published")
        return bytes(row.root), str(row.note)

    def _hashes(self, path: TilePath) -> bytes:
        hashes = self._tile(path.level or 0, path.n)[: path.width * HASH_BYTES]
        if len(hashes) != path.width * HASH_BYTES:
            raise TILE_BROKEN(f"{path.text} is signed and holds {len(hashes)} bytes")
        return hashes

    def _bundle(self, path: TilePath) -> bytes:
        start = path.n * TILE_WIDTH
        digests = self._connection.scalars(
            select(custody_entries.c.digest)
            .where(custody_entries.c.leaf_index.between(start, start + path.width - 1))
            .order_by(custody_entries.c.leaf_index)
        ).all()
        if len(digests) != path.width:
            raise SEQUENCE_BROKEN(f"{path.text} is signed and {len(digests)} of its entries are there")
        return entry_bundle([bytes(digest) for digest in digests])

    def _tile(self, level: int, n: int) -> bytes:
        return stored_tile(self._connection, level, n)
