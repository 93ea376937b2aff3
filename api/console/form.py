"""How values look on a screen: times in UTC+8 with the raw value at hand, sizes, degrees, spans of time."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise
from typing import Protocol

from markupsafe import Markup

from schemas.base import rfc3339
from schemas.catalogue import words_of
from schemas.words import Language
from schemas.words_unit import Unit

ZONE = timezone(timedelta(hours=8))
"""China has one zone and no summer time; a zone database would add nothing."""

_KIB = 1024
_KILOMETRE = 1000
_E7 = 10_000_000
_MINUTE = 60
_SPANS = ((86_400, Unit.DAY), (3600, Unit.HOUR), (_MINUTE, Unit.MINUTE), (1, Unit.SECOND))


class Positioned(Protocol):
    """Anything that has a position."""

    @property
    def lat_e7(self) -> int: ...

    @property
    def lon_e7(self) -> int: ...


def moment(at: datetime | None) -> Markup | str:
    """Return a `<time>` in UTC+8 whose title is the raw UTC value; empty text for None."""
    if at is None:
        return ""
    raw, shown = rfc3339(at), at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")
    return Markup('<time datetime="{}" title="{} (UTC)">{}</time>').format(raw, raw, shown)


def first_day(since: datetime | None) -> Markup | str:
    """Return the day in UTC+8 of what begins at a midnight, or the time within a day; empty text for None."""
    if since is None:
        return ""
    local = since.astimezone(ZONE)
    if local.time() != time():
        return moment(since)
    raw = rfc3339(since)
    return Markup('<time datetime="{}" title="{} (UTC)">{}</time>').format(
        raw, raw, local.strftime("%Y-%m-%d")
    )


def last_day(until: datetime | None) -> Markup | str:
    """Return the last day in UTC+8 of what ends at a midnight, or the time within a day; empty text for None."""
    if until is None:
        return ""
    local = until.astimezone(ZONE)
    if local.time() != time():
        return moment(until)
    raw, shown = rfc3339(until), (local - timedelta(days=1)).strftime("%Y-%m-%d")
    return Markup('<time datetime="{}" title="{} (UTC)">{}</time>').format(raw, raw, shown)


def final_day(until: datetime) -> Markup | str:
    """Return the last day in UTC+8 on which something that ends then is still so: never the midnight behind it."""
    raw, shown = rfc3339(until), (until.astimezone(ZONE) - timedelta(microseconds=1)).strftime("%Y-%m-%d")
    return Markup('<time datetime="{}" title="{} (UTC)">{}</time>').format(raw, raw, shown)


def clock(at: datetime, *, with_seconds: bool) -> str:
    """Return the time of day in UTC+8."""
    return at.astimezone(ZONE).strftime("%H:%M:%S" if with_seconds else "%H:%M")


def day(at: datetime, *, with_year: bool) -> str:
    """Return the day in UTC+8, with the year where it is new."""
    return at.astimezone(ZONE).strftime("%Y-%m-%d" if with_year else "%m-%d")


def size(language: Language, size_bytes: int) -> str:
    """Return a size in binary units, three digits at most."""
    amount, unit = float(size_bytes), _unit(Unit.BYTE, language)
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if amount < _KIB:
            break
        amount, unit = amount / _KIB, larger
    is_whole = size_bytes < _KIB or amount >= 100  # noqa: PLR2004 - three digits are enough
    return f"{amount:.0f} {unit}" if is_whole else f"{amount:.1f} {unit}"


def _unit(unit: Unit, language: Language) -> str:
    return words_of(unit).spoken(language)


def thousands(number: int) -> str:
    """Return a whole number with its thousands apart."""
    return f"{number:,}"


def yuan(amount_fen: int) -> str:
    """Return an amount of money in yuan; fen only where there are some."""
    whole, fen = divmod(amount_fen, 100)
    return f"{whole:,}.{fen:02d}" if fen else f"{whole:,}"


def degrees(place: Positioned) -> str:
    """Return a position in decimal degrees, six places (0.1 m)."""
    lat, lon = place.lat_e7 / _E7, place.lon_e7 / _E7
    return f"{abs(lat):.6f}°{'N' if lat >= 0 else 'S'} {abs(lon):.6f}°{'E' if lon >= 0 else 'W'}"


def metres(language: Language, length_cm: int) -> str:
    """Return a length in metres."""
    return f"{length_cm / 100:g} {_unit(Unit.METRE, language)}"


def distance(language: Language, metres: float) -> str:
    """Return a length as people write it on a scale bar."""
    if metres >= _KILOMETRE:
        return f"{metres / _KILOMETRE:g} {_unit(Unit.KILOMETRE, language)}"
    return f"{metres:g} {_unit(Unit.METRE, language)}"


def seconds(duration_ms: int) -> str:
    """Return milliseconds as signed seconds."""
    return f"{duration_ms / 1000:+g}"


def span(language: Language, length: timedelta) -> str:
    """Return a length of time in the two largest units that matter: `3 min 12 s`, `2 d 4 h`, `0.4 s`."""
    return " ".join(span_parts(language, length))


def span_parts(language: Language, length: timedelta) -> tuple[str, ...]:
    """Return the one or two parts of a span, the largest first."""
    total = length.total_seconds()
    if total < _MINUTE:
        digits = 1 if total < 10 else 0  # noqa: PLR2004 - a digit for short spans
        return (f"{total:.{digits}f} {_unit(Unit.SECOND, language)}",)
    whole = int(total)
    for (unit, name), (smaller, smaller_name) in pairwise(_SPANS):
        if whole >= unit:
            parts = ((whole // unit, name), (whole % unit // smaller, smaller_name))
            return tuple(f"{number} {_unit(part, language)}" for number, part in parts)
    raise AssertionError(whole)


def milliseconds(duration_ms: int) -> str:
    """Return the length of a video as `m:ss.s`."""
    minutes, rest = divmod(duration_ms, 60_000)
    return f"{minutes}:{rest / 1000:04.1f}"


def position(seconds: float) -> str:
    """Return a place in a film or a sound as players write it: `m:ss`, `h:mm:ss`."""
    minutes, rest = divmod(int(seconds), _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def day_start(text: str, *, days: int = 0) -> datetime | None:
    """Return the start in UTC of a day typed as `YYYY-MM-DD` in UTC+8; None when it is no day."""
    try:
        day = date.fromisoformat(text) + timedelta(days=days)
        return datetime.combine(day, time(), tzinfo=ZONE).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def local_time(text: str) -> datetime | None:
    """Return in UTC a time typed as `YYYY-MM-DDTHH:MM` in UTC+8; None when it is no time."""
    try:
        typed = datetime.fromisoformat(text)
        return None if typed.tzinfo else typed.replace(tzinfo=ZONE).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
