"""Training: years of UTC+8, what a year lacks of each kind, and what counted as known at a time."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import ValidationError

from schemas.leaves_training import TrainingKind
from schemas.training import (
    MOST_HOURS,
    Training,
    TrainingIn,
    TrainingYear,
    Wanted,
    asked_at,
    this_year,
    years_of,
)

WANTED = Wanted(public_law=20, professional=40)
NOW = datetime(2026, 11, 29, 4, tzinfo=UTC)


def entry(kind: TrainingKind, hours: int, held_on: date, withdrawn_at: datetime | None = None) -> Training:
    return Training(
        id=uuid4(),
        account_id=UUID(int=1),
        kind=kind,
        hours=hours,
        held_on=held_on,
        topic="集中培训",
        entered_at=NOW - timedelta(days=10),
        withdrawn_at=withdrawn_at,
        reason=None if withdrawn_at is None else "登记有误",
    )


@pytest.mark.parametrize(
    ("public_law", "professional", "lacks"),
    [(20, 40, (0, 0)), (19, 41, (1, 0)), (60, 0, (0, 40)), (0, 0, (20, 40)), (25, 39, (0, 1))],
)
def test_more_of_one_kind_does_not_stand_in_for_the_other(
    public_law: int, professional: int, lacks: tuple[int, int]
) -> None:
    """Sixty hours are twenty and forty; each is asked for by itself."""
    year = TrainingYear(2026, public_law, professional)
    assert year.lacks(WANTED) == lacks
    assert year.is_short(WANTED) is any(lacks)
    assert year.total == public_law + professional


def test_a_year_holds_what_stands() -> None:
    """A withdrawn entry counted until it was withdrawn, and counts no more; this year is always there."""
    law, work = TrainingKind
    entries = [
        entry(law, 8, date(2026, 1, 1)),
        entry(work, 16, date(2026, 12, 31)),
        entry(law, 12, date(2026, 3, 1), withdrawn_at=NOW - timedelta(days=1)),
        entry(work, 40, date(2024, 6, 1)),
    ]
    assert years_of(entries, NOW) == (TrainingYear(2026, 8, 16), TrainingYear(2024, 0, 40))
    assert years_of(entries, NOW - timedelta(days=2))[0] == TrainingYear(2026, 20, 16)
    assert years_of((), NOW) == (TrainingYear(2026),)
    assert years_of(entries, NOW - timedelta(days=11)) == (TrainingYear(2026),)


def test_a_year_begins_in_china() -> None:
    """The last hours of a year in UTC are the next one's in UTC+8."""
    assert this_year(datetime(2025, 12, 31, 15, 59, tzinfo=UTC)) == 2025
    assert this_year(datetime(2025, 12, 31, 16, tzinfo=UTC)) == 2026


def test_a_year_asks_for_what_is_set_at_its_end() -> None:
    """Of a year that is over its last moment counts; of the running one, and of one to come, now does."""
    end = datetime(2025, 12, 31, 15, 59, 59, 999_999, tzinfo=UTC)
    assert asked_at(2025, NOW) == end
    assert (this_year(asked_at(2025, NOW)), this_year(end + timedelta(microseconds=1))) == (2025, 2026)
    assert [asked_at(year, NOW) for year in (2026, 2027)] == [NOW, NOW]


@given(some.lists(some.tuples(some.sampled_from(list(TrainingKind)), some.integers(1, 60)), max_size=20))
def test_hours_are_neither_lost_nor_made(found: list[tuple[TrainingKind, int]]) -> None:
    """Over all years there are as many hours as were entered."""
    entries = [entry(kind, hours, date(2020 + hours % 6, 5, 1)) for kind, hours in found]
    assert sum(one.total for one in years_of(entries, NOW)) == sum(hours for _, hours in found)


@pytest.mark.parametrize(
    "changed",
    [
        {"hours": 0}, {"hours": -1}, {"hours": MOST_HOURS + 1}, {"hours": 1.5}, {"kind": "sport"},
        {"held_on": date(1999, 12, 31)}, {"topic": " "}, {"topic": "长" * 501},
    ],
)  # fmt: skip
def test_what_is_no_training_is_refused(changed: dict[str, object]) -> None:
    """Hours are whole, some and not thousands; a subject is words."""
    lawful = {"kind": TrainingKind.PUBLIC_LAW, "hours": 8, "held_on": date(2026, 1, 1), "topic": "行政处罚法"}
    TrainingIn.model_validate(lawful)
    with pytest.raises(ValidationError):
        TrainingIn.model_validate({**lawful, **changed})
