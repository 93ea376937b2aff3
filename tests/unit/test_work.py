"""What is said of the work: red when a loop is lost or work stands still, and only then."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from api.health import LOOK_SECONDS, Glance
from schemas.catalogue import words_of
from schemas.errors import IntegrityBroken, Refusal, Unavailable
from schemas.health import Health, HealthPart
from schemas.refusals_custody import LOG_BEHIND_FILE, LOG_BEHIND_STORE
from schemas.refusals_objects import DATABASE_UNAVAILABLE
from schemas.retention import Renewal
from schemas.scrub import Scrub
from schemas.work import LOG_PATIENCE, ROUND_PATIENCE, WORK_PATIENCE, Heartbeat, LoopPart, Work, signs
from storage.heartbeat import MISSED_BEATS
from workers.settings import WorkersSettings

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LATE = 2 * WORK_PATIENCE


def beat(part: LoopPart, **changed: Any) -> Heartbeat:
    """A loop that gave its sign a moment ago."""
    given = {
        "place": f"{part.value} one",
        "part": part,
        "started_at": NOW - timedelta(days=1),
        "beat_at": NOW - SECOND,
        "due_at": NOW + SECOND,
        "worked_at": NOW - SECOND,
        "problem": None,
        "has_ended": False,
    }
    return Heartbeat(**{**given, **changed})


WORKER, SCHEDULER = beat(LoopPart.WORKER), beat(LoopPart.SCHEDULER)


def work(*heartbeats: Heartbeat, **changed: Any) -> Work:
    """An installation where nothing is wrong, but for what is given."""
    given: dict[str, Any] = dict.fromkeys(("job_since", "arrival_since", "concluded_at", "entry_since"))
    return Work(
        at=NOW,
        heartbeats=heartbeats or (WORKER, SCHEDULER),
        waiting={},
        **{**given, "signed_at": NOW, **changed},
    )


def found(seen: Work) -> dict[HealthPart, Health]:
    return {sign.part: sign.code for sign in signs(seen)}


def red(seen: Work) -> set[HealthPart]:
    return {sign.part for sign in signs(seen) if not sign.is_good}


def test_where_all_lives_and_nothing_waits_all_is_good() -> None:
    """Every part is said, and none is red."""
    assert found(work()) == {
        HealthPart.WORKERS: Health.LOOP_LIVES,
        HealthPart.SCHEDULER: Health.LOOP_LIVES,
        HealthPart.JOBS: Health.WORK_NONE,
        HealthPart.SEALING: Health.WORK_NONE,
        HealthPart.LOCKS: Health.LOCKS_NONE,
        HealthPart.SCRUB: Health.SCRUB_NONE,
        HealthPart.LOG: Health.LOG_CURRENT,
    }
    assert red(work()) == set()


OVERDUE: dict[str, Any] = {"due_at": NOW - SECOND, "beat_at": NOW - timedelta(minutes=2)}
OTHER = beat(LoopPart.WORKER, place="worker two", **OVERDUE)
CASES = {
    "a killed worker": (work(beat(LoopPart.WORKER, **OVERDUE), SCHEDULER), Health.LOOP_LOST),
    "one killed beside a living one": (work(WORKER, OTHER, SCHEDULER), Health.LOOP_LOST),
    "none was started": (work(SCHEDULER), Health.LOOP_ABSENT),
    "all were told to stop": (work(beat(LoopPart.WORKER, has_ended=True, **OVERDUE), SCHEDULER), Health.LOOP_ABSENT),
    "the store is away": (
        work(beat(LoopPart.WORKER, problem=DATABASE_UNAVAILABLE.slug), SCHEDULER),
        Health.LOOP_HINDERED,
    ),
    "one that was replaced": (
        work(WORKER, beat(LoopPart.WORKER, place="worker two", has_ended=True), SCHEDULER),
        Health.LOOP_LIVES,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_worker_is_missed_unless_it_was_told_to_stop(case: str) -> None:
    """Each way in which workers can be away has its own sentence; a restart is no alarm."""
    seen, code = CASES[case]

    assert found(seen)[HealthPart.WORKERS] is code
    assert red(seen) == (set() if code is Health.LOOP_LIVES else {HealthPart.WORKERS})


def test_a_scheduler_that_hangs_is_red_although_its_heart_beats() -> None:
    """A loop that does not come round does no work, whatever the thread beside it says."""
    hanging = beat(LoopPart.SCHEDULER, worked_at=NOW - ROUND_PATIENCE - SECOND)

    assert found(work(WORKER, hanging))[HealthPart.SCHEDULER] is Health.LOOP_HANGS
    assert red(work(WORKER, hanging)) == {HealthPart.SCHEDULER}


@pytest.mark.parametrize(
    ("since", "done_at", "code"),
    [
        (NOW - SECOND, None, Health.WORK_MOVES),
        (NOW - WORK_PATIENCE, None, Health.WORK_MOVES),
        (NOW - LATE, NOW - SECOND, Health.WORK_SLOW),
        (NOW - LATE, NOW - LATE, Health.WORK_STANDS),
        (NOW - LATE, None, Health.WORK_STANDS),
    ],
)
def test_arrivals_without_a_verdict_are_red_when_none_gets_one(
    since: datetime, done_at: datetime | None, code: Health
) -> None:
    """What waits for long is red when nothing came to its end meanwhile; a mere backlog is said and not red."""
    seen = work(arrival_since=since, concluded_at=done_at)

    assert found(seen)[HealthPart.SEALING] is code
    assert red(seen) == ({HealthPart.SEALING} if code is Health.WORK_STANDS else set())


def test_jobs_that_wait_beside_living_workers_are_red() -> None:
    """Workers whose hearts beat and who bring nothing to its end do not do the work."""
    idle = beat(LoopPart.WORKER, worked_at=NOW - LATE)

    assert red(work(idle, SCHEDULER, job_since=NOW - LATE)) == {HealthPart.JOBS}
    assert red(work(WORKER, SCHEDULER, job_since=NOW - LATE)) == set()


def test_a_log_that_nobody_signs_is_red() -> None:
    """An entry that waits for its index longer than the log's patience."""
    assert red(work(entry_since=NOW - LOG_PATIENCE)) == set()
    assert red(work(entry_since=NOW - LOG_PATIENCE - SECOND)) == {HealthPart.LOG}
    assert found(work(signed_at=None))[HealthPart.LOG] is Health.LOG_EMPTY


@pytest.mark.parametrize("seen", [case[0] for case in CASES.values()])
def test_every_sentence_is_whole(seen: Work) -> None:
    """Each code's sentence finds all its blanks filled, in both languages."""
    for sign in signs(seen):
        said = words_of(sign.code).filled(**sign.seen)
        assert "{" not in said.zh + said.en


def test_a_killed_loop_is_missed_within_half_a_minute() -> None:
    """By the settings that ship, and the log's patience."""
    assert MISSED_BEATS * WorkersSettings().beat_seconds <= 30
    assert LOG_PATIENCE.total_seconds() <= 30


class Clock:
    """A clock that stands until it is told."""

    def __init__(self) -> None:
        self.seconds = 5.0

    def __call__(self) -> float:
        return self.seconds


def test_one_look_serves_all_who_ask_within_a_second() -> None:
    """However many ask for the health, the work is counted once a second; a look that failed is told to nobody."""
    clock = Clock()
    looks: list[float] = []
    glance = Glance(clock)

    def failing() -> Work:
        raise DATABASE_UNAVAILABLE("no answer")

    def look() -> Work:
        looks.append(clock())
        return work()

    with pytest.raises(Unavailable):
        glance.at(failing)
    for seconds in (5.0, 5.5, 5.9, 5.0 + LOOK_SECONDS, 6.5, 9.0):
        clock.seconds = seconds
        glance.at(look)
    assert looks == [5.0, 6.0, 9.0]


def night(*, hours: float, is_over: bool = True, failed: int = 0) -> Work:
    """The last renewal of locks began so long ago."""
    began = NOW - timedelta(hours=hours)
    run = Renewal(
        night=began.date(),
        is_asking=False,
        began_at=began,
        ended_at=began + timedelta(minutes=5) if is_over else None,
        after=None,
        asked=0,
        renewed=7,
        failed=failed,
        problem="objects-unavailable" if failed else None,
    )
    return work().model_copy(update={"renewal": run})


@pytest.mark.parametrize(
    ("seen", "code", "is_warned"),
    [
        (night(hours=9), Health.LOCKS_RENEWED, False),
        (night(hours=1, is_over=False), Health.LOCKS_RUN, False),
        (night(hours=9, failed=2), Health.LOCKS_FAILED, True),
        (night(hours=40), Health.LOCKS_LATE, True),
        (night(hours=40, is_over=False), Health.LOCKS_LATE, True),
    ],
)
def test_the_nights_renewal_of_locks_is_told_and_turns_nothing_red(
    seen: Work, code: Health, is_warned: bool
) -> None:
    """What failed, and a night that never came or ended, is said to whoever looks; nobody stops handing in."""
    (sign,) = (one for one in signs(seen) if one.part is HealthPart.LOCKS)
    assert (sign.code, sign.is_warned, sign.is_good) == (code, is_warned, True)
    said = words_of(sign.code)
    assert "{" not in said.filled(**sign.seen).zh
    assert red(seen) == set()


@pytest.mark.parametrize("met", [LOG_BEHIND_FILE, LOG_BEHIND_STORE])
def test_an_older_database_is_told_with_the_command_that_helps(met: Refusal[IntegrityBroken]) -> None:
    """While a signer meets it, the log is red and the sentence says what to run; not when that signer has gone."""
    meets = beat(LoopPart.SCHEDULER, problem=met.slug)
    assert found(work(WORKER, meets))[HealthPart.LOG] is Health.LOG_RESTORED
    said = words_of(Health.LOG_RESTORED)
    assert "quancheng log rebuild" in said.zh
    assert "quancheng log rebuild" in said.en
    gone = meets.model_copy(update={"due_at": NOW - SECOND})
    assert found(work(WORKER, SCHEDULER, gone))[HealthPart.LOG] is not Health.LOG_RESTORED


def scrubbed(*, hours: float, is_over: bool = True, faults: int = 0, unread_days: int = 3) -> Work:
    """The last night of reading began so long ago, and something is unread for so many days."""
    began = NOW - timedelta(hours=hours)
    run = Scrub(
        night=began.date(),
        id=UUID(int=7),
        began_at=began,
        ended_at=began + timedelta(minutes=5) if is_over else None,
        rests_until=began,
        days=365,
        quota_objects=9,
        quota_bytes=9,
        is_asking=not is_over,
        asked_objects=9,
        asked_bytes=9,
        objects=9,
        faults=faults,
    )
    return work().model_copy(update={"scrub": run, "unread_since": NOW - timedelta(days=unread_days)})


@pytest.mark.parametrize(
    ("seen", "code", "is_warned"),
    [
        (scrubbed(hours=9), Health.SCRUB_READ, False),
        (scrubbed(hours=1, is_over=False), Health.SCRUB_RUN, False),
        (scrubbed(hours=1, is_over=False, faults=1), Health.SCRUB_RUN, True),
        (scrubbed(hours=9, faults=2), Health.SCRUB_FOUND, True),
        (scrubbed(hours=40), Health.SCRUB_LATE, True),
        (scrubbed(hours=40, is_over=False), Health.SCRUB_LATE, True),
        (scrubbed(hours=9, unread_days=366), Health.SCRUB_LATE, True),
    ],
)
def test_the_reading_of_stored_bytes_is_told_and_turns_nothing_red(
    seen: Work, code: Health, is_warned: bool
) -> None:
    """What differs, a night that never came or ended, and what was not read within its days, is said to whoever looks."""
    (sign,) = (one for one in signs(seen) if one.part is HealthPart.SCRUB)
    assert (sign.code, sign.is_warned, sign.is_good) == (code, is_warned, True)
    said = words_of(sign.code).filled(**sign.seen)
    assert "{" not in said.zh + said.en
    assert red(seen) == set()
