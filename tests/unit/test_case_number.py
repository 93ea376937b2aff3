import pytest

from schemas.case_number import check_usual, example, is_number_pattern, number_key
from schemas.errors import Invalid

PATTERN = "盐交执〔{year}〕{n}号"


@pytest.mark.parametrize(
    "typed",
    [
        "盐交执〔2026〕1号",
        "盐交执[2026]1号",
        "盐交执（2026）1号",
        "盐交执【2026】1号",
        "盐交执 〔２０２６〕 １ 号",
        "盐交执［2026］1号\u3000",
    ],
)
def test_one_number_however_it_is_typed(typed: str) -> None:
    """Brackets, widths and blanks make no other number."""
    assert number_key(typed) == "盐交执(2026)1号"


@pytest.mark.parametrize(
    "other", ["盐交执〔2026〕11号", "盐交执〔2025〕1号", "盐交罚〔2026〕1号", "盐交执2026-1号"]
)
def test_another_number_stays_another(other: str) -> None:
    """Whatever a reader would call another number is one."""
    assert number_key(other) != number_key("盐交执〔2026〕1号")


@pytest.mark.parametrize(
    ("item", "may"),
    [
        (PATTERN, True),
        ("{any}〔{year}〕{n}号", True),
        ("盐交执〔2026〕号", False),  # no number that counts
        ("{year}{", False),
        ("{word}{n}", False),
        ("", False),
        ("x" * 101, False),
        (".*{n}", True),
    ],
)
def test_what_may_stand_in_the_list(item: str, may: bool) -> None:
    """A pattern is signs and three named fields, one of them the number."""
    assert is_number_pattern(item) is may


def test_a_pattern_is_no_regular_expression() -> None:
    """Signs stand for themselves."""
    with pytest.raises(Invalid, match="like none"):
        check_usual("abc1", [".*{n}"], is_sure=False)
    check_usual(".*1", [".*{n}"], is_sure=False)


def test_a_number_unlike_the_agencys_is_asked_about() -> None:
    """What fits a pattern passes in every writing; what does not is refused until who typed it is sure."""
    check_usual("盐交执[2026] 17 号", ["x{n}", PATTERN], is_sure=False)
    for strange in ("乱写的案号", "盐交执〔26〕1号", "盐交执〔2026〕号"):
        with pytest.raises(Invalid, match="like none"):
            check_usual(strange, [PATTERN], is_sure=False)
        check_usual(strange, [PATTERN], is_sure=True)
        check_usual(strange, [], is_sure=False)


def test_an_example_reads_as_people_write() -> None:
    """The hint beside the field is a number, not a pattern."""
    assert example(PATTERN) == "盐交执〔2026〕1号"
