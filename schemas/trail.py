"""The access trail 访问日志: who came in, was refused, was let go; rows chained by digest, one seal a day in the log.

Rows hold personal data (addresses, who did what) and end after a time; a seal holds a day, a count and a root, and stays.
Repeats within a minute are one row, so that a flood is a count and not a disk.
"""

import calendar
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from hashlib import sha256
from hmac import digest
from typing import NamedTuple
from uuid import UUID

from schemas.actor import Actor, ActorKind
from schemas.base import Frozen
from schemas.canonical import canonical_bytes
from schemas.ids import AccountId, AgencyId, DeviceId

ZONE = timezone(timedelta(hours=8))
"""A day of the trail is one of China's one zone of time."""

LEAST_MONTHS = 6
"""Logs are kept for at least six months (Cybersecurity Law of the PRC art. 21)."""

FOLDED = timedelta(minutes=1)
"""The same by the same person from the same address within a minute of the clock is counted in one row."""

_LABEL = b"quancheng-trail-v1\n"
_NAME_LABEL = b"quancheng-trail-name\0"
_NAME_BYTES = 16


class TrailEvent(StrEnum):
    """What was done or tried."""

    LOGIN = "login"
    PASSWORD = "password"  # noqa: S105 - changing one
    TOKEN = "token"  # noqa: S105 - a device asks for one
    ACCESS = "access"
    LINK_MADE = "link_made"
    LINK_USE = "link_use"
    CODE_MADE = "code_made"
    CODE_USE = "code_use"
    PARTNER_CODE_MADE = "partner_code_made"
    PARTNER_CODE_VOID = "partner_code_void"
    PARTNER_CODE_USE = "partner_code_use"
    UNLOCK = "unlock"
    FACTOR = "factor"
    SESSION_END = "session_end"
    EXPORT = "export"


class TrailResult(StrEnum):
    """What came of it: done, tried in vain, or refused without a try."""

    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"


class SessionEnd(StrEnum):
    """Why a session ended."""

    LOGOUT = "logout"
    IDLE = "idle"
    EXPIRED = "expired"
    BY_OWNER = "by_owner"
    BY_ADMIN = "by_admin"
    CLOSED = "closed"
    ROLE = "role"
    PASSWORD = "password"  # noqa: S105 - it was changed
    FACTOR = "factor"
    TOO_MANY = "too_many"


class LoginWay(StrEnum):
    """By which way somebody came in."""

    PASSWORD = "password"  # noqa: S105 - by one
    CODE = "code"
    RECOVERY = "recovery"
    ENROLMENT = "enrolment"
    SSO = "sso"


class FactorDeed(StrEnum):
    """What was done with a second factor."""

    ENROLLED = "enrolled"
    REPLACED = "replaced"
    REMOVED = "removed"


class Noted(NamedTuple):
    """One thing to note. Of somebody without an account the `name` that was typed is kept as a keyed digest alone.

    `about` is the account or device that it was done to, `code` the slug of a refusal, of a reason or of a way, `asked` the
    permission that was missing, or the pattern of the address: never the address, which may hold a one-time link.
    """

    event: TrailEvent
    result: TrailResult
    account_id: UUID | None = None
    device_id: UUID | None = None
    name: str = ""
    about: str = ""
    code: str = ""
    asked: str = ""

    def by(self, actor: Actor) -> "Noted":
        """Return the same, done by an account or a device."""
        if actor.kind is ActorKind.DEVICE:
            return self._replace(device_id=actor.id)
        return self._replace(account_id=actor.id)

    @property
    def is_strangers(self) -> bool:
        """Nobody is known behind it."""
        return self.account_id is None and self.device_id is None


class TrailRow(Frozen):
    """A row as a reader sees it: `times` since `at`, the last at `last_at`.

    Without a person `is_named` says whether a name was typed that nobody has.
    """

    id: UUID
    at: datetime
    last_at: datetime
    times: int
    event: TrailEvent
    result: TrailResult
    code: str
    asked: str
    account_id: AccountId | None
    account_name: str | None
    account_login: str | None
    device_id: DeviceId | None
    device_name: str | None
    about: str
    about_name: str | None
    agency_id: AgencyId | None
    address: str
    is_named: bool
    is_sealed: bool


class TrailFilter(NamedTuple):
    """What narrows a search; None is any. `person` is part of a name or a log-in name, or a whole name nobody has."""

    person: str | None = None
    address: str | None = None
    event: TrailEvent | None = None
    result: TrailResult | None = None
    since: datetime | None = None
    until: datetime | None = None


def day_of(at: datetime) -> date:
    """Return the day of the trail in which a time lies."""
    return at.astimezone(ZONE).date()


def day_start(day: date) -> datetime:
    """Return when a day of the trail begins, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC)


def months_before(day: date, months: int) -> date:
    """Return the same day so many calendar months before; the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def name_digest(seed: bytes, login: str) -> bytes:
    """Return what is kept of a name that nobody has: 16 bytes that only a holder of `seed` can compare."""
    return digest(seed, _NAME_LABEL + login.encode("utf-8", "surrogatepass"), "sha256")[:_NAME_BYTES]


def fold_key(noted: Noted, named: bytes | None, address: str, at: datetime) -> bytes:
    """Return what is equal of two things that are counted in one row."""
    parts = (
        noted.event.value,
        noted.result.value,
        str(noted.account_id or ""),
        str(noted.device_id or ""),
        "" if named is None else named.hex(),
        *(noted.about, noted.code, noted.asked, address),
        str(int(at.timestamp() // FOLDED.total_seconds())),
    )
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()


SEALED_MEMBERS = (
    *("id", "day", "n", "event", "result", "code", "asked", "about", "address"),
    *("agency_id", "account_id", "device_id", "name_digest", "at", "last_at", "times"),
)
"""What a row's digest covers: every column but the digest itself and what folds repeats."""


def row_bytes(row: Mapping[str, object]) -> bytes:
    """Return the canonical bytes of a row: absent members are left out, times have microseconds.

    The id holds 74 random bits, so that a digest tells nothing to whoever guesses the rest.
    """
    return canonical_bytes(
        {name: _plain(value) for name in SEALED_MEMBERS if (value := row[name]) is not None}
    )


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    return str(value) if isinstance(value, UUID) else value


def day_head(day: date) -> bytes:
    """Return the head of a day without rows: 32 bytes."""
    return sha256(_LABEL + f"{day.isoformat()}\n".encode()).digest()


def next_head(head: bytes, row: Mapping[str, object]) -> bytes:
    """Return the head after one more row: each row's digest covers the one before."""
    return sha256(_LABEL + head + sha256(row_bytes(row)).digest()).digest()
