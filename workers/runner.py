"""Drain one kind of job: claim under a lease, run, settle, until nothing is left or the slice has ended.

`Unavailable` costs no attempt: the job goes back with a pause, or an hour without the object store would
quarantine good evidence. `IntegrityBroken` is never retried. Everything else is retried with back-off; after
five attempts the job has failed and its subject is told (`Task.give_up`). A job that killed five workers
is not run a sixth time.
"""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from uuid import UUID

import structlog

from schemas.errors import EvidenceError, IntegrityBroken, LeaseLost, Unavailable
from storage.outbox import MAX_ATTEMPTS, Job, JobKind
from storage.store import Store
from workers.audit import give_up_recheck, recheck
from workers.derivative import Deriver
from workers.examination import examine_again, give_up_examination
from workers.export import build_export, give_up_export
from workers.heart import Pulse
from workers.likeness import Codes, give_up_likeness, liken
from workers.loop import attempt
from workers.media.making.maker import Maker
from workers.media.sandbox.parent import Sandbox
from workers.recording import Verifier
from workers.retention import give_up_retention, retain
from workers.roster import give_up_roster, take_roster
from workers.scrub import give_up_reading, read_again
from workers.settings import WorkersSettings
from workers.task import Task

log = structlog.get_logger()

RETRY_SECONDS = 5.0
"""After so long a loop that met a fault tries again."""

SLOW = (JobKind.VERIFY_SLOW, JobKind.LIKEN, JobKind.EXAMINE)
"""Kinds that have a lane of their own, where one runs at a time; in their order."""

LATER = (JobKind.SCRUB, JobKind.EXAMINE_FRAMES, JobKind.DERIVE)
"""Kinds that no verdict waits for: a lane of their own, where one runs at a time and gives way to all others."""

_LONG = (JobKind.VERIFY_SLOW, JobKind.EXAMINE, *LATER, JobKind.ROSTER)

RENEWALS = 5
"""How often a lease is renewed in its length: a worker must miss four beats to lose one."""


def tasks(
    store: Store, sandbox: Sandbox, settings: WorkersSettings, maker: Maker | None = None
) -> Mapping[JobKind, Task]:
    """Return the task of every kind of job; a maker's child starts with the first copy that is made."""
    verifier = Verifier(store, sandbox, settings)
    deriver = Deriver(verifier, maker or Maker())
    known = (
        Task(JobKind.VERIFY, verifier.run, verifier.give_up),
        Task(JobKind.VERIFY_SLOW, verifier.run, verifier.give_up),
        Task(JobKind.EXAMINE_FRAMES, partial(examine_again, verifier), partial(give_up_examination, store)),
        Task(JobKind.EXAMINE, partial(examine_again, verifier), partial(give_up_examination, store)),
        Task(JobKind.DERIVE, deriver.run, deriver.give_up),
        Task(JobKind.SCRUB, partial(read_again, store), partial(give_up_reading, store)),
        Task(JobKind.RETAIN, partial(retain, store), partial(give_up_retention, store)),
        Task(JobKind.LIKEN, partial(liken, verifier, Codes()), partial(give_up_likeness, store)),
        Task(JobKind.EXPORT, partial(build_export, store), partial(give_up_export, store)),
        Task(JobKind.ROSTER, partial(take_roster, store), partial(give_up_roster, store)),
        Task(JobKind.RECHECK, partial(recheck, store), partial(give_up_recheck, store)),
    )
    return {task.kind: task for task in known}


class Runner:
    """Runs jobs in the calling thread; one per thread, because a sandbox serves one file at a time.

    `known` is what is run for each kind: all there is, where it is not said; then `maker` makes copies for viewing.
    `pulse` is what its heart reads.
    """

    def __init__(
        self,
        store: Store,
        sandbox: Sandbox,
        settings: WorkersSettings,
        *,
        known: Mapping[JobKind, Task] | None = None,
        maker: Maker | None = None,
        pulse: Pulse | None = None,
    ) -> None:
        self._store = store
        self._settings = settings
        self._tasks = known or tasks(store, sandbox, settings, maker)
        self._pulse = pulse or Pulse()

    def drain(self, kind: JobKind, stop: threading.Event | None = None) -> int:
        """Run jobs of `kind` until none is ready, the slice of a minute ends, or `stop` is set."""
        ends = time.monotonic() + self._settings.slice_seconds
        done = 0
        while time.monotonic() < ends and not (stop and stop.is_set()):
            jobs = self._claimed(kind)
            if not jobs:
                self._pulse.came_round(has_done=False)
                break
            with self._leased(jobs[0].lease_token):
                done += self._run_all(jobs, stop)
        return done

    def drain_or_wait(self, kind: JobKind, stop: threading.Event) -> int:
        """Drain, and outlast whatever that meets: for threads that nobody restarts."""
        done = 0

        def draining() -> None:
            nonlocal done
            done = self.drain(kind, stop)

        problem = attempt(f"drain-{kind.value}", draining)
        if problem is not None:
            self._pulse.met(problem)
            stop.wait(min(self._settings.pause_seconds, RETRY_SECONDS))
        return done

    def _claimed(self, kind: JobKind) -> Sequence[Job]:
        try:
            return self._claim(kind)
        except Unavailable as err:
            self._pulse.met(err.slug)
            raise

    def _claim(self, kind: JobKind) -> Sequence[Job]:
        # They are long: whoever is next waits for one, and not for all that were claimed with it; and a task that
        # holds its own row to its end would keep the leases of its neighbours from being renewed.
        limit = 1 if kind in _LONG else self._settings.claim_limit
        with self._store.begin() as tx:
            return tx.jobs.claim(kind, limit=limit, lease_seconds=self._settings.lease_seconds)

    def _run_all(self, jobs: Sequence[Job], stop: threading.Event | None) -> int:
        for position, job in enumerate(jobs):
            if stop and stop.is_set():
                self._give_back(jobs[position:], "the worker is stopping", pause_seconds=0)
                return position
            try:
                self._run(job)
                self._pulse.came_round(has_done=True)
            except Unavailable as err:
                self._pulse.met(err.slug)
                log.warning("dependency_unavailable", kind=job.kind.value, problem=err.slug)
                # The one that met the fault waits longer: when the fault is its own (no room for a large
                # file), the others run before it and are not held up behind it for ever.
                pause = self._settings.pause_seconds
                self._give_back([job], err.slug, pause_seconds=2 * pause)
                self._give_back(jobs[position + 1 :], err.slug, pause_seconds=pause)
                return position
        return len(jobs)

    def _run(self, job: Job) -> None:
        if job.attempts > MAX_ATTEMPTS:
            self._give_up(job, "worker-lost")
            return
        try:
            self._tasks[job.kind].run(job)
        except Unavailable:
            raise
        except LeaseLost:
            log.info("lease_lost", job_id=job.id)
        except IntegrityBroken as err:
            log.critical("integrity_broken", job_id=job.id, subject_id=str(job.subject_id), detail=err.detail)
            self._settle(job, err.slug, is_final=True)
        except EvidenceError as err:
            log.exception("job_failed", job_id=job.id, problem=err.slug, attempts=job.attempts)
            self._settle(job, err.slug)
        except Exception:
            # A fault of our own must end the attempt, not the worker; the sentence goes to the log only.
            log.exception("job_crashed", job_id=job.id, attempts=job.attempts)
            self._settle(job, f"{job.kind.value}-crashed")

    def _settle(self, job: Job, error: str, *, is_final: bool = False) -> None:
        if job.attempts >= MAX_ATTEMPTS and not is_final:
            self._give_up(job, error)
            return
        with self._store.begin() as tx:
            if is_final:
                tx.jobs.fail(job, error)
            else:
                tx.jobs.retry(job, error)

    def _give_up(self, job: Job, error: str) -> None:
        """Tell the subject; when even that fails the job alone has failed, and a person is called."""
        log.critical("job_given_up", job_id=job.id, kind=job.kind.value, subject_id=str(job.subject_id))
        try:
            self._tasks[job.kind].give_up(job, error)
        except Unavailable:
            raise
        except EvidenceError as err:
            log.exception("giving_up_failed", job_id=job.id, problem=err.slug)
            with self._store.begin() as tx:
                tx.jobs.fail(job, err.slug)

    def _give_back(self, jobs: Sequence[Job], error: str, *, pause_seconds: float) -> None:
        """Return leases and attempts. When the database is away too, the leases simply end by themselves."""
        try:
            with self._store.begin() as tx:
                for job in jobs:
                    tx.jobs.release(job, pause_seconds=pause_seconds, error=error)
        except Unavailable:
            log.warning("leases_left_to_expire", count=len(jobs))

    @contextmanager
    def _leased(self, token: UUID) -> Iterator[None]:
        ended = threading.Event()
        beat = threading.Thread(target=self._renew, args=(token, ended), daemon=True)
        beat.start()
        try:
            yield
        finally:
            ended.set()
            beat.join()

    def _renew(self, token: UUID, ended: threading.Event) -> None:
        while not ended.wait(self._settings.lease_seconds / RENEWALS):
            try:
                with self._store.begin() as tx:
                    tx.jobs.renew(token, lease_seconds=self._settings.lease_seconds)
            except Unavailable as err:
                log.warning("lease_not_renewed", problem=err.slug)
            except Exception:
                # Whatever it was, the next beat may still save the lease; a lost one is fenced by its token.
                log.exception("lease_not_renewed")
