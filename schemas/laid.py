"""Which files of the public log a tree has, and under which keys a store keeps them: C2SP tlog-tiles, path for path.

log/NAME/tile/L/N, log/NAME/tile/entries/N       full ones: nothing about them ever changes
log/NAME/tile/L/N.p/W, …/tile/entries/N.p/W      what a checkpoint reaches of one that is not full
"""

from collections.abc import Iterable, Iterator

from schemas.journal import anchor_name
from schemas.log_tile import TilePath
from schemas.merkle import TILE_HEIGHT, TILE_WIDTH, tile_width

_TREE = "log/"


def is_of_log(key: str) -> bool:
    """Say whether a key is of a log."""
    return key.startswith(_TREE)


def laid_key(vkey: str, path: TilePath) -> str:
    """Return under which key a store keeps what a path names, of the log that this key opened."""
    return f"{_TREE}{anchor_name(vkey)}/{path.text}"


def full_of(n: int) -> Iterator[TilePath]:
    """Yield what becomes full with bundle `n`: the bundle, the tiles over it, from the leaves up."""
    yield TilePath(None, n, TILE_WIDTH)
    level = 0
    while True:
        yield TilePath(level, n, TILE_WIDTH)
        n, rest = divmod(n + 1, TILE_WIDTH)
        if rest:
            return
        n, level = n - 1, level + 1


def partial_of(size: int, *, since: int = 0) -> Iterator[TilePath]:
    """Yield what a tree of so many entries has that is not full, where it is not what a tree of `since` had."""
    level = 0
    while hashes := size >> (TILE_HEIGHT * level):
        n = hashes // TILE_WIDTH
        width = tile_width(level, n, size)
        if width and hashes != since >> (TILE_HEIGHT * level):
            if level == 0:
                yield TilePath(None, n, width)
            yield TilePath(level, n, width)
        level += 1


def narrower_of(path: TilePath, sizes: Iterable[int]) -> list[TilePath]:
    """Return what trees of these sizes had of it while it was not full."""
    widths = {tile_width(path.level or 0, path.n, size) for size in sizes}
    return [path._replace(width=width) for width in sorted(widths) if 0 < width < TILE_WIDTH]
