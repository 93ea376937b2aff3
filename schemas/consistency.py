r"""Whether two checkpoints are of one history, shown by hashes that travel beside them.

A trust file and a package each hold a checkpoint, of two moments. Neither knows of the other, so each carries the
tiles at the end of its tree: with them whoever has both proves that the younger extends the older, offline, as long
as they lie no further apart than these reach. For what lies further the log publishes the proof itself.

    tiles         <level> <n> <base64 of the tile's hashes>\n       one line a tile, in this order
    consistency   old <size>\n<base64 of a hash>\n…\n<checkpoint>   C2SP tlog-witness, the request of add-checkpoint

Hashes are not believed: they must lead to both roots (RFC 9162 section 2.1.4.2).
"""

from collections.abc import Iterator, Mapping, Sequence

from schemas.base import Frozen
from schemas.checkpoint import Checkpoint
from schemas.errors import IntegrityBroken
from schemas.merkle import (
    HASH_BYTES,
    MAX_PROOF_HASHES,
    TILE_HEIGHT,
    TILE_WIDTH,
    ReadTile,
    Tiles,
    consistency_proof,
    tile_width,
    verify_consistency,
)
from schemas.note import decode64, encode64
from schemas.refusals_custody import PROOF_INVALID

PACKAGE_REACH = 16_384
"""A package proves itself against checkpoints up to so many entries older: some 0.7 MB at most."""

TRUST_REACH = 4_096
"""A trust file proves itself against packages up to so many entries older: some 0.2 MB at most."""

_MOST_TILES = 1_024
_LEVELS = 8
_OLD = "old "


class Given(Frozen):
    """A proof that the log published: from a tree of `old` entries to one that is known otherwise."""

    old: int
    hashes: tuple[bytes, ...]


def tiles_at_end(size: int, reach: int) -> Iterator[tuple[int, int]]:
    """Yield `(level, n)` of the tiles that prove consistency with every tree of `size - reach` entries or more."""
    level = 0
    while hashes := size >> (TILE_HEIGHT * level):
        first = max(0, size - reach) >> (TILE_HEIGHT * (level + 1))
        for n in range(first, -(-hashes // TILE_WIDTH)):
            yield level, n
        level += 1


def tiles_text(size: int, reach: int, read_tile: ReadTile) -> str:
    """Return the tiles at the end of a tree of `size` entries, each with the hashes that this tree has of it."""
    lines = []
    for level, n in tiles_at_end(size, reach):
        hashes = read_tile(level, n)[: tile_width(level, n, size) * HASH_BYTES]
        lines.append(f"{level} {n} {encode64(hashes)}\n")
    return "".join(lines)


def parse_tiles(text: str) -> Tiles:
    """Return what `tiles_text` wrote.

    Raises:
        Invalid: slug `proof-invalid`.
    """
    lines = text.split("\n")
    if lines.pop() or len(lines) > _MOST_TILES:
        raise PROOF_INVALID(f"tiles are at most {_MOST_TILES} lines, each ended")
    tiles: Tiles = {}
    for line in lines:
        level, n, hashes = _tile(line)
        tiles[level, n] = hashes
    if list(tiles) != sorted(set(tiles)) or len(tiles) != len(lines):
        raise PROOF_INVALID("the tiles are not in order, or one stands twice")
    return tiles


def _tile(line: str) -> tuple[int, int, bytes]:
    parts = line.split(" ")
    if len(parts) != 3 or not all(_is_number(part) for part in parts[:2]):  # noqa: PLR2004 - level, place, hashes
        raise PROOF_INVALID("a tile is a level, a place and its hashes")
    level, n, hashes = int(parts[0]), int(parts[1]), decode64(parts[2], PROOF_INVALID)
    if level >= _LEVELS or not 0 < len(hashes) <= TILE_WIDTH * HASH_BYTES or len(hashes) % HASH_BYTES:
        raise PROOF_INVALID("a tile has 1 to 256 hashes of 32 bytes")
    return level, n, hashes


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 20 and str(int(text)) == text  # noqa: PLR2004


def parse_given(text: str) -> Given:
    """Return a proof that the log published; its checkpoint is not read, for both are known from elsewhere.

    Raises:
        Invalid: slug `proof-invalid`.
    """
    head, blank, _ = text.partition("\n\n")
    first, *hashes = head.split("\n")
    number = first.removeprefix(_OLD)
    if not blank or not first.startswith(_OLD) or not _is_number(number) or len(hashes) > MAX_PROOF_HASHES:
        raise PROOF_INVALID("a proof of consistency begins with `old` and a size, and ends with a checkpoint")
    return Given(old=int(number), hashes=tuple(decode64(one, PROOF_INVALID) for one in hashes))


def proof_from(tiles: Mapping[tuple[int, int], bytes], older: int, younger: int) -> list[bytes] | None:
    """Return the hashes that lead from a tree of `older` entries to one of `younger`; None where these tiles lack one."""
    try:
        return consistency_proof(older, younger, lambda level, n: tiles.get((level, n), b""))
    except IntegrityBroken:  # a tile is not here, or has fewer hashes than the tree
        return None


def verify_same_log(proof: Sequence[bytes], older: Checkpoint, younger: Checkpoint) -> None:
    """Check that the younger checkpoint's tree extends the older one's.

    Raises:
        Invalid: slug `proof-invalid`.
    """
    verify_consistency(proof, size1=older.size, size2=younger.size, root1=older.root, root2=younger.root)
