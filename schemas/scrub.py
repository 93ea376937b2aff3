"""What the evidence store gave otherwise than it was recorded: found while the bytes were read, never mended by itself."""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from schemas.base import Frozen, HexDigest
from schemas.examination import Examination
from schemas.ids import RecordingId


class StoreFault(StrEnum):
    """What a reading of the stored bytes may meet; the value is the slug of the refusal that says so."""

    BROKEN = "object-broken"
    MISSING = "object-missing"
    DAMAGED = "objects-damaged"


class StoreFind(Frozen):
    """One difference. `sha256` is that of what the store gave, absent where it gave nothing to hash."""

    recording_id: RecordingId
    code: StoreFault
    sha256: HexDigest | None
    found_at: datetime


class Scrub(Frozen):
    """One night on which stored bytes are read again. `ended_at` is absent while it is under way.

    `quota_…` is how much it is to read at least, so that everything is read within `days`; `is_asking` as long as not all
    of it was asked for; `objects` and `faults` are what was read so far, and how many of them differed.
    """

    night: date
    id: UUID
    began_at: datetime
    ended_at: datetime | None
    rests_until: datetime
    days: int
    quota_objects: int
    quota_bytes: int
    is_asking: bool
    asked_objects: int
    asked_bytes: int
    objects: int
    faults: int


def standing(finds: Iterable[StoreFind], examined: Iterable[Examination]) -> StoreFind | None:
    """Return the last difference, unless a later examination has read the bytes as they were sealed."""
    last = max(finds, key=lambda one: one.found_at, default=None)
    read_at = [one.examined_at for one in examined if one.examined_at is not None]
    if last is None or any(at > last.found_at for at in read_at):
        return None
    return last
