"""Kinds of job and their tasks."""

from pathlib import Path

from storage.outbox import JobKind
from storage.store import Store
from tests.factories import make_settings
from workers.media.sandbox import Sandbox
from workers.runner import tasks
from workers.settings import WorkersSettings


def test_every_kind_of_job_has_one_task(tmp_path: Path) -> None:
    """What can be enqueued can be run and given up: no kind waits for ever for want of a task."""
    store = Store(make_settings("postgresql+psycopg://nobody@localhost/none", f"file://{tmp_path}"))
    with Sandbox() as sandbox:
        known = tasks(store, sandbox, WorkersSettings())
    store.close()

    assert {kind: task.kind for kind, task in known.items()} == {kind: kind for kind in JobKind}
