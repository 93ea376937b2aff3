"""An object store that fails on command, for tests of everything above it.

Wraps any real `Objects`; the three ways a write fails in life are all here, because each leaves something
else behind: nothing kept, kept but the answer lost, and no answer for a long time.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from schemas.refusals_objects import OBJECTS_UNAVAILABLE
from storage.objects.port import Objects
from tests.stand import PATIENCE_SECONDS


class Fault(StrEnum):
    """How a call fails."""

    LOST = "fails before anything is kept"
    KEPT = "is kept, and the answer is lost"
    STALLED = "waits until released, then goes on"


@dataclass
class _Plan:
    fault: Fault
    error: Exception
    skip: int
    times: int


class FaultyObjects:
    """`Objects` whose calls fail as planned with `fail`; `calls` lists the methods called, in order.

    With `KEPT` the real call is made and its result thrown away. `open` fails when it is called, not when the
    object is read.
    """

    def __init__(self, real: Objects) -> None:
        self.real = real
        self.calls: list[str] = []
        self.is_stalled = threading.Event()
        self._released = threading.Event()
        self._plans: dict[str, _Plan] = {}
        self._lock = threading.Lock()

    def fail(
        self, method: str, fault: Fault, *, skip: int = 0, times: int = 1, error: Exception | None = None
    ) -> None:
        """Let calls of `method` fail: the first `skip` succeed, the next `times` do not."""
        getattr(self.real, method)  # a misspelt method must not pass as one that never fails
        default = OBJECTS_UNAVAILABLE("the object store does not answer")
        self._plans[method] = _Plan(fault, error or default, skip, times)

    def release(self) -> None:
        """Let every stalled call go on."""
        self._released.set()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return partial(self._call, name, getattr(self.real, name))

    def _call(self, name: str, real: Callable[..., Any], *args: Any, **named: Any) -> Any:
        plan = self._due(name)
        if plan is None:
            return real(*args, **named)
        if plan.fault is Fault.STALLED:
            self.is_stalled.set()
            assert self._released.wait(PATIENCE_SECONDS), f"nobody released the stalled {name}"
            return real(*args, **named)
        if plan.fault is Fault.KEPT:
            real(*args, **named)
        raise plan.error

    def _due(self, name: str) -> _Plan | None:
        with self._lock:
            self.calls.append(name)
            plan = self._plans.get(name)
            if plan is None or plan.times == 0:
                return None
            if plan.skip:
                plan.skip -= 1
                return None
            plan.times -= 1
            return plan
