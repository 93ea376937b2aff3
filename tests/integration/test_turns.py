"""Senders take turns: in whatever order jobs come, nobody waits for all that another has, and everybody's turn comes."""

from collections import Counter, deque
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, text, update

from storage.outbox import Job, JobKind
from storage.store import Store
from storage.tables.outbox import jobs
from tests.factories import folder_url, make_settings
from tests.owner import owning

KIND = JobKind.VERIFY_SLOW
FLEET, SINGLE = uuid4(), uuid4()


@pytest.fixture(scope="module")
def kept(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("turns"))))
    yield made
    made.close()


@pytest.fixture
def store(kept: Store) -> Store:
    emptied(kept)
    return kept


def emptied(store: Store) -> None:
    with owning(store) as tx:
        tx.connection.execute(jobs.delete())


def comes(store: Store, sender: UUID, count: int = 1) -> list[UUID]:
    """So many jobs of a sender, one after the other."""
    subjects = [uuid4() for _ in range(count)]
    for subject in subjects:
        with store.begin() as tx:
            tx.jobs.enqueue(KIND, subject, sender_id=sender)
    return subjects


def taken(store: Store) -> Job | None:
    with store.begin() as tx:
        claimed = tx.jobs.claim(KIND, limit=1, lease_seconds=60)
    return claimed[0] if claimed else None


def done(store: Store) -> Job | None:
    """One job is claimed and done; None when nothing waits."""
    job = taken(store)
    if job is not None:
        with store.begin() as tx:
            assert tx.jobs.finish(job)
    return job


def senders(store: Store, count: int) -> list[UUID]:
    found = [done(store) for _ in range(count)]
    return [job.sender_id for job in found if job is not None]


def test_one_file_does_not_stand_behind_a_hundred(store: Store) -> None:
    """Who sends one file waits for one of each other sender, though another has sent a hundred before."""
    comes(store, FLEET, 100)
    assert senders(store, 10) == [FLEET] * 10
    comes(store, SINGLE)

    assert SINGLE in senders(store, 2)
    assert senders(store, 100) == [FLEET] * 89


def test_what_was_ordered_at_once_keeps_its_order_and_lets_others_in(store: Store) -> None:
    """Many jobs of one order are done in its order, with those of others between them."""
    subjects = [uuid4() for _ in range(20)]
    with store.begin() as tx:
        tx.jobs.enqueue_all(KIND, subjects, sender_id=FLEET)
        tx.jobs.enqueue_all(KIND, subjects, sender_id=SINGLE)  # once per subject
    others = comes(store, SINGLE, 3)
    order = [job.subject_id for job in iter(lambda: done(store), None)]

    assert [one for one in order if one in subjects] == subjects
    assert max(order.index(one) for one in others) < 7


def test_whoever_sends_one_after_the_other_keeps_nobody_waiting(store: Store) -> None:
    """A sender whose every file comes when the one before is done shares with one that has sent all at once."""
    comes(store, FLEET, 30)
    seen = []
    for _ in range(20):
        comes(store, SINGLE)
        seen += senders(store, 2)

    assert Counter(seen)[FLEET] >= 19


def test_a_job_that_waits_keeps_nobody_back_and_comes_to_its_turn(store: Store) -> None:
    """What is tried again later stands first when its time has come, and gives newcomers no earlier turn meanwhile."""
    (first, *_) = comes(store, FLEET, 30)
    paused = taken(store)
    assert paused is not None
    with store.begin() as tx:
        tx.jobs.release(paused, pause_seconds=3600, error="no room")
    senders(store, 10)
    comes(store, SINGLE, 10)
    assert Counter(senders(store, 10))[FLEET] >= 4
    with store.begin() as tx:
        tx.connection.execute(update(jobs).values(not_before=func.now()))
    due = done(store)

    assert due is not None
    assert due.subject_id == first


SENDERS = [UUID(int=number) for number in range(4)]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([*SENDERS, None]), min_size=1, max_size=60))
def test_nobody_is_served_three_times_while_another_waits(store: Store, story: list[UUID | None]) -> None:
    """In any order of comings and takings: each sender's jobs in their order, and while somebody waits no other gets more
    than two before it.
    """
    emptied(store)
    waiting: dict[UUID, deque[UUID]] = {one: deque() for one in SENDERS}
    passed: dict[UUID, Counter[UUID]] = {one: Counter() for one in SENDERS}
    for step in [*story, *([None] * len(story))]:
        if step is not None:
            waiting[step].extend(comes(store, step))
            continue
        job = done(store)
        if job is None:
            assert not any(waiting.values())
            continue
        assert waiting[job.sender_id].popleft() == job.subject_id
        passed[job.sender_id].clear()
        for other in SENDERS:
            if waiting[other] and other != job.sender_id:
                passed[other][job.sender_id] += 1
                assert passed[other][job.sender_id] <= 2
    assert not any(waiting.values())


def test_lining_up_and_claiming_read_a_few_rows_of_a_long_line(store: Store) -> None:
    """With 20,000 jobs in line both go by their indices, and read no more than with twenty."""
    with owning(store) as tx:
        tx.jobs.enqueue_all(KIND, [uuid4() for _ in range(20_000)], sender_id=FLEET)
        tx.connection.execute(text("ANALYZE jobs"))
    taken(store)
    before = rows_read(store)
    comes(store, SINGLE)
    comes(store, FLEET)
    taken(store)

    assert rows_read(store) - before < 200


def rows_read(store: Store) -> int:
    """Rows of the table that were read since it is there, by whatever way."""
    with store.begin() as tx:
        tx.connection.execute(text("SELECT pg_stat_force_next_flush()"))
    with store.begin() as tx:
        return int(
            tx.connection.scalar(
                text(
                    "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables WHERE relname = 'jobs'"
                )
            )
        )
