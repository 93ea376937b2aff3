"""When the bytes of recordings were last read whole: which are read next, and what came of it."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, exists, select, update
from sqlalchemy.dialects.postgresql import insert

from schemas.act import Process
from schemas.base import HexDigest
from schemas.ids import RecordingId
from schemas.recording import Recording, RecordingState
from schemas.reference import reference
from schemas.scrub import StoreFault, standing
from storage.act import Deed, fresh_id, service
from storage.chunk import keep_chunks
from storage.collection import Collection
from storage.outbox import JobKind, Outbox
from storage.recording.examination import Examinations
from storage.recording.keeping import enter_examinations
from storage.recording.scrub import finds_of, keep_find
from storage.tables.reading import readings
from storage.tables.recording import recordings


class Read(NamedTuple):
    """What a reading of stored bytes came to; no `fault` where they are the recorded ones.

    `sha256` is that of what the store gave, None where it gave nothing that could be hashed.
    """

    fault: StoreFault | None
    sha256: HexDigest | None
    chunks: bytes | None


def enter_reading(connection: Connection, act: Deed, recording_id: RecordingId) -> None:
    """Note that a verification has read it whole."""
    row = insert(readings).values(recording_id=recording_id, read_at=act.at, tried_at=act.at)
    connection.execute(row.on_conflict_do_nothing())


def ask_readings(connection: Connection, idents: Sequence[RecordingId], *, sender: UUID) -> int:
    """Have recordings whose digest is known read whole; what waits already is left alone. Returns how many were added."""
    added: list[UUID] = []
    for ident in idents:
        is_known = exists().where(recordings.c.id == ident, recordings.c.sha256.is_not(None))
        if not connection.scalar(select(is_known)):
            continue
        row = insert(readings).values(recording_id=ident, waiting=fresh_id())
        entered = row.on_conflict_do_update(
            index_elements=[readings.c.recording_id],
            set_={"waiting": row.excluded.waiting},
            where=readings.c.waiting.is_(None),
        )
        added += connection.scalars(entered.returning(readings.c.waiting)).all()
    Outbox(connection).enqueue_all(JobKind.SCRUB, added, sender_id=sender)
    return len(added)


class Readings(Collection):
    """Which recordings are read again, and what came of it."""

    def ask(self, recording_id: RecordingId) -> bool:
        """Have a recording read whole: somebody was just refused its bytes, or there is no list of their digests."""
        return ask_readings(self._connection, [recording_id], sender=recording_id) == 1

    def waiting(self, subject: UUID) -> RecordingId | None:
        """Return what a job is about; None where it was done."""
        found = self._connection.scalar(select(readings.c.recording_id).where(readings.c.waiting == subject))
        return None if found is None else RecordingId(found)

    def conclude(self, found: Recording, subject: UUID, came: Read) -> bool:
        """Enter what a reading came to; says whether a difference was written to the log.

        One that was found before, and stands, is not written again. Bytes that are there again are examined: the leaf of
        that ends what was found.
        """
        earlier = standing(
            finds_of(self._connection, found.id), Examinations(self._unit).of_recording(found.id)
        )
        is_new = came.fault is not None and (
            earlier is None or (earlier.code, earlier.sha256) != (came.fault, came.sha256)
        )
        if came.fault is not None and is_new:
            act = self._begin(service(Process.WORKER), found.agency_id, reference("recording", found.id))
            keep_find(self._connection, act, found.id, came.fault, came.sha256, cause=subject)
        if came.fault is None:
            keep_chunks(self._connection, found.object_key, found.version_id, came.chunks)
            if earlier is not None and found.state is RecordingState.SEALED:
                enter_examinations(
                    self._connection,
                    [found.id],
                    by=None,
                    sender=found.agency_id,
                    at=self._now,
                    every_frame=False,
                )
        self._end(subject, is_read=True)
        return is_new

    def give_up(self, subject: UUID) -> None:
        """Forget the asking: when it was read last stays what it was."""
        self._end(subject, is_read=False)

    def _end(self, subject: UUID, *, is_read: bool) -> None:
        values = {"waiting": None, "tried_at": self._now} | ({"read_at": self._now} if is_read else {})
        self._connection.execute(update(readings).where(readings.c.waiting == subject).values(**values))
