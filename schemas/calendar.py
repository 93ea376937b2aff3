"""Working days. Statutes count in them (Administrative Penalty Law art. 85), and holidays are data, not code."""

import csv
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone

from schemas.base import Frozen

_BEIJING = timezone(timedelta(hours=8))
_SATURDAY = 5
_COLUMNS = ("date", "is_workday", "source")
_WORDS = {"yes": True, "no": False}


class Calendar(Frozen):
    """What public notices say about single days of Beijing; every other day follows the week.

    `exceptions` is True for a weekend day that is worked, False for a weekday that is off.
    """

    exceptions: Mapping[date, bool] = {}

    @property
    def years(self) -> frozenset[int]:
        """The years a notice was entered for."""
        return frozenset(day.year for day in self.exceptions)

    def is_working_day(self, day: date) -> bool:
        """Say whether `day` is worked: as the notices say, else Monday to Friday."""
        return self.exceptions.get(day, day.weekday() < _SATURDAY)

    def after(self, at: datetime, days: int) -> datetime:
        """Return the end of the `days`-th working day after the day of `at`, in UTC.

        Days are those of Beijing (UTC+8); the day on which a period begins is not counted.
        """
        day = at.astimezone(_BEIJING).date()
        left = days
        while left > 0:
            day += timedelta(days=1)
            left -= self.is_working_day(day)
        return datetime.combine(day + timedelta(days=1), time(), tzinfo=_BEIJING).astimezone(UTC)


def parse_calendar(text: str) -> Calendar:
    """Parse CSV of the columns `date` (YYYY-MM-DD), `is_workday` (yes or no) and `source` (the notice).

    Raises:
        ValueError: a line says something else, a day twice, or no notice; the message names the line.
    """
    rows = csv.DictReader(text.removeprefix("\ufeff").splitlines(keepends=True))
    if tuple(rows.fieldnames or ()) != _COLUMNS:
        raise ValueError(f"the first line is not {','.join(_COLUMNS)}")
    exceptions: dict[date, bool] = {}
    for row in rows:
        try:
            day, is_worked = date.fromisoformat(row["date"]), _WORDS[row["is_workday"]]
        except (ValueError, KeyError, TypeError) as err:
            raise ValueError(f"line {rows.line_num}: not a day and yes or no") from err
        if day in exceptions or not (row["source"] or "").strip() or None in row:
            raise ValueError(f"line {rows.line_num}: a day stands once, with the notice it comes from")
        exceptions[day] = is_worked
    return Calendar(exceptions=exceptions)
