"""Where log-ins wait for a place to be looked at: few places, a short queue, and no address that fills it alone.

Of one process. It is taken before anything else, so that log-ins, however many come, use no more connections and
no more memory than there are places.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from schemas.refusals_actor import LOGIN_BUSY
from storage.password import PLACES

PATIENCE_SECONDS = 10.0
"""Nobody waits longer: the database is away, or so slow that it is as good as away."""

_LEAD = 2
"""Who is turned away for a newcomer has this many more in the queue: taking turns stops where all have the same."""


class _Waiting:
    """One log-in that waits; `called` when it was given a place or was turned away."""

    def __init__(self, sender: str, *, is_known: bool) -> None:
        self.sender = sender
        self.is_known = is_known
        self.has_place = False
        self.called = threading.Event()


class LoginQueue:
    """Hands out the places, first come first served.

    When the queue is full the newest log-in of the sender with most of them makes room for a sender with fewer, and
    any stranger's for a browser that logged in before; who finds no room is refused at once. Safe for threads.
    """

    def __init__(
        self, *, length: int, places: int = PLACES, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self._lock = threading.Lock()
        self._length = length
        self._free = places
        self._patience_seconds = patience_seconds
        self._waiting: list[_Waiting] = []

    @contextmanager
    def place(self, sender: str, *, is_known: bool) -> Iterator[None]:
        """Hold a place.

        Args:
            sender: By whom places are shared: an address, or a known browser.
            is_known: Whether this is a browser that logged in before.

        Raises:
            Busy: the queue is full, somebody with fewer came, or nobody left in time (slug `login-busy`).
        """
        self._enter(sender, is_known=is_known)
        try:
            yield
        finally:
            self._leave()

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return len(self._waiting)

    def _enter(self, sender: str, *, is_known: bool) -> None:
        with self._lock:
            if self._free and not self._waiting:
                self._free -= 1
                return
            self._make_room(sender, is_known=is_known)
            me = _Waiting(sender, is_known=is_known)
            self._waiting.append(me)
        me.called.wait(self._patience_seconds)
        with self._lock:
            if me.has_place:
                return
            if me in self._waiting:
                self._waiting.remove(me)
        raise LOGIN_BUSY("too many log-ins wait for a place")

    def _leave(self) -> None:
        with self._lock:
            if not self._waiting:
                self._free += 1
                return
            following = self._waiting.pop(0)
            following.has_place = True
            following.called.set()

    def _make_room(self, sender: str, *, is_known: bool) -> None:
        """Turn somebody away where the queue is full; the lock is held."""
        if len(self._waiting) < self._length:
            return
        strangers = [one for one in self._waiting if not one.is_known]
        goes_first = is_known and bool(strangers)
        among = strangers if goes_first or not is_known else self._waiting
        held = Counter(one.sender for one in among)
        most = max(held.values(), default=0)
        if most < (1 if goes_first else held[sender] + _LEAD):
            raise LOGIN_BUSY("too many log-ins wait for a place")
        out = next(one for one in reversed(among) if held[one.sender] == most)
        self._waiting.remove(out)
        out.called.set()
