"""File names of recorders, read by profiles: a profile is a pattern of named fields, and it is data.

Makers name files as they like. A pattern is no regular expression, so that whoever sets one can stop no server: literal
signs, fields in braces – `{time:14}` of exactly so many signs, `{device}` of 1 to 32 letters and digits – and one part in
brackets that may be missing. The ending of a file is no part of it. No standard's text is repeated here: of GA/T 947
the naming was not obtainable (rules.md 3, [K]), and the profile that is usually named so says that it is not verified.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Final, NamedTuple

MOST_FIELD = 32
MOST_PATTERN = 160
CHINA: Final = timezone(timedelta(hours=8))
"""Names hold the wall clock of the device, which in this country is one zone."""

_DIGITS: Final = frozenset({"time", "date", "clock", "seq", "part"})
_FIELDS: Final = _DIGITS | {"device", "officer", "mark", "any"}
_LENGTHS: Final = {"time": 14, "date": 8, "clock": 6}
_TOKEN: Final = re.compile(r"\{([a-z]+)(?::([0-9]{1,2}))?\}|([A-Za-z0-9_.@ -])|(\[)|(\])")


class NameProfile(NamedTuple):
    """One way of naming.

    Attributes:
        code: Its short name.
        pattern: What a name looks like, without its ending.
        is_verified: Whether the maker's or the standard's own text was read.
    """

    code: str
    pattern: str
    is_verified: bool = False


class NameFacts(NamedTuple):
    """What a name says, by which profile; `at` is the wall clock of the device, read in UTC+8.

    Attributes:
        profile: The code of the profile that reads it.
        series: What stands before the number, so that two numberings are told apart.
    """

    profile: str
    at: datetime | None
    device: str | None
    officer: str | None
    seq: int | None
    part: int | None
    mark: str | None
    series: str


SHIPPED: Final = (
    NameProfile("ga-t-947-usual", "{device:7}_{officer:6}_{time:14}_{seq:4}[_{mark}]"),
    NameProfile("time-number", "{time:14}_{seq:4}[_{mark}]"),
    NameProfile("date-clock-number", "{date:8}_{clock:6}_{seq:4}[_{mark}]"),
    # Android's camera names by date and clock since version 2; seen in ours and in public sources.
    NameProfile("android-video", "VID_{date:8}_{clock:6}[_{any}]", is_verified=True),
    NameProfile("android-photo", "IMG_{date:8}_{clock:6}[_{any}]", is_verified=True),
)
"""What is read where an agency says nothing; the first that fits counts."""


def profile_of(item: str) -> NameProfile | None:
    """Return the profile that an item of the agency's list, `code=pattern`, is; None where it is none."""
    code, sign, pattern = item.partition("=")
    if not sign or re.fullmatch(r"[a-z0-9-]{1,40}", code) is None:
        return None
    return NameProfile(code, pattern) if _compiled(pattern) is not None else None


def is_profile(item: str) -> bool:
    """Say whether an item may stand in the list of profiles."""
    return profile_of(item) is not None


def profiles(items: Iterable[str]) -> tuple[NameProfile, ...]:
    """Return the profiles of an agency, its own before those that are shipped."""
    own = (profile_of(item) for item in items)
    return (*(one for one in own if one is not None), *SHIPPED)


def read_name(filename: str, known: Sequence[NameProfile] = SHIPPED) -> NameFacts | None:
    """Return what a file name says by the first profile that fits it whole; None where none does."""
    stem = filename.rpartition(".")[0] or filename
    for profile in known:
        pattern = _compiled(profile.pattern)
        met = None if pattern is None else pattern.fullmatch(stem)
        if met is not None:
            found = _facts(profile.code, stem, met)
            if found is not None:
                return found
    return None


def _facts(code: str, stem: str, met: re.Match[str]) -> NameFacts | None:
    said = met.groupdict()
    written = said.get("time") or f"{said.get('date') or ''}{said.get('clock') or ''}"
    at = _moment(written)
    if written and at is None:  # fourteen digits that are no time: another way of naming
        return None
    seq, part = said.get("seq"), said.get("part")
    # Of one numbering are names alike in device and officer; the time changes from file to file.
    series = "/".join((code, said.get("device") or "", said.get("officer") or "")) if seq else stem
    return NameFacts(
        code,
        at,
        said.get("device"),
        said.get("officer"),
        int(seq) if seq else None,
        int(part) if part else None,
        said.get("mark"),
        series,
    )


def _moment(written: str) -> datetime | None:
    if len(written) != _LENGTHS["time"]:
        return None
    try:
        return datetime.strptime(written, "%Y%m%d%H%M%S").replace(tzinfo=CHINA)
    except ValueError:
        return None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """Return what a pattern matches; None where it is none."""
    if not 0 < len(pattern) <= MOST_PATTERN:
        return None
    made: list[str] = []
    seen: list[str] = []
    at, depth, is_optional = 0, 0, False
    while at < len(pattern):
        met = _TOKEN.match(pattern, at)
        if met is None:
            return None
        name, length, sign, opens, closes = met.groups()
        if name is not None:
            field = _field(name, length, seen)
            if field is None:
                return None
            made.append(field)
            seen.append(name)
        elif sign is not None:
            made.append(re.escape(sign))
        elif opens and not is_optional:
            made.append("(?:")
            depth, is_optional = 1, True
        elif closes and depth:
            made.append(")?")
            depth = 0
        else:
            return None
        at = met.end()
    if depth or not seen:
        return None
    return re.compile("".join(made), re.ASCII)


def _field(name: str, length: str | None, seen: Sequence[str]) -> str | None:
    """Return what a field matches: no repeat can be taken back, so that no name takes long."""
    if name not in _FIELDS or name in seen:
        return None
    wanted = int(length) if length else _LENGTHS.get(name)
    if wanted is not None and not 0 < wanted <= MOST_FIELD:
        return None
    if name in _LENGTHS and wanted != _LENGTHS[name]:
        return None
    signs = "[0-9]" if name in _DIGITS else "[A-Za-z0-9]"
    many = f"{{1,{MOST_FIELD}}}+" if wanted is None else f"{{{wanted}}}"
    return f"(?P<{name}>{signs}{many})"
