"""The heart of a loop: a thread beside it that tells the database, every few seconds, that the loop lives.

What the loop does and meets is left in a `Pulse`, in memory; the heart carries it over. A heart that cannot write, that
hangs or that has died is missed by whoever reads: silence is the alarm.
"""

import os
import socket
import threading
import time
from collections.abc import Callable

import structlog

from schemas.work import LoopPart
from storage.store import Store
from workers.loop import attempt

log = structlog.get_logger()

KEPT_SECONDS = 60.0
"""A problem stands so long unless something was done since: an idle round does not show that it is over."""

NODE = "QUANCHENG_NODE"
"""How the processes of a Celery worker learn the name of their worker."""

Look = Callable[[], object]


class Pulse:
    """What one loop has done and met last. Written by the loop, read by its heart."""

    def __init__(self) -> None:
        self.rounds = 0
        self._problem: str | None = None
        self._met_at = 0.0

    def came_round(self, *, has_done: bool) -> None:
        """Note that a job came to its end, or that none was there."""
        self.rounds += 1
        if has_done or time.monotonic() - self._met_at > KEPT_SECONDS:
            self._problem = None

    def met(self, problem: str) -> None:
        """Note the slug of what hinders the loop."""
        self._met_at = time.monotonic()
        self._problem = problem

    @property
    def problem(self) -> str | None:
        """What hinders the loop; None when nothing does."""
        return self._problem


class Heart:
    """Start with `start`, end with `stop`: then the place is given up in good order.

    Args:
        store: The store of the loop.
        part: What kind of loop it is.
        name: Its name on this machine; whoever takes the same place later replaces it.
        every_seconds: How often it beats.
        pulse: What the loop leaves.
        looks: Asked before each beat whether a part that the loop needs answers: raises what is wrong.
    """

    def __init__(
        self,
        store: Store,
        part: LoopPart,
        name: str,
        *,
        every_seconds: float,
        pulse: Pulse,
        looks: tuple[Look, ...] = (),
    ) -> None:
        self._store = store
        self._part = part
        self._place = f"{part.value} {os.environ.get(NODE) or socket.gethostname()} {name}".strip()[:200]
        self._every_seconds = every_seconds
        self._pulse = pulse
        self._looks = looks
        self._stop = threading.Event()
        self._has_begun = False
        self._told_rounds = 0
        self._thread = threading.Thread(target=self._run, name=f"heart of {self._place}", daemon=True)

    def start(self) -> None:
        """Begin to beat, at once."""
        self._thread.start()

    def stop(self) -> None:
        """Beat no more, and give the place up. A database that is away leaves it to run out."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            attempt("heart", self._beat)
            if self._stop.wait(self._every_seconds):
                break
        attempt("heart", self._end)

    def _beat(self) -> None:
        problem, rounds = self._pulse.problem or self._seen(), self._pulse.rounds
        with self._store.begin() as tx:
            if not self._has_begun:
                tx.heartbeats.begin(self._place, self._part, every_seconds=self._every_seconds)
            tx.heartbeats.beat(
                self._place,
                self._part,
                every_seconds=self._every_seconds,
                problem=problem,
                has_worked=rounds != self._told_rounds,
            )
        self._has_begun, self._told_rounds = True, rounds

    def _seen(self) -> str | None:
        found = (attempt("look", look) for look in self._looks)
        return next((problem for problem in found if problem is not None), None)

    def _end(self) -> None:
        with self._store.begin() as tx:
            tx.heartbeats.end(self._place)
