"""Read the stored bytes of a recording once more, and say where they are not what was recorded; by night, in its turn.

Order, and what a crash leaves:
  1. one streamed read of the stored version → digest, size, digests of its chunks         waiting
  2. list of the chunks or leaf of the difference, and the end of the job in one commit     read
Nothing is mended, and nothing is judged by a store that is another one.
"""

import structlog

from schemas.errors import IntegrityBroken
from schemas.recording import Recording
from schemas.refusals_objects import OBJECT_MISSING
from schemas.scrub import StoreFault
from schemas.trail import day_of
from storage.objects.hashing import hash_object
from storage.outbox import Job
from storage.recording.reading import Read
from storage.recording.scrubbing import Pace
from storage.store import Store
from workers.our_store import insisted, require_ours
from workers.settings import WorkersSettings
from workers.task import concluding

log = structlog.get_logger()


def read_again(store: Store, job: Job) -> None:
    """Read the recording of `job` whole and enter what came of it.

    Raises:
        Unavailable: database or store did not answer; uses no attempt.
        LeaseLost: another worker holds the job; nothing was written.
    """
    with store.begin() as tx:
        ident = tx.readings.waiting(job.subject_id)
        if ident is None:
            tx.jobs.finish(job)
            return
        recording = tx.recordings.known(ident)
        kept = tx.chunks.whole(recording.object_key, recording.version_id)
    came = _read(store, recording)
    try:
        is_new = _concluded(store, job, recording, came)
    except IntegrityBroken as err:  # its chain is broken: it is not waited for, and others are read
        give_up_reading(store, job, err.slug)
        raise
    if is_new:
        log.critical("sealed_bytes_differ", recording_id=str(recording.id), problem=came.fault)
    elif came.fault is None and kept is not None and kept != came.chunks:
        log.critical("list_of_chunks_differed", recording_id=str(recording.id))


def _concluded(store: Store, job: Job, recording: Recording, came: Read) -> bool:
    with concluding(store, job) as tx:
        is_new = tx.readings.conclude(recording, job.subject_id, came)
        tx.scrubs.count(is_fault=came.fault is not None)
        tx.scrubs.end()
        return is_new


def _read(store: Store, recording: Recording) -> Read:
    try:
        read = insisted(
            store.objects,
            lambda: hash_object(store.objects, recording.object_key, recording.version_id, with_chunks=True),
        )
    except IntegrityBroken as err:
        if err.refusal is OBJECT_MISSING:
            require_ours(store, recording)
        return Read(StoreFault(err.slug), None, None)
    digest = read.sha256.value
    is_same = read.size_bytes == recording.size_bytes and digest == recording.sha256
    return Read(None if is_same else StoreFault.BROKEN, digest, read.chunks)


def give_up_reading(store: Store, job: Job, error: str) -> None:
    """Forget the asking; it is read in its turn.

    Raises:
        Unavailable: the database did not answer; the job may come here again.
    """
    with store.begin() as tx:
        if tx.jobs.fail(job, error):  # otherwise somebody else holds the job and will conclude
            tx.readings.give_up(job.subject_id)
            tx.scrubs.end()


def scrub_by_night(store: Store, settings: WorkersSettings) -> int:
    """Begin a night where one is due, and ask for its next portion where it is time; returns how much was asked for.

    Raises:
        Unavailable: the database did not answer.
    """
    pace = Pace(settings.scrub_days, settings.scrub_mib_per_second)
    with store.begin() as tx:
        last, today = tx.scrubs.last(), day_of(tx.now)
        if last is None or (last.ended_at is not None and last.night < today):
            tx.scrubs.begin(today, pace)
            last = tx.scrubs.last()
        return 0 if last is None or last.ended_at is not None else tx.scrubs.ask(last.night, pace)
