"""Training of officers: hours by kind, year by year, and what a year lacks – a warning, never a lock.

At least 60 hours a year, of them 20 of public law and 40 of the profession: the State Council's three-year action plan of
2023 for the quality of administrative enforcement. How many are wanted is a setting of the agency to which somebody
belonged at the end of the year (`asked_at`). A year is one of UTC+8.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, NamedTuple, Self
from uuid import UUID

from pydantic import Field

from schemas.base import Frozen, Reason, WireIn
from schemas.ids import AccountId
from schemas.leaves_training import TrainingKind
from schemas.trail import day_of, day_start

MOST_HOURS = 400
"""Of one entry: more than a year of courses; beyond it somebody mistyped."""

FIRST_YEAR = 2000


class TrainingIn(WireIn):
    """Training that a person attended; `held_on` is its day, of a longer course the last."""

    kind: TrainingKind
    hours: Annotated[int, Field(ge=1, le=MOST_HOURS)]
    held_on: Annotated[date, Field(ge=date(FIRST_YEAR, 1, 1))]
    topic: Reason


class TrainingWithdrawIn(WireIn):
    """Why an entry was wrong."""

    reason: Reason


class Training(Frozen):
    """An entry: known from `entered_at` on, until it was withdrawn."""

    id: UUID
    account_id: AccountId
    kind: TrainingKind
    hours: int
    held_on: date
    topic: str
    entered_at: datetime
    withdrawn_at: datetime | None
    reason: str | None

    def counts(self, known: datetime) -> bool:
        """Say whether it counted, as known at a time."""
        return self.entered_at <= known and (self.withdrawn_at is None or known < self.withdrawn_at)


class Wanted(NamedTuple):
    """How many hours a year asks for."""

    public_law: int
    professional: int

    @property
    def hours(self) -> Mapping[TrainingKind, int]:
        """By kind."""
        return {TrainingKind.PUBLIC_LAW: self.public_law, TrainingKind.PROFESSIONAL: self.professional}


class TrainingYear(NamedTuple):
    """The hours of one person in one year."""

    year: int
    public_law: int = 0
    professional: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.public_law + self.professional

    def with_entry(self, one: Training) -> Self:
        """Return the year with one more entry."""
        return self._replace(**{one.kind.value: getattr(self, one.kind.value) + one.hours})

    def lacks(self, wanted: Wanted) -> Wanted:
        """Return the hours that are missing of each kind; more of one does not stand in for the other."""
        return Wanted(
            max(0, wanted.public_law - self.public_law), max(0, wanted.professional - self.professional)
        )

    def is_short(self, wanted: Wanted) -> bool:
        """Say whether hours are missing."""
        return any(self.lacks(wanted))


class JudgedYear(NamedTuple):
    """The hours of one person in one year beside those that it asks of them."""

    hours: TrainingYear
    wanted: Wanted

    @property
    def lacks(self) -> Wanted:
        """The hours that are missing of each kind."""
        return self.hours.lacks(self.wanted)

    @property
    def is_short(self) -> bool:
        """Whether hours are missing."""
        return self.hours.is_short(self.wanted)


class PersonTraining(Frozen):
    """A person, their hours of a year and those that it asks of them."""

    id: AccountId
    name: str
    agency_name: str
    year: int
    public_law: int
    professional: int
    wanted_public_law: int
    wanted_professional: int

    @property
    def judged(self) -> JudgedYear:
        """Their year."""
        hours = TrainingYear(self.year, self.public_law, self.professional)
        return JudgedYear(hours, Wanted(self.wanted_public_law, self.wanted_professional))


def this_year(now: datetime) -> int:
    """Return the year of a time, in UTC+8."""
    return day_of(now).year


def asked_at(year: int, now: datetime) -> datetime:
    """Return the time whose settings say what a year asks for: its last moment, and now where it is not over."""
    return min(now, day_start(date(year + 1, 1, 1)) - timedelta(microseconds=1))


def years_of(entries: Iterable[Training], now: datetime) -> tuple[TrainingYear, ...]:
    """Return the years in which somebody was trained, and this one, the newest first, as known now."""
    found = {(year := this_year(now)): TrainingYear(year)}
    for one in entries:
        if one.counts(now):
            known = found.setdefault(one.held_on.year, TrainingYear(one.held_on.year))
            found[one.held_on.year] = known.with_entry(one)
    return tuple(found[year] for year in sorted(found, reverse=True))
