"""Whoever keeps the embedded server alive: one thread that looks at it, and starts it again where it died."""

import threading
import time
from collections import deque
from collections.abc import Callable

import structlog

from schemas.errors import Unavailable
from storage.setup.embedded import EmbeddedPostgres

log = structlog.get_logger()

LOOK_SECONDS = 0.5
TRIES = 3
TRY_AGAIN_SECONDS = 2.0
DEATHS = 5
DEATHS_SECONDS = 300.0
"""A server that dies so often in so long is started no more: what kills it does not pass."""


class Keeper:
    """Start with `start`, end with `stop` – before the server itself is stopped.

    Args:
        server: A server that was started.
        died: Called when the server has died.
        back: Called when it answers again.
        give_up: Told, once, in a sentence that it will not come back; nobody looks any more.
        is_over: Whether everything is about to end: then a server that ends is nothing to mend.
    """

    def __init__(
        self,
        server: EmbeddedPostgres,
        *,
        died: Callable[[], None],
        back: Callable[[], None],
        give_up: Callable[[str], None],
        is_over: Callable[[], bool],
    ) -> None:
        self._server = server
        self._died = died
        self._back = back
        self._give_up = give_up
        self._is_over = is_over
        self._stop = threading.Event()
        self._deaths: deque[float] = deque(maxlen=DEATHS)
        self._thread = threading.Thread(target=self._keep, name="keeper")

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End; a start that is under way is waited for."""
        self._stop.set()
        self._thread.join()

    def _keep(self) -> None:
        why = "nobody looks after it any more"
        try:
            why = self._look()
        finally:
            if not self._stop.is_set():
                self._give_up(why)

    def _look(self) -> str:
        """Look until told to stop, or until the server is lost; returns why."""
        while not self._stop.wait(LOOK_SECONDS):
            if self._server.is_alive() or self._is_over():
                continue
            self._died()
            why = self._mend()
            if why is not None:
                return why
            self._back()
        return ""

    def _mend(self) -> str | None:
        """Start the server again; why it could not be, or None."""
        now = time.monotonic()
        self._deaths.append(now)
        if len(self._deaths) == DEATHS and now - self._deaths[0] < DEATHS_SECONDS:
            return f"it died {DEATHS} times in {now - self._deaths[0]:.0f} s"
        why = ""
        for _ in range(TRIES):
            try:
                self._server.revive()
            except Unavailable as err:
                log.warning("database_not_revived", detail=err.detail)
                why = err.detail.partition("\n")[0]
            else:
                return None
            if self._stop.wait(TRY_AGAIN_SECONDS):
                return None
        return why
