"""What the store gave otherwise than it was recorded: one leaf and one row, beside whatever follows from it."""

from uuid import UUID, uuid5

from sqlalchemy import Connection, insert, select

from schemas.base import HexDigest
from schemas.ids import RecordingId
from schemas.leaves_recording import ScrubFind
from schemas.reference import reference
from schemas.scrub import StoreFault, StoreFind
from storage.act import Deed
from storage.tables.scrub import scrub_finds


def keep_find(
    connection: Connection,
    act: Deed,
    recording_id: RecordingId,
    code: StoreFault,
    sha256: HexDigest | None,
    *,
    cause: UUID,
) -> None:
    """Enter what was found, within an act that holds the chain of the recording.

    `cause` is the job's subject: repeated, the find is the same one, so that it cannot be logged twice.
    """
    ident = uuid5(cause, ScrubFind.spec.event)
    connection.execute(
        insert(scrub_finds).values(
            id=ident, recording_id=recording_id, code=code, sha256=sha256, found_at=act.at
        )
    )
    of = reference("recording", recording_id)
    act.write(ScrubFind(code=code, sha256=sha256), reference("scrub", ident), of, ident=ident)


def finds_of(connection: Connection, recording_id: RecordingId) -> tuple[StoreFind, ...]:
    """Return what was found of a recording that the caller may see, newest first."""
    query = select(scrub_finds).where(scrub_finds.c.recording_id == recording_id)
    rows = connection.execute(query.order_by(scrub_finds.c.found_at.desc())).mappings()
    return tuple(map(StoreFind.of_row, rows))
