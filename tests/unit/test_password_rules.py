"""What a password must be: long, not guessed first, not made of its owner's names – and nothing else is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.account import AccountIn, AdmissionIn
from schemas.password import LEAST_CHARACTERS, PasswordFault, password_fault
from schemas.password_list import KNOWN
from schemas.uscc import check_character, is_uscc

ABOUT = ("wangjianguo", "王建国", "示范区司法局")
_CODE = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("correct horse battery", None),
        ("xK9-mm2-Pq7!", None),
        ("每天早上先看一遍待办", None),
        ("aaaaaaa", PasswordFault.SHORT),
        ("我的辖区很大", PasswordFault.SHORT),
        ("elevenchars", PasswordFault.SHORT),
        ("320903199001011234", PasswordFault.SIMPLE),
        ("abababababab", PasswordFault.SIMPLE),
        ("qwertyuiopasdfghjkl", PasswordFault.SIMPLE),
        ("abcdefghijklmn", PasswordFault.SIMPLE),
        ("password1234", PasswordFault.KNOWN),
        ("P@ssw0rd!2026", PasswordFault.KNOWN),
        ("ＰＡＳＳＷＯＲＤ１２３４", PasswordFault.KNOWN),
        ("adminadmin2026", PasswordFault.KNOWN),
        ("行政执法全过程记录", PasswordFault.KNOWN),
        ("wangjianguo2026", PasswordFault.PERSONAL),
        ("示范区司法局王建国", PasswordFault.PERSONAL),
        ("wangjianguo likes wet roads", None),
    ],
)
def test_what_is_taken_and_what_is_not(password: str, fault: PasswordFault | None) -> None:
    """The examples that a person would try first, and some that are good."""
    assert password_fault(password, ABOUT) == fault


@given(st.sampled_from(sorted(KNOWN)), st.text("0123456789!@#._-", max_size=12), st.booleans())
def test_a_known_word_is_known_whatever_is_put_around_it(word: str, around: str, is_upper: bool) -> None:
    """Digits and signs before and behind, and capitals, make no common word a good password."""
    typed = f"{around}{word.upper() if is_upper else word}{around}"

    assert password_fault(typed) is not None


@given(st.text(min_size=1, max_size=40))
def test_no_text_is_a_fault_of_ours(typed: str) -> None:
    """Whatever is typed is taken or refused for a reason that has a sentence."""
    assert password_fault(typed, (typed, "")) in {None, *PasswordFault}


@given(st.text("abcdefghijklmnopqrstuvwxyz0123456789", max_size=LEAST_CHARACTERS - 1))
def test_a_short_one_is_told_so_first(typed: str) -> None:
    """Below the least length nothing else is looked at."""
    assert password_fault(typed) is PasswordFault.SHORT


@pytest.mark.parametrize("code", ["91350100M000100Y43", "914403001922038216", "9144030071526726XG"])
def test_real_codes_hold(code: str) -> None:
    """Codes of real organisations have their check character (GB 32100-2015)."""
    assert is_uscc(code)


@given(st.text(_CODE, min_size=17, max_size=17), st.integers(0, 16), st.sampled_from(_CODE))
def test_one_wrong_character_is_found(body: str, place: int, other: str) -> None:
    """A code has one right last character, and no other character of it can be exchanged."""
    code = body + check_character(body)
    changed = code[:place] + other + code[place + 1 :]

    assert is_uscc(code)
    assert is_uscc(changed) is (changed == code)


@given(st.text(max_size=30))
def test_any_other_text_is_no_code(text: str) -> None:
    """Letters that a code never has, or another length, are refused and raise nothing."""
    assert is_uscc(text) is (
        len(text) == 18 and set(text) <= set(_CODE) and check_character(text[:-1]) == text[-1]
    )


@pytest.mark.parametrize("login", ["A", "王", "a b", "a" * 33, "9a", "ａdmin", "a\n", ""])
def test_a_log_in_name_looks_like_no_other(login: str) -> None:
    """Capitals, blanks and letters of other scripts are refused."""
    with pytest.raises(ValueError, match="login"):
        AccountIn(login=login, name="某人", agency_id="01a213b2-7d3a-7102-89f7-000000000000")  # type: ignore[arg-type] # as it is sent
    with pytest.raises(ValueError, match="login"):
        AdmissionIn(code="x", login=login, name="某人")
