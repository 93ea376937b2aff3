"""Which files a log has: of any size, grown in any steps, exactly those that the format names."""

from itertools import pairwise

import pytest

from schemas.laid import full_of, is_of_log, laid_key, narrower_of, partial_of
from schemas.log_tile import TilePath
from schemas.merkle import TILE_WIDTH, tiles_of
from schemas.note import vkey_of_seed

SIZES = (1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 65_536 + 300, 2 * 65_536)


@pytest.mark.parametrize("size", SIZES)
def test_full_and_partial_ones_are_all_of_a_tree(size: int) -> None:
    """What each full bundle fills, and what is left over: every tile of the tree, and every bundle, once."""
    full = [path for n in range(size // TILE_WIDTH) for path in full_of(n)]
    laid = [*full, *partial_of(size)]
    tiles = [TilePath(level, n, width) for level, n, width in tiles_of(size)]
    bundles = [one._replace(level=None) for one in tiles if one.level == 0]
    assert sorted(map(str, laid)) == sorted(map(str, [*tiles, *bundles]))


def test_a_tile_comes_behind_what_it_is_made_of() -> None:
    """Whoever puts them in this order never has a tile whose parts are missing."""
    assert [path.text for path in full_of(65_535)] == [
        "tile/entries/x065/535",
        "tile/0/x065/535",
        "tile/1/255",
        "tile/2/000",
    ]


def test_only_what_has_grown_is_put_again() -> None:
    """Between two sizes a level that has no hash more is left alone."""
    for since, size in pairwise(SIZES):
        before = set(partial_of(since))
        assert [one for one in partial_of(size) if one not in before] == list(partial_of(size, since=since))
    assert list(partial_of(700, since=700)) == []


def test_what_was_put_of_a_tile_is_known_by_what_was_told() -> None:
    """The widths of a tile and of its bundle; neither an empty one nor the full one is dropped."""
    tile = TilePath(0, 1, TILE_WIDTH)
    widths = [one.width for one in narrower_of(tile, [256, 257, 300, 300, 512, 900])]
    assert widths == [1, 44]
    assert [one.width for one in narrower_of(TilePath(1, 0, TILE_WIDTH), [256, 512, 65_536])] == [1, 2]


def test_a_key_of_the_log_is_told_from_others() -> None:
    """What the sweep of tails leaves alone."""
    key = laid_key(vkey_of_seed("log.example", bytes(32)), TilePath(None, 1, 3))
    assert key.endswith("/tile/entries/001.p/3")
    assert is_of_log(key)
    assert not is_of_log("tails/1/1")
