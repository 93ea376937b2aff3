"""What the transactions of one request have committed, so that its answer can tell all of it.

A request whose transaction is its own dependency is told by that; one that opens transactions itself, in threads of its
own, would tell nothing. So whoever answers opens a list, and each commit adds its leaves to the list of its context.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from storage.custody.values import Appended

_LIST: ContextVar[list[Appended] | None] = ContextVar("promised", default=None)


@contextmanager
def promising() -> Iterator[list[Appended]]:
    """Open a list of what is committed from here, also by threads to which this context is handed on."""
    opened: list[Appended] = []
    token = _LIST.set(opened)
    try:
        yield opened
    finally:
        _LIST.reset(token)


def committed(leaves: Sequence[Appended]) -> None:
    """Add what a transaction has committed, where somebody asks for it."""
    found = _LIST.get()
    if found is not None:
        found += leaves
