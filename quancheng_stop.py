"""Whether somebody has asked `serve` to end. A signal only sets a flag; the flag is looked at between two steps.

Nothing is raised where a signal arrives: an exception in the middle of a start, in a callback that ends a part, or
in the interpreter's own end would leave that part running. So any number of interrupts, at any moment, is one.
Imported before anything else: importing the rest takes longer than a person needs for a second Ctrl-C.
"""

import signal
import sys

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class ToldToStopError(Exception):
    """Raised between two steps, and there alone."""


class Stop:
    """What the signals of this process have asked for, or a part of it that ended by itself."""

    def __init__(self) -> None:
        self.is_asked = False
        self.fault: str | None = None

    def listen(self) -> None:
        """Take the signals from now on."""
        for one in SIGNALS:
            signal.signal(one, self._hear)

    def check(self) -> None:
        """Go on, or stop here.

        Raises:
            ToldToStopError: somebody has asked for it.
        """
        if self.is_asked:
            raise ToldToStopError

    def fail(self, fault: str) -> None:
        """End because something that the server cannot do without has ended; the first sentence stands."""
        self.fault = self.fault or fault
        self.is_asked = True

    def deafen(self) -> None:
        """Take no signal any more: the interpreter, while it ends, would give them back their deadly meaning."""
        for one in SIGNALS:
            signal.signal(one, signal.SIG_IGN)

    def _hear(self, *_: object) -> None:
        # No lock, no print: this runs between any two instructions of the main thread, also inside either.
        self.is_asked = True


STOP = Stop()
if sys.argv[1:2] == ["serve"]:
    STOP.listen()
