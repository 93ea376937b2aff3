import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.digest import Digest, Hasher


def test_sm3_standard_vector() -> None:
    """SM3 of "abc" is the value of GB/T 32905-2016 appendix A.1."""
    hasher = Hasher()
    hasher.update(b"abc")

    assert hasher.sm3 is not None
    assert hasher.sm3.value == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


@given(st.lists(st.binary(max_size=200)))
def test_pieces_do_not_matter(pieces: list[bytes]) -> None:
    """However the bytes are cut, digest and size are those of the whole."""
    hasher = Hasher(with_sm3=False)
    for piece in pieces:
        hasher.update(piece)
    whole = b"".join(pieces)

    assert hasher.sha256.value == hashlib.sha256(whole).hexdigest()
    assert hasher.size_bytes == len(whole)
    assert hasher.sm3 is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sha256",
        "sha256:",
        "md5:" + "0" * 32,
        "sha256:" + "0" * 63,
        "sha256:" + "G" * 64,
        "SHA256:" + "0" * 64,
    ],
)
def test_malformed_digest_never_passes(text: str) -> None:
    """An absent or malformed digest is refused, never taken as a match (archivematica#1061)."""
    with pytest.raises(ValueError):
        Digest.parse(text)


def test_digest_round_trip() -> None:
    """A digest reads back as itself, and differs from one of another algorithm."""
    one = Digest(alg="sha256", value="a" * 64)

    assert Digest.parse(str(one)).same(one)
    assert not one.same(Digest(alg="sm3", value="a" * 64))
