"""The housekeeper: integrates the log, seals the trail, returns lost leases, ends looks and dead uploads, sends hints.

Several may run; an advisory lock inside each duty lets one act at a time. Started on its own
(`python -m workers.scheduler`) beside Celery workers, or as two threads of the embedded default.
"""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from functools import partial
from itertools import islice

import structlog

from schemas.act import Process
from schemas.errors import Conflict, IntegrityBroken, Invalid, NotFound
from schemas.ids import UploadId
from schemas.laid import is_of_log
from schemas.upload import Upload
from schemas.work import LoopPart
from storage.flow.receive import complete_left
from storage.notice import job_notices
from storage.outbox import JobKind
from storage.settings import StorageSettings
from storage.setup.writer import require_writer
from storage.store import Store
from storage.telemetry import configure
from workers.custody import Publisher, Sequencer
from workers.heart import Heart, Look, Pulse
from workers.loop import Loops, attempt
from workers.retention import renew_locks
from workers.scrub import scrub_by_night
from workers.settings import WorkersSettings
from workers.trail import seal_trail

log = structlog.get_logger()

TICK_SECONDS = 1.0
"""Integration runs at least this often; a NOTIFY wakes it earlier."""

RETRY_SECONDS = 5.0
"""A duty that met a fault is tried again after one second, then two, at last after so many."""

TRAIL_SECONDS = 60.0
"""So often it is asked whether a day of the access trail is to be sealed."""

LOCKS_SECONDS = 5.0
"""So often a portion of the night's locks is renewed, or it is asked whether a night has begun."""

SCRUB_SECONDS = 2.0
"""So often it is asked whether the next portion of the night's reading is to be asked for."""

SWEEP_BATCH = 100
LOOKS_SECONDS = 10.0
TAILS_SECONDS = 3600.0
TAIL_AGE = timedelta(days=1)
"""A tail is written before the row that names it commits: a younger one may still gain its name."""

Hint = Callable[[JobKind], None]


def listen(store: Store, on_kind: Hint, stop: threading.Event) -> None:
    """Call `on_kind` for every kind of job that a commit announces; reconnects for ever until `stop`."""

    def hear() -> None:
        for kinds in job_notices(store.engine, tick_seconds=TICK_SECONDS):
            if stop.is_set():
                return
            for kind in kinds & set(JobKind):
                on_kind(JobKind(kind))

    while not stop.is_set():
        if attempt("listener", hear) is not None:
            stop.wait(TICK_SECONDS)


class _Duty:
    """Something that is done again and again; what it meets keeps no other duty from being done."""

    def __init__(
        self, name: str, do: Callable[[], object], *, every_seconds: float, at_once: bool = True
    ) -> None:
        self._name = name
        self._do = do
        self._every_seconds = every_seconds
        self._due_at = time.monotonic() + (0.0 if at_once else every_seconds)
        self._failures = 0
        self.problem: str | None = None

    def do_if_due(self) -> None:
        if time.monotonic() < self._due_at:
            return
        self.problem = attempt(self._name, self._do)
        self._failures = 0 if self.problem is None else self._failures + 1
        pause = min(self._failures, RETRY_SECONDS) if self._failures else self._every_seconds
        self._due_at = time.monotonic() + pause


class _Round:
    """Duties that are done one after the other, and what their heart is told."""

    def __init__(self, *duties: _Duty) -> None:
        self._duties = duties
        self.pulse = Pulse()

    def do(self) -> None:
        for duty in self._duties:
            duty.do_if_due()
        problem = next((duty.problem for duty in self._duties if duty.problem is not None), None)
        self.pulse.came_round(has_done=problem is None)
        if problem is not None:
            self.pulse.met(problem)


class Scheduler:
    """The duties of one process, in two loops, each on a thread of its own and until `stop` is set.

    `run` needs the database alone: log, lost leases, seals of the trail, ends of looks. `run_sweeps` needs evidence store
    and broker too, `run_publishing` the evidence store: either may accept and never answer, and entries get their indices
    all the same. A log that was cut or rewritten is not signed again, and every look at it calls a person; that keeps no
    lost job from being returned.
    """

    def __init__(
        self, store: Store, settings: WorkersSettings, hint: Hint, *, looks: tuple[Look, ...] = ()
    ) -> None:
        self._store = store
        self._settings = settings
        self._hint = hint
        self._looks = (self._ask_objects, *looks)
        publisher = Publisher(store)
        self._publishing = _Round(_Duty("publisher", publisher.run, every_seconds=0))
        self._signing = _Round(
            _Duty("sequencer", Sequencer(store, publisher).run, every_seconds=0),
            _Duty("leases", self.return_lost, every_seconds=0),
            _Duty("trail", partial(seal_trail, store, most=1), every_seconds=TRAIL_SECONDS),
            _Duty("looks", self.end_looks, every_seconds=LOOKS_SECONDS),
        )
        self._sweeping = _Round(
            _Duty("sweep", self.sweep, every_seconds=settings.sweep_seconds),
            _Duty("tails", self.sweep_tails, every_seconds=TAILS_SECONDS, at_once=False),
            _Duty("scrub", partial(scrub_by_night, store, settings), every_seconds=SCRUB_SECONDS),
            _Duty("locks", partial(renew_locks, store, self._comes_round), every_seconds=LOCKS_SECONDS),
        )

    def run(self, stop: threading.Event) -> None:
        """Have the log signed, lost leases returned, looks ended. What one duty meets delays that one, nothing more."""
        self._keep("", self._signing, stop)

    def run_publishing(self, stop: threading.Event) -> None:
        """Have what is signed kept in the evidence store and in the signer's own file, then told."""
        self._keep("publishing", self._publishing, stop)

    def run_sweeps(self, stop: threading.Event) -> None:
        """Sweep; its heart asks whether evidence store and broker answer."""
        self._keep("sweeps", self._sweeping, stop, *self._looks)

    def _keep(self, name: str, round_: _Round, stop: threading.Event, *looks: Look) -> None:
        every_seconds = self._settings.beat_seconds
        heart = Heart(
            self._store,
            LoopPart.SCHEDULER,
            name,
            every_seconds=every_seconds,
            pulse=round_.pulse,
            looks=looks,
        )
        heart.start()
        try:
            while not stop.wait(TICK_SECONDS):
                round_.do()
        finally:
            heart.stop()

    def _ask_objects(self) -> None:
        """Ask the evidence store for a key that was never there: whatever it answers, it answers."""
        self._store.objects.newest("heartbeat")

    def return_lost(self) -> None:
        """Return expired leases: whoever held them has ended, or has lost what it was about to write."""
        with self._store.begin() as tx:
            lost = tx.jobs.sweep()
        if lost:
            log.warning("leases_returned", count=lost)

    def end_looks(self) -> None:
        """Write the closing entries of looks that have ended, some at each round: nothing waits for their number."""
        with self._store.begin() as tx:
            tx.looks.end_left(limit=SWEEP_BATCH)

    def sweep(self) -> None:
        """End uploads past their lifetime, complete what is all here, hint at every kind that waits."""
        with self._store.begin() as tx:
            waiting = tx.jobs.waiting()
            tx.accounts.forget_ended()
            tx.login_tries.forget()
            tx.idempotency.forget_ended()
            tx.heartbeats.forget()
            tx.roster_sheets.forget_left()
        for kind in waiting:
            self._hint(JobKind(kind))
        self._complete_uploads()
        self._expire_uploads()

    def sweep_tails(self) -> None:
        """Delete tails that no row names: a crash came between writing one and committing, or dropping it."""
        before = self._store.clock() - TAIL_AGE
        for keys in batched(self._store.objects.old_staging(before), SWEEP_BATCH):
            with self._store.begin() as tx:
                named = tx.uploads.named_tails(keys)
            for key in set(keys) - named:
                if is_of_log(key):  # it goes by itself, once what it is a part of is full
                    continue
                self._store.objects.delete_staging(key)
                log.info("tail_dropped", key=key)

    def _complete_uploads(self) -> None:
        """Complete what is all here; uploads that cannot be completed, however many, stop no others."""
        after: UploadId | None = None
        while True:
            with self._store.begin() as tx:
                waiting = tx.uploads.full(limit=SWEEP_BATCH, after=after)
            for upload in waiting:
                self._complete(upload)
                self._comes_round()  # many of them, or a large one, is no standstill
            if len(waiting) < SWEEP_BATCH:
                return
            after = waiting[-1].id

    def _complete(self, upload: Upload) -> None:
        try:
            complete_left(self._store, upload, self._comes_round)
        except (NotFound, Conflict, Invalid, IntegrityBroken) as err:
            # The task that stops is this upload's: the log, and what others sent, are not what was altered.
            log.critical(
                "upload_not_completed", upload_id=str(upload.id), problem=err.slug, detail=err.detail
            )

    def _comes_round(self) -> bool:
        self._sweeping.pulse.came_round(has_done=False)
        return True

    def _expire_uploads(self) -> None:
        """End uploads first in the database, then in the store: a crash between leaves parts, not rows."""
        with self._store.begin() as tx:
            ended = tx.uploads.expire(limit=SWEEP_BATCH)
            tails = tx.uploads.forget_tails([upload.id for upload in ended])
        for upload in ended:
            if upload.parts_ref is not None:
                self._store.objects.abort_parts(upload.object_key, upload.parts_ref)
        for key in tails:
            self._store.objects.delete_staging(key)


def batched(keys: Iterable[str], size: int) -> Iterator[list[str]]:
    """Yield `keys` in lists of at most `size` (itertools has it from Python 3.12)."""
    left = iter(keys)
    while some := list(islice(left, size)):
        yield some


def main() -> None:
    """Run beside Celery workers: hints go to the broker."""
    from workers.app import ask_broker, send_hint  # noqa: PLC0415 - the embedded default needs no Celery

    configure()
    store = Store(StorageSettings())
    require_writer(store, Process.SIGNER)
    stop, ended = threading.Event(), threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())

    def end(name: str) -> None:
        log.critical("loop_ended", loop=name)
        ended.set()
        stop.set()

    loops = Loops(stop, end)
    loops.add("listener", partial(listen, store, send_hint, stop))
    scheduler = Scheduler(store, WorkersSettings(), send_hint, looks=(ask_broker,))
    loops.add("scheduler", partial(scheduler.run, stop))
    loops.add("publisher", partial(scheduler.run_publishing, stop))
    loops.add("sweeper", partial(scheduler.run_sweeps, stop))
    loops.start()
    stop.wait()
    loops.join()
    store.close()
    sys.exit(1 if ended.is_set() else 0)


if __name__ == "__main__":
    main()
