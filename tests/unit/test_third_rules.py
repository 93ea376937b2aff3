"""A third inspector: when the totals ask for one, and whose points count then."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.audit_result import Drawn, Scored, result_of
from schemas.ids import MemberId
from schemas.setting_list import LISTS, ListSetting
from schemas.standard import DEMO_STANDARD
from schemas.third import ASSUMED, ScoreOfThree, counted, is_wide

THIRD, NEARER, FARTHER = ScoreOfThree
TOTALS = st.lists(st.integers(0, 100), min_size=2, max_size=5)


@pytest.mark.parametrize(
    ("totals", "is_asked"), [((90, 80), False), ((90, 79), True), ((79, 85, 90), True), ((80, 80), False)]
)
def test_more_than_the_agency_lets_stand_asks_for_a_third(totals: tuple[int, ...], is_asked: bool) -> None:
    """Ten points are near enough where ten is the limit, eleven are not; of several the widest distance counts."""
    assert is_wide(totals, 10) is is_asked


@pytest.mark.parametrize(
    ("third", "rule", "counts"),
    [
        (88, ASSUMED, (True, False, True)),
        (72, ASSUMED, (False, True, True)),
        (80, ASSUMED, (True, True, True)),
        (88, (THIRD,), (False, False, True)),
        (88, (THIRD, NEARER, FARTHER), (True, True, True)),
        (88, (NEARER,), (True, False, False)),
        (80, (FARTHER,), (False, False, True)),
    ],
)
def test_whose_points_count_is_what_the_agency_says(
    third: int, rule: tuple[ScoreOfThree, ...], counts: tuple[bool, ...]
) -> None:
    """Of 90 and 70: the third's and the nearer one's, both where they are as near; else as the rule names them."""
    assert counted((90, 70), third, rule) == counts


@given(TOTALS, st.none() | st.integers(0, 100), st.sets(st.sampled_from(ScoreOfThree), min_size=1))
def test_somebody_always_counts(totals: list[int], third: int | None, rule: set[ScoreOfThree]) -> None:
    """Whatever an agency says, a file that was scored has a score; without a third all count."""
    flags = counted(totals, third, rule)
    assert any(flags)
    assert len(flags) == len(totals) + (third is not None)
    assert third is not None or all(flags)


def test_an_agency_that_says_nothing_takes_the_third_and_the_nearer_one() -> None:
    """The law names no rule; what is assumed is declared as a setting, as of the freeze."""
    assert LISTS[ListSetting.SCORES_OF_THREE].default == tuple(ASSUMED) == ("third", "nearer")


def points(lost: int) -> dict[str, int]:
    first, *others = DEMO_STANDARD.items
    return {first.code: first.points - lost, **{one.code: one.points for one in others}}


def test_the_result_is_made_by_those_that_count() -> None:
    """Mean, verdict and items are of the third and the nearer one; what the inspectors gave stays beside them."""
    low, high, third = points(20), points(0), points(18)
    whole = Scored(MemberId(uuid4()), 1, "甲", [low, high], third)
    open_one = Scored(MemberId(uuid4()), 2, "乙", [low, high])
    told = result_of(
        DEMO_STANDARD, Drawn(2, 2, 2), [whole, open_one], inspectors=2, gap_most=10, is_final=False
    )
    settled, waiting = told.files
    assert (settled.totals, settled.third, settled.counted, settled.mean) == ((80, 100), 82, (80, 82), 81.0)
    assert (waiting.totals, waiting.third, waiting.mean) == ((80, 100), None, 90.0)
    assert (told.wide, told.unsettled) == (2, 1)
    assert told.items[0].mean == (0 + 2 + 0 + 20) / 4
