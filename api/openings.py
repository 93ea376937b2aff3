"""Who asks to open uploads: each sender in its own turn, so that a flood of one waits behind itself.

An opening is a short transaction, and nobody else's waits for it while few are at work at once. A refusal is told at
once and keeps its turn for a moment: whoever asks again and again without waiting is answered so many times a second
and no more, and what it costs to refuse it does not slow down the others.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from schemas.errors import EvidenceError
from schemas.refusals_upload import BUSY
from storage.actor.session import token_hash

TURNS = 2
"""So many openings of one sender are at work at once."""
REFUSED_SECONDS = 0.25
"""So long a refusal keeps its turn."""
_KNOWN = 4096


@dataclass
class _Line:
    taken: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


class Openings:
    """The turns of every sender that asks just now; of one event loop."""

    def __init__(self, *, queue: int, wait_seconds: float) -> None:
        """Nobody asks yet; `queue` is how many of one sender may wait, each for `wait_seconds`."""
        self._queue = queue
        self._wait_seconds = wait_seconds
        self._lines: dict[str, _Line] = {}

    @asynccontextmanager
    async def turn(self, sender: str) -> AsyncIterator[None]:
        """Wait for a turn of this sender, and keep it to the end of the block, or a moment longer when it is refused.

        Raises:
            Busy: too many of this sender wait already, or no turn came in time (slug `busy`).
        """
        await self._taken(sender)
        pause = 0.0
        try:
            yield
        except EvidenceError:
            pause = REFUSED_SECONDS
            raise
        finally:
            if pause:
                asyncio.get_running_loop().call_later(pause, self._leave, sender)
            else:
                self._leave(sender)

    async def _taken(self, sender: str) -> None:
        line = self._lines.setdefault(sender, _Line())
        if line.taken < TURNS:
            line.taken += 1
            return
        if len(line.waiting) >= self._queue:
            raise BUSY("this sender opens many uploads already")
        mine = asyncio.get_running_loop().create_future()
        line.waiting.append(mine)
        try:
            async with asyncio.timeout(self._wait_seconds):
                await mine
        except (TimeoutError, asyncio.CancelledError) as err:
            if mine.done() and not mine.cancelled():  # it was given at the very moment
                self._leave(sender)
            else:
                line.waiting.remove(mine)
            if isinstance(err, TimeoutError):
                raise BUSY("other openings of this sender came first") from None
            raise

    def _leave(self, sender: str) -> None:
        line = self._lines[sender]
        while line.waiting:
            first = line.waiting.popleft()
            if not first.done():
                first.set_result(None)
                return
        line.taken -= 1
        if not line.taken:
            del self._lines[sender]


class Senders:
    """Whose a token was when it was last asked: for the order of waiting, never for what somebody may do.

    A token belongs to one holder for its whole life; whether it still holds, each transaction asks itself.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, str] = OrderedDict()

    def of(self, token: str) -> str | None:
        """Return the sender, None when nobody has asked of late."""
        return self._known.get(token_hash(token))

    def of_or_alone(self, token: str) -> str:
        """Return the sender, or for one that is not known yet a name that is its token's alone."""
        return self.of(token) or token_hash(token).hex()

    def note(self, token: str, sender: str) -> None:
        """Keep it; of many the oldest are forgotten."""
        self._known[token_hash(token)] = sender
        while len(self._known) > _KNOWN:
            self._known.popitem(last=False)
