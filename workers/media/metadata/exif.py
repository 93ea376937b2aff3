"""Exif facts of a still (CIPA DC-008, Exif 2.32): raw text kept, integers out, nothing guessed."""

import re
import struct
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from PIL import Image

from schemas.checks.facts import EXIF, EXIF_PLACE, EXIF_TIME
from schemas.integrity import Check, CheckResult, examines
from schemas.media import Exif, Gps
from workers.media.metadata.exif_place import PlaceSeen, read_place
from workers.media.metadata.exif_text import clean, maker_text, read_comment, read_wide

EXIF_ERRORS = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    ArithmeticError,
    struct.error,
)
"""What Pillow raises on a broken directory; each ends in the finding `exif-unreadable`."""

EXIF_HEAD = b"Exif\x00\x00"
_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_DESCRIPTION, _MAKE, _MODEL, _ORIENTATION, _SOFTWARE = 0x010E, 0x010F, 0x0110, 0x0112, 0x0131
_WIDE_TITLE, _WIDE_COMMENT, _COMMENT = 0x9C9B, 0x9C9C, 0x9286
_TAKEN, _TAKEN_OFFSET, _TAKEN_SUBSEC = 0x9003, 0x9011, 0x9291
_SERIAL = 0xA431

_DATE_TIME = re.compile(r"(\d{4})[:\-/](\d{2})[:\-/](\d{2})[ T](\d{2}):(\d{2}):(\d{2})")
_DATE_SIGNS = re.compile(r"[\d :\-/T]+")
_OFFSET = re.compile(r"([+-])(\d{2}):(\d{2})")
FIRST_YEAR, LAST_YEAR = 1990, 2100
"""A digital photo dated outside these years was dated by a clock that was never set."""


class TimeSeen(NamedTuple):
    """A stated time: as written, in UTC where its zone is stated too, and the finding, None where nothing is stated."""

    raw: str | None = None
    captured_at: datetime | None = None
    code: str | None = None


class ExifSeen(NamedTuple):
    """What the directories say, and how far they could be read.

    `code` is the finding of the exif check, empty when all was read. `entries` were read; of a directory that is
    broken nobody can say how many there are.
    """

    exif: Exif | None = None
    gps: Gps | None = None
    code: str = ""
    time: TimeSeen = TimeSeen()
    place: PlaceSeen = PlaceSeen()
    entries: int = 0


UNREADABLE = ExifSeen(code="exif-unreadable")


def read_exif(exif: Image.Exif) -> ExifSeen:
    """Return what the directories say and what is wrong with them."""
    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        try:
            main = dict(exif)
            taken, place = exif.get_ifd(_EXIF_IFD), exif.get_ifd(_GPS_IFD)
        except EXIF_ERRORS:
            return UNREADABLE
    if not (main or taken or place):
        return UNREADABLE if complaints else ExifSeen(code="exif-absent")
    time, where = _time(taken), read_place(place)
    return ExifSeen(
        exif=_facts(main, taken, time, order=exif.endian or "<"),
        gps=where.gps,
        code="exif-partly-unreadable" if complaints else "",
        time=time,
        place=where,
        entries=len(main) + len(taken) + len(place),
    )


def read_block(block: bytes) -> ExifSeen:
    """Return what a block of Exif says that stands by itself, or in a file that is built like one."""
    exif = Image.Exif()
    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        try:
            exif.load(block)
        except EXIF_ERRORS:
            return UNREADABLE
    seen = read_exif(exif)
    return seen._replace(code=seen.code or ("exif-partly-unreadable" if complaints else ""))


def exif_checks(seen: ExifSeen) -> list[CheckResult]:
    """Return every check of what a photo says about itself."""
    stated = (check_exif_time(seen), check_exif_place(seen))
    return [check_exif(seen), *(made for made in stated if made is not None)]


@examines(EXIF)
def check_exif(check: Check, seen: ExifSeen) -> CheckResult:
    """Say whether the directories could be read."""
    return check.found(seen.code) if seen.code else check.held()


@examines(EXIF_TIME)
def check_exif_time(check: Check, seen: ExifSeen) -> CheckResult | None:
    """Say whether the stated time can be one; a photo that states none claims nothing."""
    if seen.time.code is None:
        return None
    return check.found(seen.time.code, raw=seen.time.raw) if seen.time.code else check.held()


@examines(EXIF_PLACE)
def check_exif_place(check: Check, seen: ExifSeen) -> CheckResult | None:
    """Say whether the stated place can be one; a photo that states none claims nothing."""
    if seen.place.code is None:
        return None
    if not seen.place.code:
        return check.held()
    datum = seen.gps.datum if seen.gps else None
    return check.found(seen.place.code, **({"datum": datum} if datum else {}))


def parse_exif_time(text: str, offset: str | None) -> tuple[bool, datetime | None]:
    """Read an Exif date-time: (is it a possible time, the time in UTC when the offset is known).

    Hours of 24 and seconds of 60 are refused; offsets run from -12:00 to +14:00 (Exif 2.32, 4.6.5).
    """
    match = _DATE_TIME.match(text)
    if match is None:
        return False, None
    try:
        local = datetime(*(int(part) for part in match.groups()), tzinfo=UTC)  # type: ignore[misc, arg-type]
    except ValueError:
        return False, None
    if not FIRST_YEAR <= local.year < LAST_YEAR:
        return False, None
    shift = _offset(offset)
    return True, None if shift is None else local - shift


def _time(taken: Mapping[int, Any]) -> TimeSeen:
    raw = clean(taken.get(_TAKEN, ""))
    # Blanks with colons mean "unknown" (Exif 2.32, 4.6.5): not a claim that could be wrong.
    if raw is None or not raw.strip(": "):
        return TimeSeen()
    if _is_half(raw):
        return TimeSeen(raw, None, "exif-date-unset")
    possible, captured_at = parse_exif_time(raw, clean(taken.get(_TAKEN_OFFSET, "")))
    return TimeSeen(raw, captured_at, "" if possible else "exif-date-impossible")


def _is_half(raw: str) -> bool:
    """Say that year, month or day is zeros or blanks, or that there is no hour: half a date states no time."""
    if not _DATE_SIGNS.fullmatch(raw):
        return False
    year, month, day, hour = raw[:4], raw[5:7], raw[8:10], raw[11:13]
    return not (year.strip(" 0:") and month.strip(" 0:") and day.strip(" 0:") and hour.strip(" :"))


def _facts(main: Mapping[int, Any], taken: Mapping[int, Any], time: TimeSeen, *, order: str) -> Exif:
    orientation = main.get(_ORIENTATION)
    comment = read_comment(taken.get(_COMMENT), order=order)
    return Exif(
        make=maker_text(main.get(_MAKE, "")),
        model=maker_text(main.get(_MODEL, "")),
        serial=maker_text(taken.get(_SERIAL, "")),
        software=maker_text(main.get(_SOFTWARE, "")),
        description=maker_text(main.get(_DESCRIPTION, "")) or read_wide(main.get(_WIDE_TITLE)),
        comment=comment or read_wide(main.get(_WIDE_COMMENT)),
        datetime_original=None if time.code == "exif-date-unset" else time.raw,
        offset_original=clean(taken.get(_TAKEN_OFFSET, "")),
        subsec_original=clean(taken.get(_TAKEN_SUBSEC, "")),
        orientation=orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else None,  # noqa: PLR2004
        captured_at=time.captured_at,
    )


def _offset(text: str | None) -> timedelta | None:
    match = _OFFSET.fullmatch(text or "")
    if match is None:
        return None
    shift = timedelta(hours=int(match[2]), minutes=int(match[3]))
    signed = shift if match[1] == "+" else -shift
    return signed if timedelta(hours=-12) <= signed <= timedelta(hours=14) else None
