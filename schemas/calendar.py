"""Working days. Statutes count in them (Administrative Penalty Law art. 85), and holidays are data, not code."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta, timezone

_BEIJING = timezone(timedelta(hours=8))
_SATURDAY = 5


def is_working_day(day: date, *, holidays: Collection[date] = (), workdays: Collection[date] = ()) -> bool:
    """Say whether `day` is worked: Monday to Friday, but for the two lists of exceptions.

    Args:
        day: A day in Beijing.
        holidays: Weekdays that are off by public notice.
        workdays: Weekend days that are worked by public notice.
    """
    return day in workdays or (day.weekday() < _SATURDAY and day not in holidays)


def add_working_days(
    at: datetime, days: int, *, holidays: Collection[date] = (), workdays: Collection[date] = ()
) -> datetime:
    """Return the end of the `days`-th working day after the day of `at`, in UTC.

    Days are those of Beijing (UTC+8); the day on which a period begins is not counted.
    """
    day = at.astimezone(_BEIJING).date()
    left = days
    while left > 0:
        day += timedelta(days=1)
        left -= is_working_day(day, holidays=holidays, workdays=workdays)
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=_BEIJING).astimezone(UTC)
