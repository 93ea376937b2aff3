"""The same jobs on threads of the API process, for one machine without a broker.

Hashing and the decoders' children run outside the interpreter lock, so two threads use two cores; a third has the
heavy files, one at a time, so that nothing ordinary waits behind them, and a fourth what no verdict waits for. The job
rows are the same as everywhere: what a kill leaves leased is returned by the sweep of the next start.
"""

import threading
from collections.abc import Sequence
from functools import partial

from schemas.work import LoopPart
from storage.outbox import JobKind
from storage.store import Store
from workers.heart import Heart, Pulse
from workers.loop import Loops, OnEnd, only_told
from workers.media.making.maker import Maker
from workers.media.sandbox.parent import Sandbox
from workers.runner import LATER, SLOW, Runner
from workers.scheduler import Scheduler, listen
from workers.settings import WorkersSettings

THREADS = 2
QUICK = tuple(kind for kind in JobKind if kind not in (*SLOW, *LATER))
IDLE_SECONDS = 5.0


class EmbeddedWorkers:
    """Start with `start`, end with `stop`; running jobs finish, waiting ones stay in the database.

    Args:
        store: Best one of their own: whoever takes every connection of the API's then stops no worker.
        settings: Limits of jobs and decoders.
        on_end: Told the name of a thread that ended by itself; the server must not go on beside it.
        signs: Also what the log is signed by, and what goes with it: no process of its own does.
    """

    def __init__(
        self, store: Store, settings: WorkersSettings, *, on_end: OnEnd = only_told, signs: bool = True
    ) -> None:
        self._store = store
        self._settings = settings
        self._stop = threading.Event()
        self._wake = threading.Condition()
        lanes = {f"{number}": QUICK for number in range(THREADS)} | {"slow": SLOW, "later": LATER}
        self._sandboxes = [Sandbox() for _ in lanes]
        self._maker = Maker()
        self._loops = Loops(self._stop, on_end)
        for sandbox, (name, kinds) in zip(self._sandboxes, lanes.items(), strict=True):
            self._loops.add(f"worker-{name}", partial(self._work, sandbox, name, kinds))
        self._loops.add("listener", partial(listen, store, self._hint, self._stop))
        scheduler = Scheduler(store, settings, self._hint)
        if signs:
            self._loops.add("scheduler", partial(scheduler.run, self._stop))
            self._loops.add("publisher", partial(scheduler.run_publishing, self._stop))
        self._loops.add("sweeper", partial(scheduler.run_sweeps, self._stop))

    def start(self) -> None:
        """Start the threads."""
        self._loops.start()

    def stop(self) -> None:
        """End every thread and child; returns when they have ended."""
        self._stop.set()
        with self._wake:
            self._wake.notify_all()
        self._loops.join()
        for sandbox in self._sandboxes:
            sandbox.close()
        self._maker.close()

    def _hint(self, kind: JobKind) -> None:
        del kind  # every thread looks at what it may drain
        with self._wake:
            self._wake.notify_all()

    def _work(self, sandbox: Sandbox, name: str, kinds: Sequence[JobKind]) -> None:
        pulse = Pulse()
        runner = Runner(self._store, sandbox, self._settings, maker=self._maker, pulse=pulse)
        every_seconds = self._settings.beat_seconds
        heart = Heart(self._store, LoopPart.WORKER, name, every_seconds=every_seconds, pulse=pulse)
        heart.start()
        try:
            while not self._stop.is_set():
                done = sum(runner.drain_or_wait(kind, self._stop) for kind in kinds)
                if not done:
                    with self._wake:
                        self._wake.wait(timeout=IDLE_SECONDS)
        finally:
            heart.stop()
