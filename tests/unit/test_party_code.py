"""Codes of parties: which characters are checked, by which standard, and what is let be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Invalid
from schemas.party_code import check_party_code, is_resident_id

SAMPLES = ("11010519491231002X", "440524188001010014")
"""The two that the standard itself prints (GB 11643-1999)."""


@pytest.mark.parametrize("code", SAMPLES)
def test_the_samples_of_the_standard_hold(code: str) -> None:
    """Another length, a blank, a digit of another script or a small letter do not."""
    assert is_resident_id(code)
    for other in (code[:-1], f"{code}0", f" {code[1:]}", f"１{code[1:]}", f"{code[:-1]}x"):
        assert not is_resident_id(other)


@given(st.sampled_from(SAMPLES), st.integers(0, 16), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_seen(code: str, place: int, digit: str) -> None:
    """The weights are no multiples of 11, so that no single change goes unseen."""
    changed = code[:place] + digit + code[place + 1 :]
    assert is_resident_id(changed) is (changed == code)


@pytest.mark.parametrize(
    ("code", "is_taken"),
    [
        (None, True),
        ("91350100M000100Y43", True),
        ("11010519491231002X", True),
        ("320903199902300010", False),  # no such day
        ("91350100M000100Y44", False),
        ("110105194912310020", False),
        ("320903600123456", True),  # a registration of former times
        ("E12345678", True),
    ],
)
def test_what_a_handler_types(code: str | None, *, is_taken: bool) -> None:
    """Whole codes are checked by either standard; shorter ones are taken as they are."""
    if is_taken:
        check_party_code(code)
        return
    with pytest.raises(Invalid) as refused:
        check_party_code(code)
    assert refused.value.slug == "party-code-wrong"
