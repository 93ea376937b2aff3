"""The tree equals RFC 6962's recursion, and its verifiers refuse everything else."""

import hashlib
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import IntegrityBroken, Invalid
from schemas.merkle import (
    EMPTY_ROOT,
    MAX_TREE_SIZE,
    Tiles,
    consistency_proof,
    extend,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_from_tiles,
    tile_path,
    tile_width,
    tiles_of,
    verify_consistency,
    verify_inclusion,
)
from tests import reference

LARGEST = 70_000

# RFC 6962's own reference tree: eight leaves and the root after each.
REFERENCE_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
REFERENCE_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def _hashes(count: int) -> list[bytes]:
    return [leaf_hash(i.to_bytes(4)) for i in range(count)]


def _reader(tiles: Tiles):
    return lambda level, n: tiles.get((level, n), b"")


def _grown(hashes: list[bytes], *, cuts: tuple[int, ...] = ()) -> Tiles:
    tiles: Tiles = {}
    for start, end in pairwise([0, *cuts, len(hashes)]):
        tiles |= extend(_reader(tiles), start, hashes[start:end])
    return tiles


@cache
def _large() -> tuple[list[bytes], Tiles]:
    hashes = _hashes(LARGEST)
    return hashes, _grown(hashes)


def test_the_hash_of_a_leaf_is_that_of_rfc_6962() -> None:
    """The hash of the empty leaf is the published SHA-256 of one zero byte."""
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


def test_reference_tree_has_the_published_roots() -> None:
    """The eight-leaf tree of the RFC 6962 reference implementation has its published root at every size."""
    hashes = [leaf_hash(leaf) for leaf in REFERENCE_LEAVES]
    read = _reader(_grown(hashes))
    assert [root_from_tiles(size, read).hex() for size in range(9)] == REFERENCE_ROOTS
    assert EMPTY_ROOT.hex() == REFERENCE_ROOTS[0]


def test_every_size_up_to_300_equals_the_recursion() -> None:
    """For every size to 300, grown leaf by leaf, the root equals MTH of RFC 6962."""
    hashes = _hashes(300)
    tiles: Tiles = {}
    for size in range(300):
        assert root_from_tiles(size, _reader(tiles)) == reference.mth(hashes[:size])
        tiles |= extend(_reader(tiles), size, hashes[size : size + 1])
    assert root_from_tiles(300, _reader(tiles)) == reference.mth(hashes)


@settings(max_examples=150)
@given(size=st.integers(1, 300), choice=st.integers(0, 10**6), other=st.integers(0, 10**6))
def test_proofs_equal_the_recursion_and_verify(size: int, choice: int, other: int) -> None:
    """Inclusion and consistency proofs are those of the RFC's recursion, and both verifiers accept them."""
    hashes, tiles = _large()
    read, index, size1 = _reader(tiles), choice % size, 1 + other % size
    root = reference.mth(hashes[:size])
    included = inclusion_proof(index, size, read)
    extended = consistency_proof(size1, size, read)
    assert included == reference.path(index, hashes[:size])
    assert extended == reference.proof(size1, hashes[:size])
    verify_inclusion(included, index=index, size=size, leaf=hashes[index], root=root)
    verify_consistency(extended, size1=size1, size2=size, root1=reference.mth(hashes[:size1]), root2=root)


@settings(max_examples=40)
@given(size=st.integers(1, LARGEST), choice=st.integers(0, 10**6), other=st.integers(0, 10**6))
def test_proofs_over_several_tile_levels_verify(size: int, choice: int, other: int) -> None:
    """Across three tile levels, proofs built from the tiles of a later tree verify for every earlier one."""
    hashes, tiles = _large()
    read, index, size1 = _reader(tiles), choice % size, 1 + other % size
    root = root_from_tiles(size, read)
    verify_inclusion(
        inclusion_proof(index, size, read), index=index, size=size, leaf=hashes[index], root=root
    )
    verify_consistency(
        consistency_proof(size1, size, read),
        size1=size1,
        size2=size,
        root1=root_from_tiles(size1, read),
        root2=root,
    )


@pytest.mark.parametrize("size", [255, 256, 257, 65_535, 65_536, 65_537, LARGEST])
def test_root_at_tile_borders_equals_the_recursion(size: int) -> None:
    """At and around full tiles of each level the root equals MTH of RFC 6962."""
    hashes, tiles = _large()
    assert root_from_tiles(size, _reader(tiles)) == reference.mth(hashes[:size])


@settings(max_examples=40)
@given(size=st.integers(1, 1500), data=st.data())
def test_batches_do_not_matter(size: int, data: st.DataObject) -> None:
    """However the leaves arrive, the tiles are the same bytes."""
    cuts = tuple(sorted(data.draw(st.lists(st.integers(0, size), max_size=6))))
    hashes = _hashes(size)
    assert _grown(hashes, cuts=cuts) == _grown(hashes)


def test_tiles_of_70000_leaves_are_those_of_the_specification() -> None:
    """70,000 leaves are 273 full and one 112-wide tile, one full and a 17-wide, and a 1-wide (tlog-tiles)."""
    _, tiles = _large()
    expected = {(level, n): width * 32 for level, n, width in tiles_of(LARGEST)}
    assert {key: len(tile) for key, tile in tiles.items()} == expected
    partial = [(level, n, width) for level, n, width in tiles_of(LARGEST) if width < 256]
    assert partial == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    assert tile_width(0, 274, LARGEST) == 0


def test_tile_paths_are_those_of_the_specification() -> None:
    """Tile numbers are written in groups of three digits, all but the last with an x (tlog-tiles)."""
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path(2, 0, width=17) == "tile/2/000.p/17"
    assert tile_path("entries", 273, width=112) == "tile/entries/273.p/112"
    assert tile_path(1, 1000) == "tile/1/x001/000"


def _flips(hashes: list[bytes]):
    for position in range(len(hashes)):
        for bit in range(256):
            changed = bytearray(hashes[position])
            changed[bit // 8] ^= 1 << bit % 8
            yield [*hashes[:position], bytes(changed), *hashes[position + 1 :]]


@pytest.mark.parametrize(("index", "size"), [(0, 1), (0, 2), (4, 5), (6, 7), (0, 8), (130, 259)])
def test_every_bit_of_an_inclusion_proof_counts(index: int, size: int) -> None:
    """Each single-bit change of the path, the leaf or the root is refused."""
    hashes = _hashes(size)
    read = _reader(_grown(hashes))
    whole = [*inclusion_proof(index, size, read), hashes[index], root_from_tiles(size, read)]
    for *proof, leaf, root in _flips(whole):
        with pytest.raises(Invalid) as caught:
            verify_inclusion(proof, index=index, size=size, leaf=leaf, root=root)
        assert caught.value.slug == "proof-invalid"


@pytest.mark.parametrize(("size1", "size2"), [(1, 2), (2, 3), (3, 7), (4, 8), (6, 8), (7, 7), (129, 259)])
def test_every_bit_of_a_consistency_proof_counts(size1: int, size2: int) -> None:
    """Each single-bit change of the proof or of either root is refused."""
    read = _reader(_grown(_hashes(size2)))
    roots = [root_from_tiles(size1, read), root_from_tiles(size2, read)]
    for *proof, root1, root2 in _flips([*consistency_proof(size1, size2, read), *roots]):
        with pytest.raises(Invalid) as caught:
            verify_consistency(proof, size1=size1, size2=size2, root1=root1, root2=root2)
        assert caught.value.slug == "proof-invalid"


@settings(max_examples=150)
@given(index=st.integers(0, 40), size=st.integers(1, 40), at=st.integers(-2, 80), of=st.integers(-2, 80))
def test_an_inclusion_proof_holds_for_its_own_index_only(index: int, size: int, at: int, of: int) -> None:
    """A proof for one index and size is refused for every index and size whose path differs."""
    index %= size
    hashes = _hashes(size)
    proof = inclusion_proof(index, size, _reader(_grown(hashes)))
    root = reference.mth(hashes)
    if (at, of) == (index, size):
        return
    try:
        verify_inclusion(proof, index=at, size=of, leaf=hashes[index], root=root)
    except Invalid:
        return
    assert _turns(at, of) == _turns(index, size)


def _turns(index: int, size: int) -> list[str]:
    """The sides on which the siblings stand, from the leaf up."""
    if size == 1:
        return []
    k = reference._largest_power_of_two_below(size)
    if index < k:
        return [*_turns(index, k), "right"]
    return [*_turns(index - k, size - k), "left"]


def test_proofs_of_other_lengths_are_refused() -> None:
    """A path with a hash too few, too many, or of another length than 32 bytes is refused."""
    hashes = _hashes(11)
    read = _reader(_grown(hashes))
    root, root1 = reference.mth(hashes), reference.mth(hashes[:6])
    path, chain = inclusion_proof(3, 11, read), consistency_proof(6, 11, read)
    for bad in (path[:-1], path[1:], [*path, root], [root, *path], [], [path[0][:31], *path[1:]]):
        with pytest.raises(Invalid):
            verify_inclusion(bad, index=3, size=11, leaf=hashes[3], root=root)
    for bad in (chain[:-1], chain[1:], [*chain, root], [root1, *chain], [], [chain[0] + b"\0", *chain[1:]]):
        with pytest.raises(Invalid):
            verify_consistency(bad, size1=6, size2=11, root1=root1, root2=root)
    with pytest.raises(Invalid):
        verify_inclusion(path, index=3, size=11, leaf=hashes[3][:-1], root=root)


def test_hashes_cannot_lend_each_other_a_byte() -> None:
    """Two neighbours cut at another place hash to the same parent; the length check refuses them."""
    left, right = _hashes(2)
    root = node_hash(left, right)
    with pytest.raises(Invalid):
        verify_inclusion([left[31:] + right], index=0, size=2, leaf=left[:31], root=root)
    root1, added = reference.mth(_hashes(2)), _hashes(3)[2]
    root2 = node_hash(root1, added)
    verify_consistency([added], size1=2, size2=3, root1=root1, root2=root2)
    with pytest.raises(Invalid):
        verify_consistency([root1[31:] + added], size1=2, size2=3, root1=root1[:31], root2=root2)


def test_a_path_must_end_exactly_at_the_root() -> None:
    """A path that leads to the stated root, but is longer or shorter than the sizes say, is refused."""
    hashes = _hashes(4)
    read = _reader(_grown(hashes))
    with pytest.raises(Invalid):
        verify_inclusion([hashes[0]], index=0, size=1, leaf=hashes[1], root=node_hash(hashes[0], hashes[1]))
    chain, above = consistency_proof(3, 4, read), hashes[0]
    root1, root2 = reference.mth(hashes[:3]), reference.mth(hashes)
    with pytest.raises(Invalid):
        verify_consistency(chain, size1=3, size2=7, root1=root1, root2=root2)
    with pytest.raises(Invalid):
        verify_consistency(
            [*chain, above],
            size1=3,
            size2=4,
            root1=node_hash(above, root1),
            root2=node_hash(above, root2),
        )


def test_only_the_empty_root_stands_before_every_tree() -> None:
    """Size 0 is extended by every tree, but only with the empty root and an empty proof."""
    hashes = _hashes(5)
    root = reference.mth(hashes)
    verify_consistency([], size1=0, size2=5, root1=EMPTY_ROOT, root2=root)
    verify_consistency([], size1=0, size2=0, root1=EMPTY_ROOT, root2=EMPTY_ROOT)
    refused = [
        ([], 0, 5, root, root),
        ([root], 0, 5, EMPTY_ROOT, root),
        ([], 0, 0, EMPTY_ROOT, root),
        ([], 5, 4, root, root),
        ([], 5, 5, root, EMPTY_ROOT),
        ([root], 5, 5, root, root),
        ([], -1, 5, EMPTY_ROOT, root),
    ]
    for proof, size1, size2, root1, root2 in refused:
        with pytest.raises(Invalid):
            verify_consistency(proof, size1=size1, size2=size2, root1=root1, root2=root2)


def test_a_node_is_no_leaf() -> None:
    """The 64 bytes of two siblings, submitted as an entry, do not hash to their parent (RFC 6962 2.1)."""
    left, right = _hashes(2)
    assert leaf_hash(left + right) != node_hash(left, right)
    assert node_hash(left, right) == hashlib.sha256(b"\x01" + left + right).digest()


def test_indices_outside_the_tree_are_refused() -> None:
    """No proof exists for an index at or beyond the size, nor from a larger tree to a smaller."""
    read = _reader(_grown(_hashes(4)))
    for index, size in ((4, 4), (-1, 4), (0, 0)):
        with pytest.raises(Invalid):
            inclusion_proof(index, size, read)
    for size1, size2 in ((5, 4), (-1, 4)):
        with pytest.raises(Invalid):
            consistency_proof(size1, size2, read)
    with pytest.raises(Invalid):
        verify_inclusion([], index=MAX_TREE_SIZE, size=1, leaf=EMPTY_ROOT, root=EMPTY_ROOT)


def test_missing_or_cut_tiles_stop_everything() -> None:
    """A tile that lacks hashes the tree must have, or holds more than it should, is a broken log."""
    hashes = _hashes(300)
    tiles = _grown(hashes)
    lost = _reader({key: tile for key, tile in tiles.items() if key != (0, 1)})
    cut = _reader(tiles | {(0, 1): tiles[0, 1][:-1]})
    for read in (lost, cut):
        with pytest.raises(IntegrityBroken):
            root_from_tiles(300, read)
        with pytest.raises(IntegrityBroken):
            extend(read, 300, hashes[:1])
    with pytest.raises(IntegrityBroken):
        extend(_reader(tiles), 299, hashes[:1])
    with pytest.raises(Invalid):
        extend(_reader(tiles), 300, [b"short"])
