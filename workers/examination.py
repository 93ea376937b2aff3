"""Examine a sealed recording again: every byte read once more, today's checks, and the newer result beside the sealed one.

Order, and what a crash leaves:
  1. one streamed read of the stored version → digest, size, a scratch copy for the decoders      waiting
  2. container, streams, facts, derivatives in a child with limits                                waiting
  3. derivatives put into the store (same bytes, same key: repeating is harmless)                 waiting
  4. checks, verdict, custody entry and end of the job in one commit                              done
Nothing that was judged of people, keys, clocks or duties is judged anew; nothing that was decided changes.
"""

import structlog

from schemas.errors import IntegrityBroken
from schemas.examination import AS_OF_RECEIPT, is_of_every_frame
from schemas.ids import ExaminationId
from schemas.refusals_objects import OBJECT_BROKEN, OBJECT_MISSING
from schemas.scrub import StoreFault
from schemas.setting_list import ListSetting
from schemas.weight import weighed
from storage.outbox import MAX_ATTEMPTS, Job
from storage.recording.values import Verification
from storage.store import Store
from workers.manifest import manifest_claims
from workers.media.result import Stop
from workers.media.work import Lane
from workers.our_store import require_ours
from workers.recording import Verifier, check_digest, check_size, of_content
from workers.task import concluding, in_portions

log = structlog.get_logger()


def examine_again(verifier: Verifier, job: Job) -> None:
    """Examine the recording of `job`, and enter what was found beside what was.

    Raises:
        Unavailable: database or store did not answer; uses no attempt.
        LeaseLost: another worker holds the job; nothing was written.
    """
    store, ident = verifier.store, ExaminationId(job.subject_id)
    with store.begin() as tx:
        asked = tx.examinations.waiting(ident)
        if asked is None:
            tx.jobs.finish(job)
            return
        recording = tx.recordings.known(asked.recording_id)
        kept = tx.examinations.results(recording.id, tx.examinations.latest_run(recording.id))
        claims = manifest_claims(tx, recording)
        weights = tx.agency_settings.listed(
            ListSetting.FINDING_WEIGHTS, recording.agency_id, recording.received_at
        )
    try:
        # What was decoded frame by frame is not examined less by a later examination.
        is_every = asked.every_frame or is_of_every_frame(recording.facts)
        hasher, probe = verifier.look(recording, Lane.LATER if is_every else Lane.SLOW, claims.allowed)
        if hasher.sha256.value != recording.sha256:
            raise OBJECT_BROKEN("the store gave other bytes than were sealed", recording_id=str(recording.id))
    except IntegrityBroken as err:  # elsewhere this stops the task; here finding it out ends it
        if err.refusal is OBJECT_MISSING:
            require_ours(store, recording)
        held = verifier.held(recording)
        with concluding(store, job) as tx:
            tx.examinations.fail_on_store(asked, StoreFault(err.slug), held.sha256.value if held else None)
        log.critical("sealed_bytes_differ", recording_id=str(recording.id), problem=err.slug)
        return
    if probe.stopped is Stop.TIME and job.attempts < MAX_ATTEMPTS:
        with store.begin() as tx:
            tx.jobs.retry(job, "decoder-timeout")
        return
    anew = (
        check_digest(recording, hasher, claims),
        check_size(hasher, claims),
        *of_content(recording, claims, probe),
    )
    made = Verification(
        checks=(*weighed(anew, weights), *(one for one in kept if one.name in AS_OF_RECEIPT)),
        sha256=hasher.sha256.value,
        sm3=recording.sm3,
        media_type=probe.media_type,
        facts=probe.facts,
        derivatives=verifier.keep_derivatives(recording, hasher.sha256.value, probe.derivatives),
        retain_until=recording.retain_until or recording.received_at,
    )
    with concluding(store, job) as tx:
        done = tx.examinations.conclude(asked, made)
    log.info("recording_examined_again", recording_id=str(recording.id), is_worse=done.is_worse)


def give_up_examination(store: Store, job: Job, error: str) -> None:
    """Say that the recording could not be examined again; what was sealed stays as it is.

    Raises:
        Unavailable: the database did not answer; the job may come here again.
    """
    with store.begin() as tx:
        if tx.jobs.fail(job, error):  # otherwise somebody else holds the job and will conclude
            tx.examinations.fail(ExaminationId(job.subject_id), error)


PORTION = 1_000


def ask_for_outdated(store: Store) -> int:
    """Ask, in portions, that everything is examined again that older checks were made of; returns how many were added.

    A crash leaves what was asked so far; asked again, only the rest is added.
    """
    return in_portions(store, lambda tx, after: tx.examinations.ask_outdated(after=after, limit=PORTION))


def take_up_stopped(store: Store) -> int:
    """Have those verified again whose verification has stopped on what we hold; returns how many."""
    with store.begin() as tx:
        return tx.recordings.verify_stopped()


def count_outdated(store: Store) -> int:
    """Count sealed recordings whose latest result was made by older checks of the bytes."""
    with store.begin() as tx:
        return tx.examinations.outdated()
