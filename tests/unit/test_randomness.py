"""Public values: one canonical form for each kind, whatever way a result is published and typed."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Invalid
from schemas.randomness import (
    PlanSource,
    SourceIn,
    SourceKind,
    canonical,
    is_same,
    value_bytes,
    values_digest,
)

AT = datetime(2026, 12, 1, 13, tzinfo=UTC)
SEPARATORS = (" ", ",", "，", "、", " + ", "|", ";", " - ", "　", "\t")


def source(kind: SourceKind, encoding: str = "text") -> PlanSource:
    return PlanSource(name="x", kind=kind.value, encoding=encoding, happens_at="2026-12-01T13:00:00.000Z")


def form(kind: SourceKind, typed: str, encoding: str = "text") -> str:
    return canonical([source(kind, encoding)], [typed])[0]


@pytest.mark.parametrize(
    ("kind", "canon", "spellings"),
    [
        (
            SourceKind.LOTTERY,
            "3 11 15 5",
            (
                "3 11 15 5",
                "03 11 15 + 05",
                "3 11 15+5",
                "03,11,15|05",
                "０３　１１　１５　＋　０５",
                "03、11、15、05",
                "红球：03 11 15 蓝球：05",
                "前区03 11 15后区05",
                " 03-11-15 / 05\n",
            ),
        ),
        (SourceKind.LOTTERY, "0 3 7", ("037", "0 3 7", "０３７", "0,3,7")),
        (SourceKind.LOTTERY, "5", ("5", "05")),
        (SourceKind.DICE, "3 5 6 1", ("3 5 6 1", "3561", "3、5、6、1", "３ ５ ６ １", "35 61")),
        (
            SourceKind.DRAND,
            "0aff10",
            ("0aff10", "0AFF10", "0x0AFF10", "0a ff 10", "0a:ff:10", "０ａｆｆ１０"),
        ),
        (SourceKind.INDEX, "3245.12", ("3245.12", "3,245.12", "３２４５．１２", "3245.1200", " 3 245.12")),
        (SourceKind.INDEX, "3245", ("3245", "3,245.00", "03245")),
        (SourceKind.INDEX, "0.5", ("0.5", "0.50")),
        (SourceKind.OTHER, "沪A 12", ("沪A 12", "沪Ａ　１２", "  沪A   12 ")),
    ],
)
def test_one_result_has_one_form(kind: SourceKind, canon: str, spellings: tuple[str, ...]) -> None:
    """Every spelling in which people type one result comes to one form, which is its own."""
    assert {form(kind, one) for one in spellings} == {canon}
    assert form(kind, canon) == canon


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        (SourceKind.LOTTERY, "03 11 15 + 05", "03 11 15 + 06"),
        (SourceKind.LOTTERY, "03 11 15", "11 03 15"),
        (SourceKind.LOTTERY, "1 11", "11 1"),
        (SourceKind.LOTTERY, "037", "37"),
        (SourceKind.DICE, "3 5", "5 3"),
        (SourceKind.INDEX, "3245.12", "3245.1"),
        (SourceKind.INDEX, "3245.12", "324512"),
        (SourceKind.OTHER, "a b", "ab"),
        (SourceKind.OTHER, "a", "A"),
    ],
)
def test_another_result_has_another_form(kind: SourceKind, one: str, other: str) -> None:
    """What was published otherwise is never taken for the same."""
    assert form(kind, one) != form(kind, other)


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        (SourceKind.LOTTERY, "第2026137期 03 11"),
        (SourceKind.LOTTERY, "03 11x"),
        (SourceKind.LOTTERY, "103 11"),
        (SourceKind.LOTTERY, "+"),
        (SourceKind.DICE, "六点"),
        (SourceKind.DRAND, "0xabc"),
        (SourceKind.DRAND, "xyz"),
        (SourceKind.INDEX, "三千点"),
        (SourceKind.INDEX, "3,24.5"),
        (SourceKind.INDEX, "1.2.3"),
        (SourceKind.INDEX, "-5"),
        (SourceKind.OTHER, " 　 "),
    ],
)
def test_what_is_no_result_is_refused(kind: SourceKind, typed: str) -> None:
    """A text that is none of its kind is refused with the name of its source."""
    with pytest.raises(Invalid) as caught:
        form(kind, typed)
    assert (caught.value.slug, caught.value.facts["source"]) == ("randomness-invalid", "x")


@given(
    st.lists(st.integers(0, 99), min_size=2, max_size=8),
    st.sampled_from(SEPARATORS),
    st.sampled_from(SEPARATORS),
    st.booleans(),
)
def test_balls_in_any_dress(balls: list[int], one: str, other: str, is_wide: bool) -> None:
    """Separators, zeros and widths change nothing; the numbers and their order are the form."""
    text = other.join([one.join(f"{ball:02d}" for ball in balls[:-1]), str(balls[-1])])
    wide = {ord(str(digit)): chr(0xFF10 + digit) for digit in range(10)} if is_wide else {}

    assert form(SourceKind.LOTTERY, text.translate(wide)) == " ".join(map(str, balls))


@given(st.sampled_from(SourceKind), st.text(max_size=40))
def test_a_form_is_its_own(kind: SourceKind, typed: str) -> None:
    """Whatever is typed is refused or has a form, and the form of that is itself."""
    try:
        once = form(kind, typed)
    except Invalid:
        return
    assert form(kind, once) == once
    assert value_bytes([source(kind)], [once]) == [once.encode()]


def test_hex_is_compared_as_bytes() -> None:
    """A source whose value is hex has one form whatever its kind, and its bytes enter the seed."""
    named = source(SourceKind.OTHER, "hex")

    assert canonical([named], ["0xAB cd"]) == ["abcd"]
    assert value_bytes([named], canonical([named], ["0xAB cd"])) == [b"\xab\xcd"]


def test_each_source_has_one_value() -> None:
    """One value too few or too many is refused, and never fills up another."""
    sources = [source(SourceKind.DICE), source(SourceKind.INDEX)]
    for typed in ([], ["3"], ["3", "5", "6"]):
        with pytest.raises(Invalid):
            canonical(sources, typed)


def test_what_was_entered_before_there_were_forms() -> None:
    """A kept value keeps its bytes, and is confirmed by the same result in any spelling; what has no form by its own."""
    named = [source(SourceKind.LOTTERY)]
    old, odd = ["03 07 12 21 29 + 05"], ["第137期：3 7"]

    assert value_bytes(named, old) == [b"03 07 12 21 29 + 05"]
    assert is_same(named, old, ["3 7 12 21 29 5"])
    assert not is_same(named, old, ["3 7 12 21 29 6"])
    with pytest.raises(Invalid):
        is_same(named, odd, odd)
    assert values_digest([b"ab", b"c"]) != values_digest([b"a", b"bc"])


def test_a_source_of_the_form_is_one_of_the_plan() -> None:
    """Kept, defined and frozen sources have the same forms."""
    one = SourceIn(name="x", kind=SourceKind.LOTTERY, happens_at=AT)

    assert canonical([one], ["03 11"]) == canonical([source(SourceKind.LOTTERY)], ["3,11"])
