"""When a recording is due, and whether it came in time: by the end of its duty, or by its capture outside of one."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.hand_in import LATE_CODES, DutyTime, check_hand_in

START = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
OPEN = DutyTime(None, None)


def ended(until: int, due: int) -> DutyTime:
    """A duty by hours after the capture."""
    return DutyTime(START + until * HOUR, START + due * HOUR)


def code(received: float, duty: DutyTime | None = None, allowed: int = 24) -> str:
    made = check_hand_in(START, START + received * HOUR, duty, allowed_hours=allowed)
    assert made is not None
    return made.code


@pytest.mark.parametrize(
    ("received", "duty", "told"),
    [
        (24, None, ""),
        (24.001, None, "late-handin"),
        (500, OPEN, ""),
        (30, ended(8, 32), ""),
        (32, ended(8, 32), ""),
        (32.001, ended(8, 32), "late-after-duty"),
        (20, ended(8, 12), "late-after-duty"),
    ],
)
def test_due_by_the_end_of_the_duty(received: float, duty: DutyTime | None, told: str) -> None:
    """To the moment in time, after it late; not due while the duty goes on; without one the capture counts."""
    assert code(received, duty) == told


def test_without_a_time_of_capture_nothing_is_judged() -> None:
    """There is nothing to compare, so no result stands there as if it had held."""
    assert check_hand_in(None, START, None, allowed_hours=24) is None


def test_a_late_one_says_by_how_much() -> None:
    """Hours since the end of the duty, or since the capture with the limit of that time."""
    after = check_hand_in(START, START + 40 * HOUR, ended(8, 32), allowed_hours=24)
    alone = check_hand_in(START, START + 50 * HOUR, None, allowed_hours=48)
    assert after is not None
    assert alone is not None
    assert (after.params, alone.params) == ({"hours": 32}, {"hours": 50, "allowed_hours": 48})
    assert {after.code, alone.code} == set(LATE_CODES)


@given(
    until=st.integers(1, 500),
    more=st.integers(1, 500),
    received=st.integers(0, 2000),
    hours=st.integers(1, 99),
)
def test_an_ended_duty_is_judged_by_itself(until: int, more: int, received: int, hours: int) -> None:
    """What the agency sets later changes nothing: the due time of the duty alone decides."""
    duty = ended(until, until + more)
    assert bool(code(received, duty, hours)) is (received > until + more)
