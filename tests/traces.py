"""Leaves that stand in no chain: what a test of the log itself needs, and nothing of any noun."""

from uuid import UUID, uuid4

from schemas.leaves_recording import UploadExpire
from schemas.members import parse_time
from storage.custody.custody import CustodyLog, Entry
from storage.custody.values import Appended, shown

AGENCY = f"agency/{uuid4()}"
WORKER = "service/worker"


def leave_trace(log: CustodyLog, upload: UUID | None = None, *, offset_bytes: int = 0) -> Appended:
    """Log that a transfer expired."""
    log.hold()
    return log.append(_expired(offset_bytes), f"upload/{upload or uuid4()}", actor=WORKER)


def leave_traces(log: CustodyLog, count: int) -> list[Appended]:
    """Log that so many transfers expired, in one act."""
    log.hold()
    return log.append_all(
        (Entry(_expired(number), f"upload/{uuid4()}") for number in range(count)), actor=WORKER
    )


def _expired(offset_bytes: int) -> UploadExpire:
    return UploadExpire(
        agency=AGENCY,
        opened_at=parse_time("2026-11-25T08:00:00.000Z"),
        offset_bytes=offset_bytes,
        length_bytes=1000,
        filename=shown("a.jpg"),
    )
