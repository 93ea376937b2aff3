"""Which queue of the broker a kind of job is hinted at, and so which worker takes it.

Heavy files have a queue of their own, for a worker with one process: nothing ordinary waits behind them. So has what no
verdict waits for, and so have exports: their worker alone holds the export key, and decodes nothing.
"""

from storage.outbox import JobKind
from workers.runner import LATER, SLOW

QUEUE, SLOW_QUEUE, LATER_QUEUE = "quancheng", "quancheng-slow", "quancheng-later"
EXPORT_QUEUE = "quancheng-export"
_QUEUES = {
    **dict.fromkeys(SLOW, SLOW_QUEUE),
    **dict.fromkeys(LATER, LATER_QUEUE),
    JobKind.EXPORT: EXPORT_QUEUE,
}


def queue_of(kind: JobKind) -> str:
    """Return the queue of a kind of job."""
    return _QUEUES.get(kind, QUEUE)
