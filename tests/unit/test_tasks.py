"""Kinds of job and their tasks."""

from pathlib import Path

from storage.outbox import JobKind
from storage.store import Store
from tests.factories import make_settings
from workers.media.sandbox.parent import Sandbox
from workers.runner import tasks
from workers.scheduler import TICK_SECONDS
from workers.settings import WorkersSettings


def test_every_kind_of_job_has_one_task(tmp_path: Path) -> None:
    """What can be enqueued can be run and given up: no kind waits for ever for want of a task."""
    store = Store(make_settings("postgresql+psycopg://nobody@localhost/none", f"file://{tmp_path}"))
    with Sandbox() as sandbox:
        known = tasks(store, sandbox, WorkersSettings())
    store.close()

    assert {kind: task.kind for kind, task in known.items()} == {kind: kind for kind in JobKind}


def test_the_work_of_a_killed_worker_goes_on_within_half_a_minute() -> None:
    """Lease, the scheduler's second, the first back-off and the sweep that hints again: together at most 30 s."""
    settings = WorkersSettings()
    first_backoff_seconds = 2

    assert settings.lease_seconds + TICK_SECONDS + first_backoff_seconds + settings.sweep_seconds <= 30
