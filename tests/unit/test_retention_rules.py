"""For how long a recording is kept, and how far ahead its lock stands: tables of the rules (rules 3)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.ids import CaseId
from schemas.retention import (
    RetentionClass,
    Tie,
    class_of,
    demanded,
    due_before,
    has_ended,
    lock_until,
)
from schemas.setting import DECLARED, Setting

NOW = datetime(2026, 11, 30, 6, tzinfo=UTC)
ROUTINE = datetime(2027, 5, 30, 6, tzinfo=UTC)
ONE, TWO = (CaseId(UUID(int=number)) for number in (1, 2))
DAY = timedelta(days=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def is_open(case: CaseId = ONE) -> Tie:
    return Tie(case, None, 0)


def is_over(case: CaseId = ONE, *, closed: str = "2026-11-30", months: int = 360) -> Tie:
    return Tie(case, at(closed), months)


@pytest.mark.parametrize(
    ("ties", "retention", "until", "case"),
    [
        ([], RetentionClass.ROUTINE, ROUTINE, None),
        ([is_open()], RetentionClass.OPEN_CASE, None, ONE),
        ([is_over()], RetentionClass.CASE, at("2056-11-30"), ONE),
        ([is_over(months=66)], RetentionClass.CASE, at("2032-05-30"), ONE),
        ([is_over(), is_open(TWO)], RetentionClass.OPEN_CASE, None, TWO),
        ([is_over(ONE, closed="2026-01-31"), is_over(TWO)], RetentionClass.CASE, at("2056-11-30"), TWO),
        ([is_over(closed="1999-01-31", months=66)], RetentionClass.ROUTINE, ROUTINE, None),
    ],
)
def test_the_longest_of_what_it_is_tied_to_wins(
    ties: list[Tie], retention: RetentionClass, until: datetime | None, case: CaseId | None
) -> None:
    """A case that is not over has no end; one that is, its period from its closing; tied to nothing, as the seal said."""
    for said in (ties, ties[::-1]):
        kept = class_of(ROUTINE, said)
        assert (kept.retention, kept.until, kept.case_id) == (retention, until, case)


def test_what_is_marked_is_kept_for_ever() -> None:
    """Whatever it is tied to, and where it is tied to nothing."""
    for ties in ([], [is_open()], [is_over()]):
        kept = class_of(ROUTINE, ties, is_marked=True)
        assert (kept.retention, kept.until, kept.case_id) == (RetentionClass.PERMANENT, None, None)


def test_of_two_open_cases_the_same_one_is_named_whenever_it_is_asked() -> None:
    """Or each look would enter another reason."""
    assert {
        class_of(ROUTINE, ties).case_id for ties in ([is_open(), is_open(TWO)], [is_open(TWO), is_open()])
    } == {TWO}


def test_no_case_is_kept_shorter_than_a_suit_may_come() -> None:
    """Five years and six months at least, thirty years where nobody says otherwise."""
    declared = DECLARED[Setting.CASE_RETENTION_MONTHS]
    assert (declared.least, declared.default) == (66, 360)


@pytest.mark.parametrize(
    ("until", "standing", "locked", "asked"),
    [
        (None, ROUTINE, at("2028-01-30T06:00"), at("2027-12-30T06:00")),
        (None, None, at("2028-01-30T06:00"), at("2027-12-30T06:00")),
        (at("2056-11-30"), ROUTINE, at("2028-01-30T06:00"), at("2027-12-30T06:00")),
        (at("2027-12-31"), ROUTINE, at("2027-12-31"), at("2027-12-30T06:00")),
        (ROUTINE, ROUTINE, ROUTINE, ROUTINE),
        (ROUTINE, at("2028-01-30"), at("2028-01-30"), ROUTINE),
        (NOW, at("2028-01-30"), at("2028-01-30"), None),
        (NOW, None, None, None),
    ],
)
def test_a_lock_is_set_ahead_and_never_beyond_the_end_of_the_class_nor_before_what_stands(
    until: datetime | None, standing: datetime | None, locked: datetime | None, asked: datetime | None
) -> None:
    """Fourteen months ahead while the class lasts; a class that is over asks for nothing, and what stands stays."""
    assert lock_until(until, NOW, standing) == locked
    assert demanded(until, NOW) == asked


@given(
    now=st.integers(0, 12_000).map(lambda days: NOW + days * DAY),
    days=st.none() | st.integers(-400, 12_000),
    stands=st.none() | st.integers(-400, 900),
    nights=st.integers(0, 6),
)
def test_while_a_class_lasts_the_lock_is_never_shorter_than_thirteen_months(
    now: datetime, days: int | None, stands: int | None, nights: int
) -> None:
    """Set once, it is long enough until it is due, and for the nights that may fail behind that; none is ever shortened."""
    until = None if days is None else now + days * DAY
    standing = None if stands is None else now + stands * DAY

    locked = lock_until(until, now, standing)

    if standing is not None:
        assert locked is not None
        assert locked >= standing
    if has_ended(until, now):
        assert locked == standing
        return
    assert locked is not None
    assert until is None or locked <= max(until, standing or until)
    due = now
    while locked >= due_before(due) and due < now + 60 * DAY:
        due += DAY
    later = due + nights * DAY
    asked = demanded(until, later)
    assert asked is None or locked >= asked
