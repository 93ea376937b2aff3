"""Keep a recording for what it is tied to: raise the store's lock at once, and renew locks by night before they are short.

Order of a job, and what a crash leaves:
  1. class and end are judged by what it is tied to                              as it was
  2. the lock of the stored version is raised                          locked for longer than is told
  3. row, leaf and end of the job in one commit                                       told
Any run from any point comes to the same end: a lock that is there already is as good as one that is set. The services'
credential sets and extends locks, and can neither shorten nor lift one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from schemas.base import whole_milliseconds
from schemas.errors import Conflict, EvidenceError, IntegrityBroken, NotFound, Unavailable
from schemas.ids import RecordingId, RetentionId
from schemas.retention import lock_until
from schemas.trail import day_of
from storage.objects.port import Objects
from storage.outbox import Job
from storage.retention.values import Asked, Due, Locked
from storage.store import Store
from workers.task import concluding

log = structlog.get_logger()

PORTION = 200
"""So many a call: with the pause between calls the pace at which the store is asked by night."""


def retain(store: Store, job: Job) -> None:
    """Raise the lock of a recording for its class of now, and say so.

    Raises:
        Unavailable: database or store did not answer; uses no attempt.
        LeaseLost: another worker holds the job; nothing was written.
    """
    ident = RetentionId(job.subject_id)
    with store.begin() as tx:
        asked, now = tx.retentions.asked(ident), tx.now
        if asked is None:
            tx.jobs.finish(job)
            return
    locked = _locked(store.objects, asked, now)
    with concluding(store, job) as tx:
        is_done = tx.retentions.conclude(ident, asked.kept, locked)
    if is_done:
        kept = asked.kept.retention.value
        log.info("retention_raised", recording_id=str(asked.recording_id), retention=kept)


def give_up_retention(store: Store, job: Job, error: str) -> None:
    """Forget the asking: the night finds what does not follow its ties, and asks again.

    Raises:
        Unavailable: the database did not answer; the job may come here again.
    """
    with store.begin() as tx:
        if tx.jobs.fail(job, error):  # otherwise somebody else holds the job and will conclude
            tx.retentions.drop(RetentionId(job.subject_id))


def _locked(objects: Objects, asked: Asked, now: datetime) -> datetime | None:
    """Raise a lock and return how far it stands; None where the store holds nothing that takes one."""
    try:
        return set_lock(objects, asked.lock, asked.kept.until, now)
    except (IntegrityBroken, NotFound) as err:
        # The class is as true without its bytes; who looks after the store is told by the night and by fsck.
        log.critical("retention_without_lock", recording_id=str(asked.recording_id), problem=err.slug)
        return None


def set_lock(objects: Objects, one: Locked, until: datetime | None, now: datetime) -> datetime | None:
    """Set the lock as far as a class asks for now, and return how far it stands; None where none is asked for.

    Raises:
        NotFound, IntegrityBroken: the store holds nothing that takes a lock.
        Unavailable: it did not answer.
    """
    wanted = lock_until(until, now, one.locked_until)
    if wanted is None or wanted == one.locked_until:
        return one.locked_until
    wanted = whole_milliseconds(wanted)
    try:
        objects.retain(one.key, one.version_id, wanted)
    except Conflict:  # set further by a run whose end nobody knows; it is never shortened
        return objects.stat(one.key, one.version_id).retain_until
    return wanted


def renew_locks(
    store: Store, came_round: Callable[[], object] = lambda: None, *, portion: int = PORTION
) -> bool:
    """Do one portion of the night's work; says whether there is more of it.

    A crash anywhere leaves the run where its last portion ended, and the next one goes on there.

    Raises:
        Unavailable: database or store did not answer; what was renewed before is noted, and stays so.
    """
    with store.begin() as tx:
        run, night = tx.renewals.last(), day_of(tx.now)
        if run is None or (run.ended_at is not None and run.night < night):
            tx.renewals.begin(night)
            run = tx.renewals.last()
        if run is None or run.ended_at is not None:
            return False
        if run.is_asking:
            number, after = tx.retentions.ask_behind(after=run.after, limit=portion, at=tx.now)
            tx.renewals.asked(run, number, after)
            return True
        due, now = tx.renewals.due(run.after, portion), tx.now
    came = _Portion(run.after)
    for one in due:
        came.renew(store.objects, one, now)
        if came.down is not None:
            break
        came_round()
    is_over = came.down is None and len(due) < portion
    with store.begin() as tx:
        after = None if is_over else came.after
        tx.renewals.renewed(run, came.locked, failed=came.failed, problem=came.problem, after=after)
    if came.down is not None:
        raise came.down
    if is_over:
        log.info("locks_renewed", renewed=run.renewed + len(came.locked), failed=run.failed + came.failed)
    return not is_over


@dataclass
class _Portion:
    """What a portion came to: up to which recording, which locks stand, and what was met."""

    after: RecordingId | None
    locked: dict[RecordingId, datetime] = field(default_factory=dict)
    failed: int = 0
    problem: str | None = None
    down: Unavailable | None = None

    def renew(self, objects: Objects, one: Due, now: datetime) -> None:
        """Renew one lock; an object that is not to be had is counted, a store that is down is kept as `down`."""
        try:
            stands = set_lock(objects, one.lock, one.until, now)
        except EvidenceError as err:
            self.down = _silence(objects) if isinstance(err, Unavailable) else None
            if self.down is not None:
                return
            self.failed, self.problem = self.failed + 1, err.slug
            log.exception("lock_not_renewed", recording_id=str(one.id), problem=err.slug)
        else:
            if stands is not None:
                self.locked[one.id] = stands
        self.after = one.id


def _silence(objects: Objects) -> Unavailable | None:
    """Say whether the store as a whole does not answer: one object that it cannot give must not end the night."""
    try:
        objects.newest("heartbeat")
    except Unavailable as err:
        return err
    return None
