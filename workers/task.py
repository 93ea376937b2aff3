"""A kind of job: what is run, and who is told when every attempt has failed. `workers.runner` holds the registry."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from schemas.ids import RecordingId
from schemas.refusals_recording import LEASE_LOST
from storage.outbox import Job, JobKind
from storage.store import Store
from storage.transaction import Transaction

Portion = tuple[int, RecordingId | None]
"""How many were added, and the last recording that was looked at; None where none is left."""


class Task(NamedTuple):
    """One kind of job.

    Args:
        kind: Which jobs.
        run: Does the work; may run again from any point and comes to the same end.
        give_up: Ends the job and what it was about in one commit, with the slug of the last failure, so that
            nothing waits for ever.
    """

    kind: JobKind
    run: Callable[[Job], None]
    give_up: Callable[[Job, str], None]


def in_portions(store: Store, ask: Callable[[Transaction, RecordingId | None], Portion]) -> int:
    """Ask portion by portion, each in a commit of its own, until none is left; returns how many were added.

    `ask` takes the last recording of the portion before. A crash leaves what was asked so far.
    """
    added, after = 0, None
    while True:
        with store.begin() as tx:
            more, after = ask(tx, after)
        added += more
        if after is None:
            return added


@contextmanager
def concluding(store: Store, job: Job) -> Iterator[Transaction]:
    """Open the transaction in which a task writes its result; it ends the job, or nothing of it becomes true.

    Raises:
        LeaseLost: another worker holds the job; nothing was written.
    """
    with store.begin() as tx:
        if not tx.jobs.hold(job):
            raise LEASE_LOST("the lease of the job was lost")
        yield tx
        tx.jobs.finish(job)  # held since the first line: nobody else can have taken it
