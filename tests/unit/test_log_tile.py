"""Paths of tiles and bundles of entries are those of C2SP tlog-tiles, in one spelling each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Invalid, NotFound
from schemas.log_tile import TilePath, entry_bundle, parse_bundle, parse_tile_path

GOOD = {
    "tile/0/000": TilePath(0, 0, 256),
    "tile/0/x001/x234/067": TilePath(0, 1_234_067, 256),  # the example of C2SP tlog-tiles
    "tile/63/999.p/255": TilePath(63, 999, 255),
    "tile/entries/x001/000.p/1": TilePath(None, 1000, 1),
    "tile/entries/x999/x999/x999/x999/x999/999": TilePath(None, 10**18 - 1, 256),
}
BAD = [
    "", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/x000", "tile/0/x000/001",
    "tile/0/001/000", "tile/0/x001/x000", "tile/0/x1/000", "tile/00/000", "tile/01/000", "tile/64/000", "tile/-1/000",
    "tile/+1/000", "tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/01", "tile/0/000.p/256",
    "tile/0/000.p/300", "tile/0/000.p/1/", "tile/0/000/", "tile/0/000\n", "tile/0/000\x00", "/tile/0/000",
    "tile/0/٠٠٠", "tile/0/０００", "tile/0/²00", "tile/entries", "tile/entrie/000", "tile/ENTRIES/000", "tile/data/000",
    "tile/8/0/000", "tile/0/../0/000", "tile/0/x001/x001/x001/x001/x001/x001/000", "tile/0/" + "x001/" * 9000 + "000",
]  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_a_path_is_read_and_written_alike(text: str) -> None:
    """What a path names is written as the same path."""
    assert parse_tile_path(text) == GOOD[text]
    assert GOOD[text].text == text


@pytest.mark.parametrize("text", BAD)
def test_another_spelling_names_nothing(text: str) -> None:
    """A path that C2SP does not give a tile is no path of ours, and nothing is looked up for it."""
    with pytest.raises(NotFound) as err:
        parse_tile_path(text)
    assert err.value.slug == "tile-unknown"


@given(
    st.none() | st.integers(0, 63),
    st.integers(0, 10**18 - 1),
    st.integers(1, 256),
)
def test_every_tile_has_one_path(level: int | None, n: int, width: int) -> None:
    """Whatever the tile, its path leads back to it."""
    path = TilePath(level, n, width)
    assert parse_tile_path(path.text) == path


@given(st.text(max_size=40))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    """No text ends in anything but a path in its one spelling, or the refusal."""
    try:
        path = parse_tile_path(f"tile/{text}")
    except NotFound:
        return
    assert path.text == f"tile/{text}"


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_a_bundle_gives_its_entries_back(entries: list[bytes]) -> None:
    """Entries of any length, also none, come back as they were."""
    assert parse_bundle(entry_bundle(entries)) == entries


@given(st.integers(0, 3), st.integers(0, 6), st.data())
def test_entries_of_one_length_are_cut_as_any_others(length: int, count: int, data: st.DataObject) -> None:
    """A bundle whose entries look alike is read entry by entry all the same: one length that differs, and it is another."""
    entries = data.draw(st.lists(st.binary(min_size=length, max_size=length), min_size=count, max_size=count))
    payload = bytearray(entry_bundle(entries))
    for _ in range(data.draw(st.integers(0, 2)) if payload else 0):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 4))
    walked, at = list[bytes](), 0
    while at + 2 <= len(payload):
        end = at + 2 + int.from_bytes(payload[at : at + 2], "big")
        walked.append(bytes(payload[at + 2 : end]))
        at = end
    if at == len(payload):
        assert parse_bundle(bytes(payload)) == walked
    else:
        with pytest.raises(Invalid):
            parse_bundle(bytes(payload))


def test_a_bundle_is_spelt_as_the_standard_says() -> None:
    """Each entry follows its length in two bytes, the high one first."""
    assert entry_bundle([b"ab", b"", b"c" * 258]) == b"\x00\x02ab\x00\x00\x01\x02" + b"c" * 258


@pytest.mark.parametrize("payload", [b"\x00", b"\x00\x02a", b"\x00\x01a\x01", b"\xff\xff"])
def test_a_cut_bundle_is_refused(payload: bytes) -> None:
    """A bundle that ends within a length or an entry is none."""
    with pytest.raises(Invalid) as err:
        parse_bundle(payload)
    assert err.value.slug == "bundle-malformed"
