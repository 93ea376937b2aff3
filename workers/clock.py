"""Whether this machine's clock went: what it says, beside what has passed since it was last asked.

What is drawn slowly – by a time service, or by drift – is no step; nor is a machine that slept, where the system
counts that time. A process that was held between two questions asks again.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

STEP: Final = timedelta(seconds=5)
"""Clocks that are further apart are told to a person (leaf.md 2.4)."""

_APART: Final = 1.0
"""So many seconds at most lie between the two questions that belong together."""

_TRIES: Final = 5


class Step(NamedTuple):
    """What the clock would have said, and what it says."""

    before: datetime
    after: datetime


def passed() -> float:
    """Return seconds of a clock that nobody sets; it counts while the machine sleeps, where there is such a one."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


def _utc() -> datetime:
    return datetime.now(UTC)


class ClockWatch:
    """Asked from time to time by one thread.

    Args:
        wall: The clock that somebody may set.
        steady: The one that nobody sets, in seconds.
    """

    def __init__(self, wall: Callable[[], datetime] = _utc, steady: Callable[[], float] = passed) -> None:
        self._wall = wall
        self._steady = steady
        self._seen: tuple[datetime, float] | None = None

    def look(self) -> Step | None:
        """Say whether the clock went by more than `STEP` since the last question."""
        reading = self._read()
        if reading is None:
            return None
        before, self._seen = self._seen, reading
        if before is None:
            return None
        wanted = before[0] + timedelta(seconds=reading[1] - before[1])
        return Step(wanted, reading[0]) if abs(reading[0] - wanted) > STEP else None

    def _read(self) -> tuple[datetime, float] | None:
        """Return both clocks at one moment; None where this process was held each time in between."""
        for _ in range(_TRIES):
            first = self._steady()
            wall = self._wall()
            if self._steady() - first < _APART:
                return wall, first
        return None
