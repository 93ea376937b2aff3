"""Whether the work gets done: one word for a stranger, the facts for the operator."""

import threading
from collections.abc import Callable
from datetime import datetime
from time import monotonic
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request

from api.deps import CurrentActor, Tx
from api.route import Route
from schemas.base import WireOut
from schemas.catalogue import words_of
from schemas.health import Health, HealthPart
from schemas.policy import Action, require_scope
from schemas.work import LoopPart, Sign, Work, signs

router = APIRouter(prefix="/v1", tags=["health"], route_class=Route)

Word = Literal["ok", "degraded"]
LOOK_SECONDS = 1.0
"""Strangers ask too: the work is counted so often and no more, however many ask."""


class Glance:
    """Which parts of the work are well, as one look told all who asked since."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._looked: tuple[float, dict[HealthPart, bool]] | None = None

    def at(self, look: Callable[[], Work]) -> dict[HealthPart, bool]:
        """Return what was seen within `LOOK_SECONDS`; `look` is called where that is longer ago."""
        with self._lock:
            if self._looked is None or self._clock() >= self._looked[0] + LOOK_SECONDS:
                seen = {sign.part: sign.is_good for sign in signs(look())}
                self._looked = (self._clock(), seen)
            return self._looked[1]


def _glance(request: Request) -> Glance:
    glance: Glance = request.app.state.glance
    return glance


class HealthOut(WireOut):
    """`status` is degraded when any part is; what is sent in is received all the same.

    `log`: every entry is signed within seconds. `workers`, `scheduler`: each loop gives its heartbeat and is not
    hindered. `jobs`, `sealing`: what waits moves. No name, count or age: those are for the operator (`getWork`).
    `server_time` lets a device measure its clock before its first contact.
    """

    status: Word
    log: Literal["current", "behind"]
    workers: Word
    scheduler: Word
    jobs: Word
    sealing: Word
    server_time: datetime


class PartOut(WireOut):
    """How one part of the work is, and what to do where something is wrong."""

    part: HealthPart
    code: Health
    is_good: bool
    is_warned: bool
    zh: str
    en: str


class HeartbeatOut(WireOut):
    """What the loop at one place said of itself last; `problem` is the slug of what it met."""

    place: str
    part: LoopPart
    started_at: datetime
    beat_at: datetime
    due_at: datetime
    worked_at: datetime
    problem: str | None
    has_ended: bool


class WorkOut(WireOut):
    """The work of the whole installation, of all agencies together: counts and times, nothing of any recording.

    Times are the database's. `waiting` counts jobs by kind; `job_since`, `arrival_since` and `entry_since` say how long
    the oldest job, recording without a verdict and entry of the log without an index have waited.
    """

    at: datetime
    parts: list[PartOut]
    heartbeats: list[HeartbeatOut]
    waiting: dict[str, int]
    job_since: datetime | None
    arrival_since: datetime | None
    concluded_at: datetime | None
    entry_since: datetime | None
    signed_at: datetime | None


@router.get("/health", operation_id="getHealth")
def health(tx: Tx, glance: Annotated[Glance, Depends(_glance)]) -> HealthOut:
    """Answer 200 when the database answers; 503 comes from the transaction otherwise."""
    is_good = glance.at(tx.heartbeats.work)
    return HealthOut(
        status=_word(is_good=all(is_good.values())),
        log="current" if is_good[HealthPart.LOG] else "behind",
        workers=_word(is_good=is_good[HealthPart.WORKERS]),
        scheduler=_word(is_good=is_good[HealthPart.SCHEDULER]),
        jobs=_word(is_good=is_good[HealthPart.JOBS]),
        sealing=_word(is_good=is_good[HealthPart.SEALING]),
        server_time=tx.now,
    )


@router.get("/work", operation_id="getWork")
def work(tx: Tx, actor: CurrentActor) -> WorkOut:
    """Show the operator what waits, what was done last, and which loops live."""
    require_scope(actor, Action.WORK_VIEW, tx.now)
    seen = tx.heartbeats.work()
    return WorkOut.of(seen, parts=[_part(sign) for sign in signs(seen)])


def _word(*, is_good: bool) -> Word:
    return "ok" if is_good else "degraded"


def _part(sign: Sign) -> PartOut:
    said = words_of(sign.code).filled(**sign.seen)
    return PartOut(
        part=sign.part,
        code=sign.code,
        is_good=sign.is_good,
        is_warned=sign.is_warned,
        zh=said.zh,
        en=said.en,
    )
