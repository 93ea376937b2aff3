"""A code that an officer shows on the spot: the partner who scans it confirms captures that name both, and nothing else.

It is a way to prove presence beside the own log-in, never instead of it: whoever scans is logged in and confirms their
own presence alone. A denial needs no code and takes none.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

from pydantic import Field

from schemas.base import Frozen, WireIn
from schemas.presence import PresencesIn, Question

CODE_LIFETIME = timedelta(minutes=10)
"""So long a shown code counts: for people who stand beside each other."""

DUTY_DAY = timedelta(hours=24)
"""A duty that ended so long before a code was shown is the one it confirms; without a common duty, captures of so long
before."""

CODE_CHARACTERS = 8
"""Of 31 signs: 40 bits, for ten minutes, behind a log-in and a count of tries."""

MOST_TRIES, TRIES_TIME = 10, timedelta(minutes=15)
"""So many codes that are none may be tried by one person in that time from the first on; behind them none is looked at."""

_LABEL = b"quancheng-partner-code\0"


class PartnerCodeIn(WireIn):
    """A code as it was scanned or typed: small letters, blanks and dashes make no other one."""

    code: Annotated[str, Field(min_length=1, max_length=64)]


class ScanIn(PresencesIn, PartnerCodeIn):
    """The code, and the captures that were shown with it: confirmed together, all or none."""


class PartnerCode(Frozen):
    """A code, shown once: only its keyed digest is kept."""

    code: str
    expires_at: datetime


class Scan(Frozen):
    """What a code would confirm; `partner` is the certificate by which the newest capture names whoever shows it."""

    partner: str
    expires_at: datetime
    questions: tuple[Question, ...]


class Period(NamedTuple):
    """From a time until another, both inclusive."""

    since: datetime
    until: datetime


def confirmable(made_at: datetime, expires_at: datetime, duty: Period | None) -> Period:
    """Return when a capture must have been made that a code may confirm: in the duty of both, if there is one."""
    if duty is None:
        return Period(made_at - DUTY_DAY, expires_at)
    return Period(duty.since, min(duty.until, expires_at))


def plain_code(text: str) -> str:
    """Return a code as it is compared, whatever way it was typed."""
    return "".join(text.split()).replace("-", "").upper()


def code_digest(key: bytes, text: str) -> bytes:
    """Return what is kept of a code: 32 bytes that only a holder of `key` can compare; 40 bits are soon tried without."""
    return hmac.digest(key, _LABEL + plain_code(text).encode("utf-8", "surrogatepass"), hashlib.sha256)
