"""Whether the work gets done: what waits, what was done last, which loops live – and what of that is wrong.

Nobody is asked whether he is well. A loop that writes no heartbeat any more has ended; work that waits while nothing
comes to its end stands still, whatever the heartbeats say.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from schemas.base import Frozen
from schemas.health import Health, HealthPart
from schemas.refusals import REFUSALS
from schemas.refusals_custody import LOG_BEHIND_FILE, LOG_BEHIND_STORE
from schemas.retention import Renewal
from schemas.scrub import Scrub
from schemas.words import Words

WORK_PATIENCE = timedelta(minutes=5)
"""Work that waits so long stands still when nothing came to its end either; a file of 64 GiB takes as long."""

LOG_PATIENCE = timedelta(seconds=30)
"""Committed entries gain their index within a second."""

STEP_TOLD = timedelta(days=1)
"""So long health tells of a clock that went, and of what the log refused where nothing stands still."""

ROUND_PATIENCE = timedelta(minutes=1)
"""The scheduler does all its duties every few seconds; one that has not come round for so long hangs."""

NIGHT_PATIENCE = timedelta(hours=36)
"""Every night begins another renewal of locks; one night may be missed while the server is off."""

_RESTORED = frozenset({LOG_BEHIND_FILE.slug, LOG_BEHIND_STORE.slug})
"""What a signer meets over a database that is older than what was published."""

_UNITS = ((86_400, "天", "days"), (3_600, "小时", "h"), (60, "分钟", "min"))


class LoopPart(StrEnum):
    """The loops that do the work."""

    WORKER = "worker"
    SCHEDULER = "scheduler"


class Heartbeat(Frozen):
    """What the loop at one place said of itself last.

    `due_at` is when it must have said something again; `worked_at` when it last came round: brought a job to its end or
    found none. `problem` is the slug of what it met. One that was told to stop has ended, and is missed by nobody.
    """

    place: str
    part: LoopPart
    started_at: datetime
    beat_at: datetime
    due_at: datetime
    worked_at: datetime
    problem: str | None
    has_ended: bool


class Work(Frozen):
    """The work of the whole installation at one moment, by the database's clock.

    Args:
        at: The moment.
        heartbeats: Every place, living or not.
        waiting: Jobs that wait, by kind; also those that were put back for a while.
        job_since: When the oldest of them was made.
        arrival_since: When the oldest recording without a verdict was received.
        concluded_at: When a recording last got its verdict.
        entry_since: When the oldest entry of the log without an index was made.
        signed_at: When the newest checkpoint was signed.
        scrub: The last night on which stored bytes were read again; None before the first.
        unread_since: When what was read longest ago was read.
        renewal: The last night's renewal of locks, ended or under way; None before the first.
        untold_since: When the oldest checkpoint was signed that is not kept outside the database.
        refused: Entries that the log refuses, and that stand in a chain which was not mended.
        refused_lately: Entries that it came to refuse within a day, and that keep no chain standing.
        stepped_at: When the log last said that a clock went.
        log_fault: Slug of why the log is not that of the process that looks; None where it is.
    """

    at: datetime
    heartbeats: tuple[Heartbeat, ...]
    waiting: Mapping[str, int]
    job_since: datetime | None
    arrival_since: datetime | None
    concluded_at: datetime | None
    entry_since: datetime | None
    signed_at: datetime | None
    renewal: Renewal | None = None
    scrub: Scrub | None = None
    unread_since: datetime | None = None
    refused: int = 0
    refused_lately: int = 0
    untold_since: datetime | None = None
    stepped_at: datetime | None = None
    log_fault: str | None = None

    @property
    def job_done_at(self) -> datetime | None:
        """When a worker last brought a job to its end, or found none."""
        workers = (one.worked_at for one in self.heartbeats if one.part is LoopPart.WORKER)
        return max(workers, default=None)


class Sign(Frozen):
    """How one part of the work is; `seen` fills the sentence of its code."""

    part: HealthPart
    code: Health
    is_good: bool = True
    is_warned: bool = False
    seen: Mapping[str, object]


def signs(work: Work) -> tuple[Sign, ...]:
    """Return how each part of the work is, in the order in which a person reads it."""
    return (
        _loops(work, LoopPart.WORKER, HealthPart.WORKERS),
        _loops(work, LoopPart.SCHEDULER, HealthPart.SCHEDULER),
        _moving(HealthPart.JOBS, work.at, work.job_since, work.job_done_at),
        _moving(HealthPart.SEALING, work.at, work.arrival_since, work.concluded_at),
        _locks(work),
        _scrub(work),
        _log(work),
    )


def _loops(work: Work, part: LoopPart, about: HealthPart) -> Sign:
    mine = [one for one in work.heartbeats if one.part is part]
    living = [one for one in mine if one.due_at >= work.at]
    lost = [one for one in mine if one.due_at < work.at and not one.has_ended]
    if lost:
        return _bad(about, Health.LOOP_LOST, places=_places(lost), age=_age(work.at, lost[0].beat_at))
    if not living:
        return _bad(about, Health.LOOP_ABSENT)
    for one in living:
        if one.problem is not None:
            return _bad(about, Health.LOOP_HINDERED, place=one.place, problem=_said(one.problem))
    if part is LoopPart.SCHEDULER:
        hanging = [one for one in living if work.at - one.worked_at > ROUND_PATIENCE]
        if hanging:
            age = _age(work.at, hanging[0].worked_at)
            return _bad(about, Health.LOOP_HANGS, places=_places(hanging), age=age)
    return Sign(part=about, code=Health.LOOP_LIVES, seen={"count": len(living)})


def _moving(part: HealthPart, at: datetime, since: datetime | None, done_at: datetime | None) -> Sign:
    if since is None:
        return Sign(part=part, code=Health.WORK_NONE, seen={})
    age = _age(at, since)
    if at - since <= WORK_PATIENCE:
        return Sign(part=part, code=Health.WORK_MOVES, seen={"age": age})
    if done_at is not None and at - done_at <= WORK_PATIENCE:
        return _warned(part, Health.WORK_SLOW, age=age)
    return _bad(part, Health.WORK_STANDS, age=age)


def _locks(work: Work) -> Sign:
    """Return how the renewal of locks is. They have a week in hand: whatever is wrong, a person is told, no more."""
    run = work.renewal
    if run is None:
        return Sign(part=HealthPart.LOCKS, code=Health.LOCKS_NONE, seen={})
    seen = {"age": _age(work.at, run.ended_at or run.began_at), "renewed": run.renewed, "failed": run.failed}
    problem = Words("–", "–") if run.problem is None else _said(run.problem)
    if work.at - run.began_at > NIGHT_PATIENCE:
        return _warned(HealthPart.LOCKS, Health.LOCKS_LATE, **seen, problem=problem)
    if run.failed:
        return _warned(HealthPart.LOCKS, Health.LOCKS_FAILED, **seen, problem=problem)
    code = Health.LOCKS_RUN if run.ended_at is None else Health.LOCKS_RENEWED
    return Sign(part=HealthPart.LOCKS, code=code, seen=seen)


def _scrub(work: Work) -> Sign:
    """Return how the reading of stored bytes is. A difference and a delay are told; neither keeps anybody waiting."""
    run = work.scrub
    if run is None:
        return Sign(part=HealthPart.SCRUB, code=Health.SCRUB_NONE, seen={})
    age = _age(work.at, run.ended_at or run.began_at)
    seen = {"age": age, "objects": run.objects, "faults": run.faults, "days": run.days}
    is_behind = work.unread_since is not None and work.at - work.unread_since > timedelta(days=run.days)
    if is_behind or work.at - run.began_at > NIGHT_PATIENCE:
        return _warned(HealthPart.SCRUB, Health.SCRUB_LATE, **seen)
    if run.ended_at is None:
        return Sign(part=HealthPart.SCRUB, code=Health.SCRUB_RUN, is_warned=run.faults > 0, seen=seen)
    if run.faults:
        return _warned(HealthPart.SCRUB, Health.SCRUB_FOUND, **seen)
    return Sign(part=HealthPart.SCRUB, code=Health.SCRUB_READ, seen=seen)


def _warned(part: HealthPart, code: Health, **seen: object) -> Sign:
    return Sign(part=part, code=code, is_warned=True, seen=seen)


def _log(work: Work) -> Sign:
    met = {one.problem for one in work.heartbeats if one.due_at >= work.at}
    if work.log_fault in _RESTORED or (work.log_fault is None and met & _RESTORED):
        return _bad(HealthPart.LOG, Health.LOG_RESTORED)
    if work.log_fault is not None:
        return _bad(HealthPart.LOG, Health.LOG_OTHER, problem=_said(work.log_fault))
    if work.refused:
        return _bad(HealthPart.LOG, Health.LOG_REFUSES, count=work.refused)
    if work.entry_since is not None and work.at - work.entry_since > LOG_PATIENCE:
        return _bad(HealthPart.LOG, Health.LOG_BEHIND, age=_age(work.at, work.entry_since))
    if work.untold_since is not None and work.at - work.untold_since > LOG_PATIENCE:
        return _bad(HealthPart.LOG, Health.LOG_UNTOLD, age=_age(work.at, work.untold_since))
    return _signed(work)


def _signed(work: Work) -> Sign:
    """Return how a log is that goes on."""
    if work.refused_lately:
        return _warned(HealthPart.LOG, Health.LOG_REFUSED, count=work.refused_lately)
    if work.stepped_at is not None and work.at - work.stepped_at <= STEP_TOLD:
        return _warned(HealthPart.LOG, Health.LOG_STEPPED, age=_age(work.at, work.stepped_at))
    if work.signed_at is None:
        return Sign(part=HealthPart.LOG, code=Health.LOG_EMPTY, seen={})
    return Sign(part=HealthPart.LOG, code=Health.LOG_CURRENT, seen={"age": _age(work.at, work.signed_at)})


def _bad(part: HealthPart, code: Health, **seen: object) -> Sign:
    return Sign(part=part, code=code, is_good=False, seen=seen)


def _places(many: list[Heartbeat]) -> str:
    return ", ".join(sorted(one.place for one in many))


def _said(slug: str) -> Words | str:
    found = REFUSALS.get(slug)
    return slug if found is None else Words(found.zh, found.en)


def _age(at: datetime, since: datetime) -> Words:
    """How long ago, in the largest unit that says it."""
    seconds = max(0, round((at - since).total_seconds()))
    for unit, zh, en in _UNITS:
        if seconds >= 2 * unit:
            return Words(f"{seconds // unit} {zh}", f"{seconds // unit} {en}")
    return Words(f"{seconds} 秒", f"{seconds} s")
