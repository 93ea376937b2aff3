"""The tree of the custody log: RFC 6962 section 2.1 (= RFC 9162 section 2.1) over C2SP tlog-tiles.

Pure arithmetic: tiles come from a `read_tile(level, n)` callback and go back as a mapping. A tile of level
`l` holds up to 256 hashes of 32 bytes; hash `i` of tile `n` is the root over the leaves
`[(n*256 + i) * 256**l, (n*256 + i + 1) * 256**l)`. Tiles only ever grow at their end, so the tiles of a
larger tree also answer for every smaller one.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator, Sequence

from schemas.errors import Invalid
from schemas.refusals_custody import PROOF_INVALID, TILE_BROKEN

HASH_BYTES = 32
TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
MAX_TREE_SIZE = 2**63 - 1
"""Indices are signed 64-bit integers in the database."""
MAX_PROOF_HASHES = 63
"""A tree of at most 2^63 - 1 leaves has no longer path (C2SP tlog-witness states the same bound)."""
EMPTY_ROOT = hashlib.sha256(b"").digest()

_PREFIX_LEAF = b"\x00"
_PREFIX_NODE = b"\x01"
_PATH_GROUP = 1000

ReadTile = Callable[[int, int], bytes]
"""`(level, n)` to the tile's concatenated hashes; empty bytes when the tile does not exist."""
Tiles = dict[tuple[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """Return SHA-256(0x00 || entry) (RFC 6962 section 2.1)."""
    return hashlib.sha256(_PREFIX_LEAF + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """Return the same of many."""
    sha256 = hashlib.sha256
    return [sha256(_PREFIX_LEAF + entry).digest() for entry in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 || left || right) (RFC 6962 section 2.1)."""
    return hashlib.sha256(_PREFIX_NODE + left + right).digest()


def tile_width(level: int, n: int, size: int) -> int:
    """Return how many hashes tile `n` of `level` holds in a tree of `size` leaves: 0 to 256."""
    return max(0, min(TILE_WIDTH, (size >> (TILE_HEIGHT * level)) - n * TILE_WIDTH))


def tiles_of(size: int) -> Iterator[tuple[int, int, int]]:
    """Yield `(level, n, width)` of every tile of a tree of `size` leaves (C2SP tlog-tiles, Merkle Tree)."""
    level = 0
    while hashes := size >> (TILE_HEIGHT * level):
        for n in range(-(-hashes // TILE_WIDTH)):
            yield level, n, tile_width(level, n, size)
        level += 1


def tile_path(level: int | str, n: int, *, width: int = TILE_WIDTH) -> str:
    """Return the relative path of a tile, `tile/<L>/<N>[.p/<W>]` (C2SP tlog-tiles).

    Args:
        level: 0 to 63, or `entries` for the bundle with the leaves themselves.
        n: Position of the tile within its level.
        width: Hashes in the tile; below 256 the path is that of a partial tile.
    """
    groups = [f"{n % _PATH_GROUP:03d}"]
    while n := n // _PATH_GROUP:
        groups.insert(0, f"x{n % _PATH_GROUP:03d}")
    partial = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(groups)}{partial}"


def extend(read_tile: ReadTile, old_size: int, leaf_hashes: Sequence[bytes]) -> Tiles:
    """Append leaves to a tree of `old_size` leaves and return every tile that changes, whole.

    Raises:
        IntegrityBroken: a rightmost tile does not end exactly at `old_size`: the log was cut, or was longer.
        Invalid: a leaf hash is not 32 bytes.
    """
    changed: Tiles = {}
    hashes = list(leaf_hashes)
    _require_hashes(hashes)
    level = 0
    while hashes:
        full = _extend_level(read_tile, changed, level=level, count=old_size, hashes=hashes)
        hashes = [fold_tile(tile) for tile in full]
        old_size >>= TILE_HEIGHT
        level += 1
    return changed


def _extend_level(
    read_tile: ReadTile, changed: Tiles, *, level: int, count: int, hashes: Sequence[bytes]
) -> list[bytes]:
    n, kept = divmod(count, TILE_WIDTH)
    start = read_tile(level, n)
    if len(start) != kept * HASH_BYTES:
        raise TILE_BROKEN(f"tile {level}/{n} holds {len(start)} bytes, the log has {kept} hashes there")
    joined = start + b"".join(hashes)
    whole = TILE_WIDTH * HASH_BYTES
    full = []
    for offset in range(0, len(joined), whole):
        tile = joined[offset : offset + whole]
        changed[level, n] = tile
        n += 1
        if len(tile) == whole:
            full.append(tile)
    return full


def root_from_tiles(size: int, read_tile: ReadTile) -> bytes:
    """Return the root over the first `size` leaves; `EMPTY_ROOT` for none.

    Raises:
        IntegrityBroken: a tile lacks hashes that a tree of this size must have.
    """
    return EMPTY_ROOT if size == 0 else _range_hash(0, size, read_tile)


def fold_tile(tile: bytes) -> bytes:
    """Return the root over the hashes of a full tile: `_fold_complete`, pair by pair as they lie."""
    sha256, pair = hashlib.sha256, 2 * HASH_BYTES
    while len(tile) > HASH_BYTES:
        tile = b"".join(
            [sha256(_PREFIX_NODE + tile[at : at + pair]).digest() for at in range(0, len(tile), pair)]
        )
    return tile


def inclusion_proof(index: int, size: int, read_tile: ReadTile) -> list[bytes]:
    """Return PATH(index, D[size]) from the leaf's sibling up to the root's child (RFC 6962 section 2.1.1).

    Raises:
        Invalid: `index` is not below `size`.
        IntegrityBroken: a tile lacks hashes that a tree of this size must have.
    """
    if not 0 <= index < size:
        raise _broken_proof(f"index {index} lies outside a tree of {size} leaves")
    start, end, path = 0, size, list[bytes]()
    while end - start > 1:
        middle = start + _split_point(end - start)
        if index < middle:
            path.append(_range_hash(middle, end, read_tile))
            end = middle
        else:
            path.append(_range_hash(start, middle, read_tile))
            start = middle
    return path[::-1]


def consistency_proof(size1: int, size2: int, read_tile: ReadTile) -> list[bytes]:
    """Return PROOF(size1, D[size2]) (RFC 6962 section 2.1.2); empty when the sizes agree or size1 is 0.

    Raises:
        Invalid: `size1` is above `size2`, or negative.
        IntegrityBroken: a tile lacks hashes that a tree of this size must have.
    """
    if not 0 <= size1 <= size2:
        raise _broken_proof(f"a tree of {size2} leaves cannot extend one of {size1}")
    if size1 in (0, size2):
        return []
    start, end, path = 0, size2, list[bytes]()
    while end != size1:
        middle = start + _split_point(end - start)
        if size1 <= middle:
            path.append(_range_hash(middle, end, read_tile))
            end = middle
        else:
            path.append(_range_hash(start, middle, read_tile))
            start = middle
    if start > 0:  # the old tree is no complete subtree of the new one: its last piece must be named
        path.append(_range_hash(start, end, read_tile))
    return path[::-1]


def verify_inclusion(proof: Sequence[bytes], *, index: int, size: int, leaf: bytes, root: bytes) -> None:
    """Check that `leaf` is leaf `index` of the tree (RFC 9162 section 2.1.3.2).

    Args:
        proof: Hashes from the leaf's sibling up to the root's child.
        index: Position of the leaf, from 0.
        size: Leaves in the tree.
        leaf: The entry's hash (`leaf_hash`), 32 bytes.
        root: Root of the tree, 32 bytes.

    Raises:
        Invalid: slug `proof-invalid`.
    """
    _require_hashes([*proof, leaf, root])
    if not 0 <= index < size:
        raise _broken_proof(f"index {index} lies outside a tree of {size} leaves")
    at, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise _broken_proof("the proof is longer than the path")
        if at & 1 or at == last:
            found = node_hash(sibling, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise _broken_proof("the proof is shorter than the path")
    _require_same(found, root)


def verify_consistency(proof: Sequence[bytes], *, size1: int, size2: int, root1: bytes, root2: bytes) -> None:
    """Check that the tree of `size2` leaves extends that of `size1` leaves (RFC 9162 section 2.1.4.2).

    An empty tree is extended by every tree, but only its own root is accepted for it.

    Raises:
        Invalid: slug `proof-invalid`.
    """
    _require_hashes([*proof, root1, root2])
    if not 0 <= size1 <= size2:
        raise _broken_proof(f"a tree of {size2} leaves cannot extend one of {size1}")
    if size1 in (0, size2):
        if proof:
            raise _broken_proof("nothing is to be proven, so the proof must be empty")
        _require_same(root1, EMPTY_ROOT if size1 == 0 else root2)
        if size2 == 0:
            _require_same(root2, EMPTY_ROOT)
        return
    is_complete = size1 & (size1 - 1) == 0
    path = [root1, *proof] if is_complete else list(proof)
    if not proof:
        raise _broken_proof("the proof is empty")
    found1, found2 = _fold_consistency(path, size1=size1, size2=size2)
    _require_same(found1, root1)
    _require_same(found2, root2)


def _fold_consistency(path: Sequence[bytes], *, size1: int, size2: int) -> tuple[bytes, bytes]:
    at, last = size1 - 1, size2 - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    found1 = found2 = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise _broken_proof("the proof is longer than the path")
        if at & 1 or at == last:
            found1, found2 = node_hash(sibling, found1), node_hash(sibling, found2)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found2 = node_hash(found2, sibling)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise _broken_proof("the proof is shorter than the path")
    return found1, found2


def _range_hash(start: int, end: int, read_tile: ReadTile) -> bytes:
    """Root over leaves [start, end); `start` is a multiple of the power of two at or above the length."""
    pieces = []
    while start < end:
        height = (end - start).bit_length() - 1
        pieces.append(_subtree_hash(height, start >> height, read_tile))
        start += 1 << height
    found = pieces.pop()
    while pieces:
        found = node_hash(pieces.pop(), found)
    return found


def _subtree_hash(height: int, index: int, read_tile: ReadTile) -> bytes:
    """Root of the complete subtree `index` of 2^height leaves, hashed up within its tile."""
    level, inner = divmod(height, TILE_HEIGHT)
    n, offset = divmod(index << inner, TILE_WIDTH)
    end = (offset + (1 << inner)) * HASH_BYTES
    tile = read_tile(level, n)
    if len(tile) < end:
        raise TILE_BROKEN(f"tile {level}/{n} holds {len(tile)} bytes, at least {end} are recorded")
    return _fold_complete(_split(tile[offset * HASH_BYTES : end]))


def _fold_complete(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        hashes = [node_hash(hashes[i], hashes[i + 1]) for i in range(0, len(hashes), 2)]
    return hashes[0]


def _split(tile: bytes) -> list[bytes]:
    return [tile[i : i + HASH_BYTES] for i in range(0, len(tile), HASH_BYTES)]


def _split_point(count: int) -> int:
    """Largest power of two below `count` (RFC 6962 section 2.1)."""
    return 1 << ((count - 1).bit_length() - 1)


def _require_hashes(hashes: Sequence[bytes]) -> None:
    if set(map(len, hashes)) - {HASH_BYTES}:
        raise _broken_proof("every hash must be 32 bytes")


def _require_same(found: bytes, stated: bytes) -> None:
    if not hmac.compare_digest(found, stated):
        raise _broken_proof("the proof does not lead to the stated root")


def _broken_proof(detail: str) -> Invalid:
    return PROOF_INVALID(detail)
