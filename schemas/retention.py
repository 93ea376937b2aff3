"""How long a recording is kept: its class, from what it is tied to, and how far ahead the store's lock stands (rules 3).

The class follows the recording's ties at any time, the longest wins. The lock rolls behind it: it is only ever set some
months ahead, because nobody can shorten one that was set for a tie made in error.

R0x (feeds of public cameras) and R1 (inspections without a violation) are not told apart: nothing here says of a recording
that it is one, and what is not told is kept as R0. R2 and R3 are cases that are over, R3 those that were decided on the
spot, R4 is what a person marks as such.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from schemas.base import Frozen, Reason, WireIn, whole_milliseconds
from schemas.ids import AccountId, CaseId, RecordingId, RetentionId

LOCK_MONTHS = 13
"""While a class lasts, the lock is never less ahead: a year's absence of everybody, and a month to notice."""

AHEAD_MONTHS = 14
"""So far ahead a lock is set: an object is renewed about once a month, and not every night."""

RENEW_BEFORE = timedelta(days=10)
"""A lock is renewed so long before it comes within `LOCK_MONTHS`: six nights may fail before anything is too short, also
where the day of the month is clipped, which takes up to three."""


class RetentionClass(StrEnum):
    """Why something is kept, as leaves state it: tied to nothing, to a case that is over, to one that is not; for ever."""

    ROUTINE = "routine"
    CASE = "case"
    OPEN_CASE = "open_case"
    PERMANENT = "permanent"


ENDLESS = frozenset({RetentionClass.OPEN_CASE, RetentionClass.PERMANENT})
"""Classes without an end, while they last."""

OF_CASES = frozenset({RetentionClass.CASE, RetentionClass.OPEN_CASE})
"""Classes that a tie to a case gives."""


class Tie(NamedTuple):
    """A case that a recording is tied to now; `months`: how long what it rests on is kept from its end on.

    `closed_at` is absent while the case is not over: what is decided is still to be carried out.
    """

    case_id: CaseId
    closed_at: datetime | None
    months: int


class Kept(Frozen):
    """A class with its end, None for none, and the case that gives it."""

    retention: RetentionClass
    until: datetime | None
    case_id: CaseId | None = None


class Retention(Frozen):
    """A class that was entered for a recording. `locked_until` is how far the store's lock was set then."""

    id: RetentionId
    recording_id: RecordingId
    retention: RetentionClass
    until: datetime | None
    case_id: CaseId | None
    case_number: str | None
    locked_until: datetime | None
    raised_at: datetime


def class_of(routine_until: datetime, ties: Iterable[Tie], *, is_marked: bool = False) -> Kept:
    """Return the class that marks and ties give a recording: the longest, and no end is longer than any.

    Args:
        routine_until: Until when it is kept where it is tied to nothing: as its seal says.
        ties: The cases it is tied to now.
        is_marked: Whether somebody in office said that it is kept for ever.
    """
    if is_marked:
        return Kept(retention=RetentionClass.PERMANENT, until=None)
    known = [Kept(retention=RetentionClass.ROUTINE, until=routine_until), *map(_of_case, ties)]
    return max(known, key=_length)


def _of_case(tie: Tie) -> Kept:
    if tie.closed_at is None:
        return Kept(retention=RetentionClass.OPEN_CASE, until=None, case_id=tie.case_id)
    until = whole_milliseconds(months_after(tie.closed_at, tie.months))
    return Kept(retention=RetentionClass.CASE, until=until, case_id=tie.case_id)


def _length(kept: Kept) -> tuple[bool, float, str]:
    """Order by the end; of two that are alike the same one is taken whenever it is asked."""
    ends = 0.0 if kept.until is None else kept.until.timestamp()
    return kept.until is None, ends, "" if kept.case_id is None else str(kept.case_id)


def months_after(at: datetime, months: int) -> datetime:
    """Return the time so many calendar months later: not so many times 30 days; the day is clipped to the month's last."""
    month = at.month - 1 + months
    year, month = at.year + month // 12, month % 12 + 1
    first_of_next = at.replace(day=1, year=year + month // 12, month=month % 12 + 1)
    last_day = (first_of_next - timedelta(days=1)).day
    return at.replace(year=year, month=month, day=min(at.day, last_day))


def has_ended(until: datetime | None, now: datetime) -> bool:
    """Say whether a class is over: nothing is disposed of for that."""
    return until is not None and until <= now


def demanded(until: datetime | None, now: datetime) -> datetime | None:
    """Return how far the store's lock must stand now for a class: 13 months ahead, or to its end where that is nearer.

    None: it is over and demands nothing more. A lock that stands stays.
    """
    return _ahead(until, months_after(now, LOCK_MONTHS), now)


def lock_until(until: datetime | None, now: datetime, standing: datetime | None) -> datetime | None:
    """Return how far the lock is to be set now: never beyond the end of the class, never before what stands.

    One that is long enough is left as it stands: another tie asks nothing of the store. None: there is none, and none is
    demanded.
    """
    enough = _ahead(until, due_before(now), now)
    if standing is not None and (enough is None or standing >= enough):
        return standing
    wanted = _ahead(until, months_after(now, AHEAD_MONTHS), now)
    known = [at for at in (wanted, standing) if at is not None]
    return max(known, default=None)


def _ahead(until: datetime | None, ahead: datetime, now: datetime) -> datetime | None:
    if until is None:
        return ahead
    return None if has_ended(until, now) else min(until, ahead)


def due_before(now: datetime) -> datetime:
    """Return the time before which a lock that stands is renewed, unless its class ends there."""
    return months_after(now, LOCK_MONTHS) + RENEW_BEFORE


class MarkIn(WireIn):
    """That a recording is kept for ever from now on, or that it no longer is; and why."""

    stands: bool
    reason: Reason


class Marked(Frozen):
    """What somebody in office said of a recording; of several the last counts."""

    id: UUID
    recording_id: RecordingId
    stands: bool
    reason: str
    marked_by: AccountId
    author: str
    marked_at: datetime


class Renewal(Frozen):
    """One night's renewal of locks. `ended_at` is absent while it is under way, `after` the last that was looked at.

    `asked` counts recordings whose class was found not to follow their ties, and was asked for: that is done first
    (`is_asking`). `problem` is the slug of what was met last.
    """

    night: date
    is_asking: bool
    began_at: datetime
    ended_at: datetime | None
    after: RecordingId | None
    asked: int
    renewed: int
    failed: int
    problem: str | None
