"""What is kept, and where it lies."""

from datetime import datetime
from typing import NamedTuple

from schemas.ids import RecordingId
from schemas.retention import Kept, RetentionClass


class Locked(NamedTuple):
    """A stored version, and how far its lock was set last; None where it never was."""

    key: str
    version_id: str
    locked_until: datetime | None


class Asked(NamedTuple):
    """What a job is about: the recording, where it lies, and for what it is to be kept now."""

    recording_id: RecordingId
    lock: Locked
    kept: Kept


class Due(NamedTuple):
    """A recording whose lock comes near the shortest that its class allows."""

    id: RecordingId
    until: datetime | None
    lock: Locked


class KeptOfCase(NamedTuple):
    """So many recordings of a case are kept as this class until then."""

    retention: RetentionClass
    until: datetime | None
    number: int
