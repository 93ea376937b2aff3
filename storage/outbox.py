"""Jobs, committed with the state that caused them. The broker may be wiped at any time and nothing is lost.

A job is claimed under a lease with SKIP LOCKED and finished under the lease's token, so that two workers that
hold the same job after a lost lease have one effect. Claiming counts the attempt: a job that kills its worker
is counted even though the worker cannot say so. `release` gives the attempt back, because a dependency that
did not answer is not the job's fault.

Senders take turns. A job gets its turn when it is made and keeps it: that of the work of now, or one more than the last
one of the same sender that is not done. Lower turns go first, so that a single file waits for one of each other sender
and not for all that one of them has; and as the work goes on no new job gets in front of an old one, so that each comes
to its turn. Making and claiming go by indices over what is open: neither costs more as the line grows.

Leases are short and renewed while a job runs, so that the work of a worker that is killed goes on at once. Where one is
lost in spite of that – the owner was stopped, or the database away – its token is worth nothing any more.
"""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from itertools import takewhile
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Connection, func, select, text, true, update

from schemas.base import Frozen
from storage.driver import sent
from storage.tables.outbox import JobState, jobs

MAX_ATTEMPTS = 5
CHANNEL = "quancheng_jobs"
"""LISTEN/NOTIFY channel; the payload is the kind of job. Delivered by PostgreSQL at commit, not before."""


_ENQUEUE = (
    "WITH line AS (SELECT greatest("
    " coalesce("
    "  (SELECT max(turn) FROM jobs WHERE kind = %(kind)s AND state = 'leased'),"
    "  (SELECT min(turn) FROM jobs WHERE kind = %(kind)s AND state = 'ready' AND not_before <= now()), 0),"
    " (SELECT max(turn) + 1 FROM jobs"
    "  WHERE kind = %(kind)s AND state IN ('ready', 'leased') AND sender_id = %(sender_id)s)) AS turn),"
    " added AS (INSERT INTO jobs (kind, subject_id, sender_id, turn, state)"
    "  SELECT %(kind)s, one.id, %(sender_id)s, line.turn + one.place - 1, 'ready'"
    "  FROM line, unnest(CAST(%(subject_ids)s AS uuid[])) WITH ORDINALITY AS one (id, place)"
    "  ON CONFLICT (kind, subject_id) DO NOTHING)"
    " SELECT pg_notify(%(channel)s, %(kind)s)"
)


class JobKind(StrEnum):
    """What can be done later; one queue per kind.

    What turns out to be heavy while it is verified goes on as `VERIFY_SLOW`, where one runs at a time; what was sealed
    before and is examined again (`EXAMINE`) stands behind it there, and never before what has just come; so does comparing
    pictures with all that were before (`LIKEN`). Copies for viewing (`DERIVE`) have a lane of their own, and before them
    every frame of what was sealed (`EXAMINE_FRAMES`), and before both the stored bytes that are read again (`SCRUB`): no
    verdict waits for these. How long something is kept (`RETAIN`) follows each of its ties.
    """

    VERIFY = "verify"
    VERIFY_SLOW = "verify-slow"
    EXAMINE = "examine"
    EXAMINE_FRAMES = "examine-frames"
    DERIVE = "derive"
    SCRUB = "scrub"
    LIKEN = "liken"
    RETAIN = "retain"
    EXPORT = "export"
    RECHECK = "recheck"
    ROSTER = "roster"


class Job(Frozen):
    """A claimed job. `attempts` includes this one."""

    id: int
    kind: JobKind
    subject_id: UUID
    sender_id: UUID
    turn: int
    attempts: int
    lease_token: UUID
    last_error: str | None


class Outbox:
    """The job rows."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def enqueue(self, kind: JobKind, subject_id: UUID, *, sender_id: UUID) -> None:
        """Add a job, once per kind and subject; the hint goes out with the commit.

        `sender_id` is whoever takes turns with others: the device or account whose work it is.
        A crash of whoever hears the hint leaves the job ready: the scheduler hints at what waits.
        """
        self.enqueue_all(kind, [subject_id], sender_id=sender_id)

    def enqueue_all(self, kind: JobKind, subject_ids: Sequence[UUID], *, sender_id: UUID) -> None:
        """Add a job for each of many subjects of one sender, once per kind and subject."""
        # Two transactions of one sender at once may give the same turn twice: it is a little early then.
        wanted = {"kind": kind.value, "subject_ids": list(subject_ids), "sender_id": sender_id}
        if subject_ids:
            sent(self._connection, _ENQUEUE, {**wanted, "channel": CHANNEL})

    def _hint(self, kind: JobKind) -> None:
        self._connection.execute(
            text("SELECT pg_notify(:channel, :kind)"), {"channel": CHANNEL, "kind": kind}
        )

    def claim(self, kind: JobKind, *, limit: int, lease_seconds: int) -> list[Job]:
        """Lease up to `limit` ready jobs, by their turns; skips what others hold.

        Takes a quarter of what is ready at most, so that the last long jobs are shared and not queued
        behind each other in one process. A job that was tried before is claimed alone: should it kill its worker
        again, that costs nobody else an attempt.
        """
        share = self._share(kind, limit)
        ready = (
            select(jobs.c.id)
            .where(*_due(kind))
            .where(true() if share == 1 else jobs.c.attempts == 0)
            .order_by(jobs.c.turn, jobs.c.id)
            .limit(share)
            .with_for_update(skip_locked=True)
        )
        token = uuid4()  # a crash of its holder leaves the lease to its end; the attempt is counted already
        rows = self._connection.execute(
            update(jobs)
            .where(jobs.c.id.in_(ready.scalar_subquery()))
            .values(
                state=JobState.LEASED,
                attempts=jobs.c.attempts + 1,
                lease_token=token,
                lease_until=func.now() + timedelta(seconds=lease_seconds),
            )
            .returning(jobs)
        ).mappings()
        return sorted(map(Job.of_row, rows), key=lambda job: (job.turn, job.id))

    def _share(self, kind: JobKind, limit: int) -> int:
        some = select(jobs.c.attempts).where(*_due(kind)).order_by(jobs.c.turn, jobs.c.id).limit(4 * limit)
        ready = self._connection.scalars(some).all()
        fresh = len(list(takewhile(lambda attempts: attempts == 0, ready)))
        return max(1, min(limit, len(ready) // 4, fresh))

    def hold(self, job: Job) -> bool:
        """Lock the row of a leased job to the end of the transaction; False when the lease was lost.

        Whoever concludes locks first the job and then the chains: a slow former owner waits for nobody's chain, and
        the sweep takes no lease whose result is being written.
        """
        held = select(jobs.c.id).where(*_under_lease(job)).with_for_update()
        return self._connection.scalar(held) is not None

    def renew(self, token: UUID, *, lease_seconds: int) -> int:
        """Extend every lease under `token`; returns how many are still held."""
        return self._connection.execute(
            update(jobs)
            .where(jobs.c.lease_token == token, jobs.c.state == JobState.LEASED)
            .values(lease_until=func.now() + timedelta(seconds=lease_seconds))
        ).rowcount

    def finish(self, job: Job) -> bool:
        """Mark the job finished; False when the lease was lost: the caller must roll its results back."""
        return self._settle(job, state=JobState.FINISHED, finished_at=func.now())

    def retry(self, job: Job, error: str) -> bool:
        """Return the job with back-off 2^attempts seconds; after five attempts it has failed."""
        if job.attempts >= MAX_ATTEMPTS:
            return self.fail(job, error)
        return self._settle(
            job,
            state=JobState.READY,
            last_error=error[:1000],
            not_before=func.now() + timedelta(seconds=2**job.attempts),
        )

    def fail(self, job: Job, error: str) -> bool:
        """End the job without another attempt: what we hold is broken, or it can never succeed."""
        return self._settle(job, state=JobState.FAILED, last_error=error[:1000], finished_at=func.now())

    def begin_anew(self, kinds: Sequence[JobKind], subject_ids: Sequence[UUID]) -> int:
        """Run again what has failed of these subjects, as if never tried: somebody mended what was in the way."""
        rows = self._connection.execute(
            update(jobs)
            .where(
                jobs.c.kind.in_([kind.value for kind in kinds]),
                jobs.c.subject_id.in_(subject_ids),
                jobs.c.state == JobState.FAILED,
            )
            .values(state=JobState.READY, attempts=0, not_before=func.now(), finished_at=None)
            .returning(jobs.c.kind)
        ).scalars()
        begun = list(rows)
        for kind in set(begun):
            self._hint(JobKind(kind))
        return len(begun)

    def release(self, job: Job, *, pause_seconds: float, error: str) -> bool:
        """Return the job and its attempt: a dependency did not answer."""
        return self._settle(
            job,
            state=JobState.READY,
            attempts=jobs.c.attempts - 1,
            last_error=error[:1000],
            not_before=func.now() + timedelta(seconds=pause_seconds),
        )

    def _settle(self, job: Job, **values: object) -> bool:
        changed = self._connection.execute(
            update(jobs).where(*_under_lease(job)).values(lease_token=None, lease_until=None, **values)
        )
        return changed.rowcount == 1

    def sweep(self) -> int:
        """Return jobs whose lease has expired, with back-off."""
        ended = (
            select(jobs.c.id)
            .where(jobs.c.state == JobState.LEASED, jobs.c.lease_until < func.now())
            .with_for_update(
                skip_locked=True
            )  # one that is being concluded, or returned by another scheduler
        )
        rows = self._connection.execute(
            update(jobs)
            .where(jobs.c.id.in_(ended.scalar_subquery()))
            .values(
                state=JobState.READY,
                lease_token=None,
                lease_until=None,
                last_error=func.coalesce(jobs.c.last_error, "the worker was lost"),
                not_before=func.now() + func.make_interval(0, 0, 0, 0, 0, 0, func.power(2, jobs.c.attempts)),
            )
            .returning(jobs.c.kind)
        ).scalars()
        kinds = list(rows)
        for kind in set(kinds):
            self._hint(JobKind(kind))
        return len(kinds)

    def waiting(self) -> dict[str, int]:
        """Count ready jobs by kind, for hints and for the operator."""
        rows = self._connection.execute(
            select(jobs.c.kind, func.count().label("waiting"))
            .where(jobs.c.state == JobState.READY, jobs.c.not_before <= func.now())
            .group_by(jobs.c.kind)
        )
        return {row.kind: row.waiting for row in rows}


def _due(kind: JobKind) -> tuple[ColumnElement[bool], ...]:
    return jobs.c.kind == kind.value, jobs.c.state == JobState.READY, jobs.c.not_before <= func.now()


def _under_lease(job: Job) -> tuple[ColumnElement[bool], ...]:
    return jobs.c.id == job.id, jobs.c.lease_token == job.lease_token, jobs.c.state == JobState.LEASED
