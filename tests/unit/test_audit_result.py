"""The result of an audit: sums that a hand can repeat, and an interval that is the exact one of the draw."""

from fractions import Fraction
from math import comb
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.audit_result import Drawn, Scored, interval, result_of
from schemas.standard import DEMO_STANDARD, Standard

FULL = {item.code: item.points for item in DEMO_STANDARD.items}


def naive(population: int, size: int, found: int) -> tuple[Fraction, Fraction]:
    """Every number of conforming files that is not refuted at 2.5 % on either side, by the definition."""
    kept = []
    for conforming in range(population + 1):
        ways = {
            x: comb(conforming, x) * comb(population - conforming, size - x)
            for x in range(max(0, size - population + conforming), min(size, conforming) + 1)
        }
        more = Fraction(sum(way for x, way in ways.items() if x >= found), comb(population, size))
        less = Fraction(sum(way for x, way in ways.items() if x <= found), comb(population, size))
        if more > Fraction(25, 1000) and less > Fraction(25, 1000):
            kept.append(conforming)
    return Fraction(kept[0], population), Fraction(kept[-1], population)


@given(st.integers(1, 40), st.data())
def test_the_interval_is_the_exact_one(population: int, data: st.DataObject) -> None:
    """It holds every share that what was found does not refute, and no other."""
    size = data.draw(st.integers(1, population))
    found = data.draw(st.integers(0, size))

    assert interval(population, size, found) == naive(population, size, found)


@given(st.integers(1, 30), st.data())
def test_the_interval_keeps_its_promise(population: int, data: st.DataObject) -> None:
    """Whatever the population holds, the interval of a draw misses it in at most one draw of twenty."""
    size = data.draw(st.integers(1, population))
    conforming = data.draw(st.integers(0, population))
    missed = 0
    for found in range(max(0, size - population + conforming), min(size, conforming) + 1):
        low, high = interval(population, size, found)
        if not low <= Fraction(conforming, population) <= high:
            missed += comb(conforming, found) * comb(population - conforming, size - found)

    assert Fraction(missed, comb(population, size)) <= Fraction(5, 100)


@given(st.integers(1, 40), st.data())
def test_what_was_not_scored_is_no_guess(population: int, data: st.DataObject) -> None:
    """The interval with unscored files holds that of every way in which they could have been scored."""
    size = data.draw(st.integers(1, population))
    found = data.draw(st.integers(0, size))
    unknown = data.draw(st.integers(0, size - found))
    low, high = interval(population, size, found, unknown)

    for more in range(unknown + 1):
        one, other = interval(population, size, found + more)
        assert low <= one <= other <= high


def test_a_population_that_is_drawn_whole_is_known() -> None:
    """No guess is left where every file was looked at, and none is made where there was none."""
    assert interval(8, 8, 5) == (Fraction(5, 8), Fraction(5, 8))
    assert interval(0, 0, 0) == (0, 1)


def test_a_large_population() -> None:
    """In a large population the interval comes near to Clopper and Pearson's, from inside."""
    low, high = interval(1_000_000, 60, 54)

    assert 0.7949 < low < 0.7951
    assert 0.9623 < high < 0.9625


def scored(number: int, *points: dict[str, int]) -> Scored:
    return Scored(UUID(int=number), number, f"{number}号", [FULL | one for one in points])


def test_the_sums() -> None:
    """Means by file and item, who passes, from which items points were taken, and distances that are too wide."""
    files = [
        scored(1, {}, {}),
        scored(2, {"A1": 0}, {"B6": 0}),
        scored(3, {"A1": 0, "A2": 0}, {"A1": 0}),
    ]
    standard = DEMO_STANDARD.model_copy(update={"passing": 85})
    told = result_of(standard, Drawn(8, 4, 3), files, inspectors=2, gap_most=10, is_final=False)
    by_code = {one.code: one for one in told.items}

    assert [one.mean for one in told.files] == [100, 87.5, 72.5]
    assert [one.is_passed for one in told.files] == [True, True, False]
    assert [one.deducted for one in told.files] == [(), ("A1", "B6"), ("A1", "A2")]
    assert [one.is_wide for one in told.files] == [False, True, True]
    assert (told.mean, told.wide, told.scored, told.drawn) == (520 / 6, 2, 3, 4)
    assert told.passed is not None
    assert (told.passed.count, told.passed.rate) == (2, 2 / 3)
    assert (told.passed.low, told.passed.high) == tuple(map(float, interval(8, 4, 2, 1)))
    assert by_code["A1"].mean == 60 / 6
    assert (by_code["A1"].whole.count, by_code["B1"].whole.count) == (1, 3)


@pytest.mark.parametrize("standard", [DEMO_STANDARD.model_copy(update={"passing": None})])
def test_a_standard_without_a_pass_says_none(standard: Standard) -> None:
    """Where the standard says from how many points a file passes no more, no rate of passing is made up."""
    told = result_of(standard, Drawn(8, 3, 0), [], inspectors=2, gap_most=10, is_final=True)

    assert (told.passed, told.mean, told.files) == (None, None, ())
    assert all(one.mean is None and one.whole.rate is None for one in told.items)
