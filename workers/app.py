"""Celery: a message is a hint `drain(kind)`; the work itself is rows in the database.

So an early acknowledgement is safe: a lost message costs one sweep, a doubled one finds nothing to claim.
Workers start by spawn, because decoders, psycopg and OpenCV do not survive a fork.
"""

from functools import cache

import structlog
from celery import Celery
from celery.signals import worker_process_shutdown
from kombu.exceptions import OperationalError

from storage.outbox import JobKind
from storage.settings import StorageSettings
from storage.store import Store
from storage.telemetry import configure
from workers.media.sandbox import Sandbox
from workers.runner import Runner
from workers.settings import WorkersSettings

log = structlog.get_logger()

HARD_LIMIT_SECONDS = 3600


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
    },
    task_routes={"quancheng.drain": {"queue": "quancheng"}},
    task_default_queue="quancheng",
)


@cache
def _runner() -> tuple[Store, Sandbox, Runner]:
    """One store, one sandbox and one runner per worker process, made after the process has started."""
    store, settings, sandbox = Store(StorageSettings()), WorkersSettings(), Sandbox()
    return store, sandbox, Runner(store, sandbox, settings)


@worker_process_shutdown.connect  # type: ignore[untyped-decorator] # celery has no types
def _close(**_: object) -> None:
    if _runner.cache_info().currsize:
        opened, sandbox, _unused = _runner()
        sandbox.close()
        opened.close()


@app.task(name="quancheng.drain")  # type: ignore[untyped-decorator] # celery has no types
def drain(kind: str) -> None:
    """Drain one kind of job for a slice; when the slice ended with work left, hint again."""
    store, _, runner = _runner()
    if runner.drain(JobKind(kind)):
        with store.begin() as tx:
            waiting = tx.jobs.waiting()
        if waiting.get(kind):
            send_hint(JobKind(kind))


def send_hint(kind: JobKind) -> None:
    """Tell the workers that jobs of `kind` wait. A broker that is away loses a hint, never a job."""
    try:
        drain.apply_async((kind.value,), expires=60, retry=False)
    except OperationalError:
        log.warning("hint_not_sent", kind=kind.value)
