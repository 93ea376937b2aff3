"""What the evidence store gave otherwise than it was recorded: found while the bytes were read, never mended by itself."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

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


def standing(finds: Iterable[StoreFind], examined: Iterable[Examination]) -> StoreFind | None:
    """Return the last difference, unless a later examination has read the bytes as they were sealed."""
    last = max(finds, key=lambda one: one.found_at, default=None)
    read_at = [one.examined_at for one in examined if one.examined_at is not None]
    if last is None or any(at > last.found_at for at in read_at):
        return None
    return last
