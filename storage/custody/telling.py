"""What the signer says of entries in leaves of its own: that it never indexes one, and what bounds a time out of order."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

from schemas.act import Act
from schemas.base import whole_milliseconds
from schemas.leaf import Leaf
from schemas.leaves_log import ClockStep, LogRefuse, LogResume
from schemas.ticket import Answer, bounding
from storage.custody.custody import CustodyLog
from storage.custody.values import Appended

SIGNER = "service/signer"
_AHEAD = "entry-ahead"
"""The source of a `clock:step`: an entry came from a clock ahead of the signer's."""
_SET = "clock-set"
"""The source of a `clock:step`: the signer's own clock went, beside the one that nobody sets."""


class Telling:
    """The signer's own leaves of one transaction, written where there is something to say."""

    def __init__(self, custody: CustodyLog, of: str, clock: Callable[[], datetime] | None) -> None:
        """Take the log's own name; `clock` stands in for this process's."""
        self._custody = custody
        self._of = of
        self._now = whole_milliseconds(clock() if clock else datetime.now(UTC))

    def refuse(self, digest: str, answer: Answer) -> Appended:
        """Say that the draft of this digest is never indexed, and why."""
        return self._tell(LogRefuse(digest=digest, code=answer.value))

    def bound(self, leaf: Leaf, last_at: datetime | None, *, waiting: int) -> Appended | None:
        """Say what must be indexed before a leaf whose time is out of order; None where it is in order.

        Args:
            leaf: The one that is next.
            last_at: The time of the one before.
            waiting: How many wait, this one among them.
        """
        event = None if last_at is None else bounding(leaf.at, last_at=last_at, clock=self._now)
        if event is None:
            return None
        if event == ClockStep.spec.event:
            return self._tell(ClockStep(before=self._now, after=leaf.at, source=_AHEAD))
        return self._tell(LogResume(since=leaf.at, waiting=waiting))

    def step(self, before: datetime, after: datetime) -> Appended:
        """Say that this machine's clock went: what it would have said, and what it says."""
        told = ClockStep(before=whole_milliseconds(before), after=whole_milliseconds(after), source=_SET)
        return self._tell(told)

    def _tell(self, act: Act) -> Appended:
        self._custody.hold()
        return self._custody.append(act, about(act, self._of), actor=SIGNER)


def about(act: Act, of: str) -> str:
    """Return whom the signer's leaf is about: the log of what it says of itself, a key or a clock of what is said of it."""
    return of if act.spec.noun == "log" else f"{act.spec.noun}/{uuid4()}"
