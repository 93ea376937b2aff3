"""The places in which bodies of uploads are received, and who has one while others wait.

Nobody is slowed down while places are free. When all are taken, whoever asks next waits a while, and
  a place goes to the waiting sender that has the fewest, so that one with many requests cannot crowd out one with one
  a place is taken from a sender that has sent less than its least for a while, time that we kept it waiting left out
  a place is taken from a sender that has more than its share, for one that has less; the more senders, the smaller
Whoever loses a place keeps every byte: the body ends there, what has come is made durable, HEAD says how much, and the
sender is told to ask again.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from api.filling import Body
from api.settings import ApiSettings
from schemas.errors import Busy
from schemas.refusals_upload import BUSY, PLACE_LOST

TEND_SECONDS = 1.0
"""How often, while somebody waits, it is looked whose place may be taken."""
_MARKS = 6
"""Into how many steps the time is cut over which a sender's pace is taken."""


@dataclass(frozen=True)
class Rules:
    """How many places there are, how many of them one sender may keep while others wait, and what is slow.

    `least_bytes` in `slow_seconds` of waiting for the sender keep a place; of the waiting there may be `queue`, and of
    one sender `sender_queue`, each for `wait_seconds`.
    """

    places: int
    sender_places: int
    least_bytes: float
    slow_seconds: float
    queue: int
    sender_queue: int
    wait_seconds: float

    @classmethod
    def of(cls, settings: ApiSettings) -> "Rules":
        """Return what the settings say."""
        return cls(
            places=settings.active_uploads,
            sender_places=settings.sender_uploads,
            least_bytes=settings.least_bytes_per_second * settings.slow_seconds,
            slow_seconds=settings.slow_seconds,
            queue=settings.waiting_uploads,
            sender_queue=settings.sender_waiting_uploads,
            wait_seconds=settings.place_wait_seconds,
        )


class Place:
    """One body that is being received. `readinto` reads it, until the place is lost."""

    def __init__(self, sender: str, rules: Rules, clock: Callable[[], float]) -> None:
        self.sender = sender
        self.is_lost = False
        self._rules = rules
        self._clock = clock
        self._body: Body | None = None
        self._reading: asyncio.Timeout | None = None
        self._began: float | None = None
        self._waited = 0.0
        self._total = 0
        self._marks: deque[tuple[float, int]] = deque([(0.0, 0)])

    def reads(self, body: Body) -> "Place":
        """Read this body; returns itself, which stands for it where a body is read."""
        self._body = body
        return self

    async def readinto(self, view: memoryview) -> int:
        """Read what comes into `view`; returns the number of bytes, 0 at the end.

        Raises:
            Busy: the place was given to somebody else (slug `place-lost`).
            ClientDisconnect: the line broke.
        """
        assert self._body is not None  # noqa: S101 - narrows the type; the caller has said what to read
        if self.is_lost and not self._body.has_more:
            raise _lost()
        self._began = self._clock()
        try:
            async with asyncio.timeout(None) as self._reading:
                size = await self._body.readinto(view)
        except TimeoutError:
            raise _lost() from None
        finally:
            self._waited, self._began, self._reading = self.waited_seconds, None, None
        self.heard(size)
        return size

    @property
    def waited_seconds(self) -> float:
        """For how long we have been waiting for this sender, in all; time in which we store is not the sender's."""
        return self._waited + (0.0 if self._began is None else self._clock() - self._began)

    def heard(self, size: int) -> None:
        """Count what has come."""
        waited = self.waited_seconds
        if waited - self._marks[-1][0] >= self._rules.slow_seconds / _MARKS:
            self._marks.append((waited, self._total))
            while len(self._marks) > 1 and waited - self._marks[1][0] >= self._rules.slow_seconds:
                self._marks.popleft()
        self._total += size

    def pace(self) -> float | None:
        """Return how many of the least bytes have come, 1.0 for just enough; None before the time for it is over."""
        waited = self.waited_seconds
        since = [mark for mark in self._marks if waited - mark[0] >= self._rules.slow_seconds]
        if not since:
            return None
        at, total = since[-1]
        least = self._rules.least_bytes * (waited - at) / self._rules.slow_seconds
        return (self._total - total) / least

    def lose(self) -> None:
        """End the body here; what is being stored is stored first."""
        self.is_lost = True
        if self._reading is not None:
            self._reading.reschedule(asyncio.get_running_loop().time())


@dataclass(eq=False)
class _Waiting:
    sender: str
    given: asyncio.Future[Place]


class Places:
    """All places of a process. Its methods run on the event loop and never wait between a look and a change."""

    def __init__(self, rules: Rules, *, clock: Callable[[], float] | None = None) -> None:
        self._rules = rules
        self._clock = clock or asyncio.get_running_loop().time
        self._taken: list[Place] = []
        self._queue: list[_Waiting] = []
        self._tending: asyncio.TimerHandle | None = None

    @property
    def are_full(self) -> bool:
        """Say whether whoever asks now has to wait."""
        return len(self._taken) >= self._rules.places or bool(self._queue)

    @asynccontextmanager
    async def place(self, sender: str) -> AsyncIterator[Place]:
        """Take a place, or wait for one.

        Raises:
            Busy: none became free in time, or too many wait already (slug `busy`).
        """
        place = await self._given(sender) if self.are_full else self._give(sender)
        try:
            yield place
        finally:
            self._leave(place)

    def tend(self) -> None:
        """Hand on what is free, and take for those who still wait what others must give up."""
        self._hand_on()
        held = Counter(place.sender for place in self._taken if not place.is_lost)
        coming = sum(place.is_lost for place in self._taken)
        queue = list(self._queue)
        while queue:
            first = min(queue, key=lambda one: held[one.sender])
            queue.remove(first)
            if coming:
                coming -= 1
            elif (loser := self._loser(held[first.sender])) is not None:
                loser.lose()
                held[loser.sender] -= 1
            else:
                break
            held[first.sender] += 1
        if self._queue and self._tending is None:
            self._tending = asyncio.get_running_loop().call_later(TEND_SECONDS, self._tend_again)

    def _tend_again(self) -> None:
        self._tending = None
        self.tend()

    def _loser(self, held: int) -> Place | None:
        """Return the place that goes to a sender of so many: the slowest of the slow, else the newest beyond a share."""
        standing = [place for place in self._taken if not place.is_lost]
        paces = [(pace, place) for place in standing if (pace := place.pace()) is not None and pace < 1]
        if paces:
            return min(paces, key=lambda one: one[0])[1]
        have = Counter(place.sender for place in standing)
        (richest, most), *_ = have.most_common(1) or [("", 0)]
        if held < self._share() < most:
            return [place for place in standing if place.sender == richest][-1]
        return None

    def _share(self) -> int:
        """Return how many places a sender keeps: where there are many senders, less than the rules say."""
        senders = {place.sender for place in self._taken} | {one.sender for one in self._queue}
        return max(1, min(self._rules.sender_places, self._rules.places // max(1, len(senders))))

    async def _given(self, sender: str) -> Place:
        self._queue_for(sender)
        mine = _Waiting(sender, asyncio.get_running_loop().create_future())
        self._queue.append(mine)
        self.tend()
        try:
            async with asyncio.timeout(self._rules.wait_seconds):
                return await mine.given
        except TimeoutError:
            if _is_given(mine):  # at the very moment
                return mine.given.result()
            raise BUSY("no place became free in time") from None
        except asyncio.CancelledError:
            if _is_given(mine):
                self._leave(mine.given.result())
            raise
        finally:
            if mine in self._queue:
                self._queue.remove(mine)

    def _queue_for(self, sender: str) -> None:
        """See that one more may wait; whoever has most waiting makes room for one who has fewer.

        Raises:
            Busy: too many wait already.
        """
        waiting = Counter(one.sender for one in self._queue)
        if waiting[sender] >= self._rules.sender_queue:
            raise BUSY("this sender waits for many places already")
        if len(self._queue) < self._rules.queue:
            return
        crowd, count = waiting.most_common(1)[0]
        if count <= waiting[sender] + 1:
            raise BUSY("too many uploads at once")
        last = [one for one in self._queue if one.sender == crowd][-1]
        self._queue.remove(last)
        last.given.set_exception(BUSY("others wait who have fewer uploads"))

    def _give(self, sender: str) -> Place:
        place = Place(sender, self._rules, self._clock)
        self._taken.append(place)
        return place

    def _leave(self, place: Place) -> None:
        self._taken.remove(place)
        self._hand_on()

    def _hand_on(self) -> None:
        self._queue = [one for one in self._queue if not one.given.done()]
        while self._queue and len(self._taken) < self._rules.places:
            held = Counter(place.sender for place in self._taken)
            first = min(self._queue, key=lambda one: held[one.sender])
            self._queue.remove(first)
            first.given.set_result(self._give(first.sender))


def _is_given(one: _Waiting) -> bool:
    return one.given.done() and not one.given.cancelled() and one.given.exception() is None


def _lost() -> Busy:
    return PLACE_LOST("others wait; what has come is kept")
