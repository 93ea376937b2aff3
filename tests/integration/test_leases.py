"""Leases of jobs: short, returned soon, fenced by their token, and nobody pays for another's job."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update

from schemas.errors import LeaseLost
from storage.outbox import MAX_ATTEMPTS, Job, JobKind
from storage.store import Store
from storage.tables.outbox import jobs
from tests.factories import folder_url, make_settings
from tests.owner import owning
from workers.scheduler import Scheduler
from workers.settings import WorkersSettings
from workers.task import concluding

KIND = JobKind.RECHECK


@pytest.fixture
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("leases"))))
    with owning(made) as tx:
        tx.connection.execute(jobs.delete())
    yield made
    made.close()


def enqueued(store: Store, count: int) -> list[UUID]:
    subjects = [uuid4() for _ in range(count)]
    with store.begin() as tx:
        tx.jobs.enqueue_all(KIND, subjects, sender_id=uuid4())
    return subjects


def claimed(store: Store, *, limit: int = 8, lease_seconds: int = 60) -> list[Job]:
    with store.begin() as tx:
        return tx.jobs.claim(KIND, limit=limit, lease_seconds=lease_seconds)


def lose(store: Store) -> None:
    """What holds a lease is killed: the lease ends, the scheduler returns the job, its back-off passes."""
    with store.begin() as tx:
        tx.connection.execute(
            update(jobs)
            .where(jobs.c.state == "leased")
            .values(lease_until=func.now() - func.make_interval(1))
        )
    Scheduler(store, WorkersSettings(), lambda _: None).return_lost()
    with store.begin() as tx:
        tx.connection.execute(update(jobs).values(not_before=func.now()))


def attempts(store: Store) -> dict[UUID, int]:
    with store.begin() as tx:
        rows = tx.connection.execute(select(jobs.c.subject_id, jobs.c.attempts))
        return {row.subject_id: row.attempts for row in rows}


def test_whoever_lost_the_lease_begins_no_result(store: Store) -> None:
    """A slow former owner is stopped before it writes anything, and the new owner concludes."""
    enqueued(store, 1)
    (slow,) = claimed(store)
    lose(store)
    (other,) = claimed(store)
    with pytest.raises(LeaseLost), concluding(store, slow):
        pytest.fail("it came to write")
    with concluding(store, other):
        pass
    with pytest.raises(LeaseLost), concluding(store, slow):
        pytest.fail("it came to write after the end")


def test_a_lease_does_not_end_while_its_result_is_written(store: Store) -> None:
    """A lease that runs out during the last commit is not returned to be worked on again."""
    enqueued(store, 1)
    (job,) = claimed(store, lease_seconds=0)
    with concluding(store, job):
        Scheduler(store, WorkersSettings(), lambda _: None).return_lost()
    with store.begin() as tx:
        assert tx.connection.scalar(select(jobs.c.state)) == "finished"


def test_nobody_pays_for_a_job_that_kills_its_worker(store: Store) -> None:
    """Jobs that were claimed together with one that kills five workers lose one attempt, and are then left out."""
    killer, *others = enqueued(store, 33)
    for _ in range(MAX_ATTEMPTS):
        assert killer in {job.subject_id for job in claimed(store)}
        lose(store)
    counted = attempts(store)

    assert counted.pop(killer) == MAX_ATTEMPTS
    assert set(counted) == set(others)
    assert max(counted.values()) == 1
