"""Loops that outlast whatever they meet, and threads that nobody can lose unseen.

A step that fails is told and tried again; a thread that ends in spite of that is told to whoever started it, because
a server beside a dead loop would go on to give receipts for work that nobody does.
"""

import threading
from collections.abc import Callable

import structlog

from schemas.errors import EvidenceError, IntegrityBroken, Unavailable

log = structlog.get_logger()

OnEnd = Callable[[str], None]


def attempt(name: str, step: Callable[[], object]) -> str | None:
    """Run one step of a loop; whatever it raises is logged, and its slug returned. None when all went well."""
    try:
        step()
    except Unavailable as err:
        log.warning("dependency_unavailable", loop=name, problem=err.slug)
        return err.slug
    except IntegrityBroken as err:
        log.critical("integrity_broken", loop=name, problem=err.slug, detail=err.detail)
        return err.slug
    except EvidenceError as err:
        log.exception("loop_failed", loop=name, problem=err.slug)
        return err.slug
    except Exception:
        # A fault of our own must end the round, not the loop; the sentence goes to the log only.
        log.exception("loop_crashed", loop=name)
        return f"{name}-crashed"
    return None


def only_told(name: str) -> None:
    """Log that a thread has ended: what is done where nobody asked to be told."""
    log.critical("loop_ended", loop=name)


class Loops:
    """Threads that end when `stop` is set. One that ends before is told by its name to `on_end`, from that thread."""

    def __init__(self, stop: threading.Event, on_end: OnEnd = only_told) -> None:
        self._stop = stop
        self._on_end = on_end
        self._threads: list[threading.Thread] = []

    def add(self, name: str, run: Callable[[], object]) -> None:
        """Add a loop, not yet started; `run` returns when `stop` is set."""
        self._threads.append(threading.Thread(target=self._live, args=(name, run), name=name))

    def start(self) -> None:
        """Start every thread."""
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Wait until every thread has ended; `stop` must be set."""
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _live(self, name: str, run: Callable[[], object]) -> None:
        try:
            run()
        finally:
            if not self._stop.is_set():
                self._on_end(name)
