"""The tiles at the end of a tree prove it against every tree that they reach back to, and nothing else."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.checkpoint import Checkpoint
from schemas.consistency import Given, parse_given, parse_tiles, proof_from, tiles_text, verify_same_log
from schemas.errors import Invalid
from schemas.merkle import Tiles, consistency_proof, extend, leaf_hash, root_from_tiles
from schemas.note import encode64

LARGEST = 140_000


@cache
def tree(size: int = LARGEST) -> Tiles:
    return extend(lambda *_: b"", 0, [leaf_hash(n.to_bytes(4)) for n in range(size)])


def read(level: int, n: int) -> bytes:
    return tree().get((level, n), b"")


def head(size: int) -> Checkpoint:
    return Checkpoint(origin="a.test/log", size=size, root=root_from_tiles(size, read))


@settings(max_examples=60, deadline=None)
@given(younger=st.integers(1, LARGEST), back=st.integers(0, 3_000), reach=st.integers(0, 3_000))
def test_what_the_tiles_reach_is_proven(younger: int, back: int, reach: int):
    """A tree that is no older than they reach is proven from the text alone; the tiles of the log are newer than it."""
    older = max(1, younger - back)
    tiles = parse_tiles(tiles_text(younger, reach, read))

    proof = proof_from(tiles, older, younger)

    if back <= reach:
        assert proof == consistency_proof(older, younger, read)
    if proof is not None:
        verify_same_log(proof, head(older), head(younger))


def test_what_they_do_not_reach_is_not_said():
    """Further back there is no proof, rather than one that does not lead to the root."""
    tiles = parse_tiles(tiles_text(100_000, 1_000, read))

    assert proof_from(tiles, 90_001, 100_000) is None
    assert proof_from({}, 1, 2) is None
    assert len(tiles) < 12


def test_tiles_that_are_changed_prove_nothing():
    """A hash of a tile is believed only as far as it leads to both roots."""
    tiles = parse_tiles(tiles_text(1_000, 500, read))
    tiles[0, 3] = bytes(32) + tiles[0, 3][32:]
    proof = proof_from(tiles, 770, 1_000)
    assert proof is not None
    with pytest.raises(Invalid):
        verify_same_log(proof, head(770), head(1_000))


@pytest.mark.parametrize(
    "text",
    [
        "0 0 ",
        "0 0\n",
        "0 0 ?\n",
        "0 00 " + encode64(bytes(32)) + "\n",
        "-1 0 " + encode64(bytes(32)) + "\n",
        "8 0 " + encode64(bytes(32)) + "\n",
        "0 0 " + encode64(bytes(33)) + "\n",
        "0 0 " + encode64(bytes(32 * 257)) + "\n",
        2 * ("0 0 " + encode64(bytes(32)) + "\n"),
        "0 1 " + encode64(bytes(32)) + "\n0 0 " + encode64(bytes(32)) + "\n",
        "".join(f"0 {n} {encode64(bytes(32))}\n" for n in range(1_025)),
    ],
)
def test_what_is_no_list_of_tiles_is_refused(text: str):
    """One spelling, in order, each tile once, and no more than anybody needs."""
    with pytest.raises(Invalid):
        parse_tiles(text)


def test_a_proof_of_the_log_is_read():
    """The form is that of a request to a witness; its checkpoint is for others."""
    one, two = bytes(32), b"\x01" * 32
    text = f"old 17\n{encode64(one)}\n{encode64(two)}\n\na.test/log\n18\n{encode64(one)}\n\n— x y\n"
    assert parse_given(text) == Given(old=17, hashes=(one, two))
    assert parse_given("old 17\n\nnote\n") == Given(old=17, hashes=())


@pytest.mark.parametrize(
    "text",
    ["", "old 17\n", "old x\n\n", "old 017\n\n", "17\n\n", "old 1\n?\n\n", "old 1\n" + "AA==\n" * 64 + "\n"],
)
def test_what_is_no_proof_of_the_log_is_refused(text: str):
    """Anything else is wrong use."""
    with pytest.raises(Invalid):
        parse_given(text)
