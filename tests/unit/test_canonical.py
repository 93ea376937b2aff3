import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from schemas.canonical import MAX_INTEGER, canonical_bytes, parse_canonical
from schemas.errors import ManifestInvalid

VALUES = st.recursive(
    st.booleans()
    | st.integers(-MAX_INTEGER, MAX_INTEGER)
    | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="ascii"), max_size=8), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text(st.characters(codec="ascii"), max_size=8), VALUES, max_size=4))
def test_round_trip(value: dict[str, object]) -> None:
    """Every value of the profile reads back as itself from its canonical bytes."""
    assert parse_canonical(canonical_bytes(value)) == value


@given(st.dictionaries(st.text(st.characters(codec="ascii"), max_size=8), VALUES, max_size=4))
def test_sorted_json_agrees(value: dict[str, object]) -> None:
    """Inside the profile, sorted compact JSON and RFC 8785 give the same bytes, and they are ours."""
    plain = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    assert canonical_bytes(value) == plain == rfc8785.dumps(value)


@pytest.mark.parametrize(
    ("payload", "slug"),
    [
        (b'{"a":1,"a":2}', "manifest-duplicate-key"),
        (b'{"a":1.0}', "manifest-float"),
        (b'{"a":1e3}', "manifest-float"),
        (b'{"a":NaN}', "manifest-float"),
        (b'{"a":null}', "manifest-null"),
        (b'{"a":9007199254740992}', "manifest-integer-range"),
        (b'{"a": 1}', "manifest-not-canonical"),
        (b'{"b":1,"a":2}', "manifest-not-canonical"),
        ('{"钥":1}'.encode(), "manifest-not-canonical"),
        (b'{"a":"\\ud800"}', "manifest-not-canonical"),
        (b"[1]", "manifest-not-json"),
        (b"{", "manifest-not-json"),
        (b"\xff{}", "manifest-not-json"),
        (b"[" * 100_000, "manifest-not-json"),
        (b'{"a":' * 20 + b"1" + b"}" * 20, "manifest-not-canonical"),
    ],
)
def test_broken_rule_is_named(payload: bytes, slug: str) -> None:
    """Bytes outside the profile are refused with the slug of the rule they break."""
    with pytest.raises(ManifestInvalid) as caught:
        parse_canonical(payload)

    assert caught.value.slug == slug
