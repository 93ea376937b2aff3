"""A step of this machine's clock, told from drift, from sleep and from a process that was held."""

from datetime import UTC, datetime, timedelta

import pytest

from workers.clock import STEP, ClockWatch, Step, passed

AT = datetime(2026, 11, 30, 8, tzinfo=UTC)


class Clocks:
    """Two clocks; `held` makes time pass between the questions of one reading."""

    def __init__(self) -> None:
        self.wall = AT
        self.steady = 100.0
        self.held: list[float] = []

    def goes(self, seconds: float, *, wall: float | None = None) -> None:
        self.steady += seconds
        self.wall += timedelta(seconds=seconds if wall is None else wall)

    def say(self) -> datetime:
        said = self.wall
        if self.held:
            self.goes(self.held.pop())
        return said


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def watch(clocks: Clocks) -> ClockWatch:
    made = ClockWatch(clocks.say, lambda: clocks.steady)
    assert made.look() is None
    return made


@pytest.mark.parametrize("by", [-86_400.0, -6.0, 6.0, 3_600.0])
def test_a_step_is_told_once_with_both_times(watch: ClockWatch, clocks: Clocks, by: float) -> None:
    """Back and ahead: what the clock would have said, and what it says; from there on it is right."""
    clocks.goes(1.0, wall=1.0 + by)
    assert watch.look() == Step(AT + timedelta(seconds=1), AT + timedelta(seconds=1 + by))
    clocks.goes(1.0)
    assert watch.look() is None


@pytest.mark.parametrize("seconds", [0.0, 1.0, 86_400.0])
def test_time_that_passes_is_no_step(watch: ClockWatch, clocks: Clocks, seconds: float) -> None:
    """However long nobody asks; a little more or less is how clocks are drawn."""
    for drift in (0.0, STEP.total_seconds() - 0.1, 0.1 - STEP.total_seconds()):
        clocks.goes(seconds, wall=seconds + drift)
        assert watch.look() is None


def test_a_process_that_was_held_asks_again(watch: ClockWatch, clocks: Clocks) -> None:
    """Between the two questions time passed: that is no step; where it passes every time nothing is said."""
    clocks.held = [20.0]
    assert watch.look() is None
    clocks.held = [20.0] * 9
    assert watch.look() is None
    clocks.held = []
    assert watch.look() is None
    clocks.goes(1.0, wall=60.0)
    assert watch.look() is not None


def test_the_clocks_of_this_machine_agree() -> None:
    """The clock that nobody sets goes on, and the real watch says nothing."""
    first = passed()
    watch = ClockWatch()
    assert watch.look() is None
    assert watch.look() is None
    assert passed() >= first
