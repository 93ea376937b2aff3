"""Celery: a message is a hint `drain(kind)`; the work itself is rows in the database.

So an early acknowledgement is safe: a lost message costs one sweep, a doubled one finds nothing to claim (queues:
`workers.queue`).
Workers start by spawn, because decoders, psycopg and OpenCV do not survive a fork.
"""

import os
from collections.abc import Iterable, Mapping
from contextlib import closing
from functools import cache
from typing import NamedTuple, cast

import structlog
from billiard import current_process
from celery import Celery
from celery.signals import celeryd_init, worker_process_init, worker_process_shutdown
from kombu.exceptions import OperationalError

from schemas.act import Process
from schemas.refusals_command import BROKER_UNAVAILABLE
from schemas.work import LoopPart
from storage.outbox import JobKind
from storage.settings import StorageSettings
from storage.setup.writer import require_writer
from storage.store import Store
from storage.telemetry import configure
from workers.heart import NODE, Heart, Pulse
from workers.media.making.maker import Maker
from workers.media.sandbox.parent import Sandbox
from workers.queue import EXPORT_QUEUE, QUEUE, queue_of
from workers.runner import Runner
from workers.settings import WorkersSettings

log = structlog.get_logger()

HARD_LIMIT_SECONDS = 3600
BROKER_SECONDS = 3
SILENT_SECONDS = 15


def _broker() -> str | None:
    secret = StorageSettings().broker_url
    return secret.get_secret_value() if secret else None


configure()
app = Celery("quancheng", broker=_broker())
app.conf.update(
    task_acks_late=False,
    task_ignore_result=True,
    worker_send_task_events=False,
    worker_prefetch_multiplier=1,
    worker_pool_start_method="spawn",
    worker_max_tasks_per_child=2000,
    worker_max_memory_per_child=600_000,
    task_time_limit=HARD_LIMIT_SECONDS,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": 2 * HARD_LIMIT_SECONDS,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        # A broker that accepts and never answers must not hold up the scheduler, which also signs the log.
        "socket_connect_timeout": SILENT_SECONDS,
        "socket_timeout": SILENT_SECONDS,
    },
    task_default_queue=QUEUE,
)


class _Process(NamedTuple):
    """What a worker process has."""

    store: Store
    sandbox: Sandbox
    maker: Maker
    runner: Runner
    heart: Heart


@cache
def _process() -> _Process:
    """One store, one sandbox, one runner and one heart per worker process, made after the process has started."""
    store, settings, sandbox, pulse = Store(StorageSettings()), WorkersSettings(), Sandbox(), Pulse()
    maker = Maker()
    heart = Heart(
        store,
        LoopPart.WORKER,
        str(getattr(current_process(), "index", 0)),
        every_seconds=settings.beat_seconds,
        pulse=pulse,
    )
    return _Process(store, sandbox, maker, Runner(store, sandbox, settings, maker=maker, pulse=pulse), heart)


@celeryd_init.connect  # type: ignore[untyped-decorator] # celery has no types
def _name(sender: object, options: Mapping[str, object] | None = None, **_: object) -> None:
    """Refuse to start what may not write; hand the worker's name to its processes, of which one takes another's place."""
    # Before any process: one that ends at its start is started again.
    with closing(Store(StorageSettings())) as store:
        require_writer(store, Process.EXPORTER if _exports(options) else Process.WORKER)
    os.environ[NODE] = str(sender)


def _exports(options: Mapping[str, object] | None) -> bool:
    """Say whether a worker was started with the queue of exports (`-Q`)."""
    named = (options or {}).get("queues") or ()
    return EXPORT_QUEUE in (
        named.split(",") if isinstance(named, str) else list(cast("Iterable[str]", named))
    )


@worker_process_init.connect  # type: ignore[untyped-decorator] # celery has no types
def _open(**_: object) -> None:
    _process().heart.start()


@worker_process_shutdown.connect  # type: ignore[untyped-decorator] # celery has no types
def _close(**_: object) -> None:
    if _process.cache_info().currsize:
        ours = _process()
        ours.heart.stop()
        ours.sandbox.close()
        ours.maker.close()
        ours.store.close()


@app.task(name="quancheng.drain")  # type: ignore[untyped-decorator] # celery has no types
def drain(kind: str) -> None:
    """Drain one kind of job for a slice; when the slice ended with work left, hint again."""
    ours = _process()
    if ours.runner.drain(JobKind(kind)):
        with ours.store.begin() as tx:
            waiting = tx.jobs.waiting()
        if waiting.get(kind):
            send_hint(JobKind(kind))


def send_hint(kind: JobKind) -> None:
    """Tell the workers that jobs of `kind` wait. A broker that is away loses a hint, never a job."""
    try:
        drain.apply_async((kind.value,), queue=queue_of(kind), expires=60, retry=False)
    except OperationalError:
        log.warning("hint_not_sent", kind=kind.value)


def ask_broker() -> None:
    """Ask whether the broker answers.

    Raises:
        Unavailable: it does not; hints are lost, and the jobs wait until it does.
    """
    try:
        patience = {"socket_connect_timeout": BROKER_SECONDS, "socket_timeout": BROKER_SECONDS}
        with app.connection_for_write(transport_options=patience) as connection:
            connection.ensure_connection(max_retries=1, timeout=BROKER_SECONDS)
    except (OperationalError, OSError) as err:
        raise BROKER_UNAVAILABLE("the broker did not answer") from err
