"""What one request has handed to the store: a part on its way, and another behind it where there is room for both."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple, TypeVar

from api.budget import Budget
from schemas.errors import EvidenceError
from storage.flow.receive import Receiving

Piece = bytes | memoryview

T = TypeVar("T")


class Handed(NamedTuple):
    """What is to be stored: where it begins in the file, and the memory that it fills and that is free then."""

    start_bytes: int
    pieces: list[Piece]
    blocks: list[memoryview]


HandOver = Callable[[], Handed]
"""Returns what is held; from then on nothing is."""


class Storing:
    """Runs the blocking calls of one `Receiving`, and gives the room of what they stored back to the budget.

    Full parts may be on their way two at a time; each is counted behind the one before it, and never where that one
    failed, so commits keep the order of the file. Any other call waits for all before it.
    """

    def __init__(self, receiving: Receiving, pool: ThreadPoolExecutor, budget: Budget) -> None:
        self._receiving = receiving
        self._pool = pool
        self._budget = budget
        self._last: asyncio.Future[None] | None = None
        self._before: asyncio.Future[None] | None = None
        self._is_part = False
        self._taken = 0

    @property
    def is_busy(self) -> bool:
        """Whether something is on its way."""
        return self._last is not None and not self._last.done()

    @property
    def has_failed(self) -> bool:
        """Whether what was handed on last could not be stored; `settled` says why."""
        return self._last is not None and self._last.done() and self._last.exception() is not None

    def took(self, size: int) -> None:
        """Note that the budget gave `size` bytes of room to this request."""
        self._taken += size

    async def over(self) -> None:
        """Wait until nothing is on its way, whatever came of it, and give back what room is left."""
        try:
            with suppress(EvidenceError):  # whoever handed it on has met it, or met an error before it
                await self.settled()
        finally:
            self._give(self._taken)

    async def settled(self) -> None:
        """Wait until nothing is on its way.

        Raises:
            EvidenceError: what was handed on could not be stored, as `Receiving.store` and `keep`.
        """
        await _end_of(self._last)
        self._last = self._before = None

    async def part_may_begin(self) -> None:
        """Wait until a full part may be handed on: behind one other part where there is room, else behind everything.

        Raises:
            EvidenceError: as `settled`.
        """
        # Behind parts only: any other call may leave a tail, which belongs before the next part.
        if self._is_part and self._receiving.runs_ahead:
            await _end_of(self._before)
            if self._budget.bodies.is_ample:
                return
        await self.settled()

    async def begin_part(self, hand_over: HandOver) -> None:
        """Let the pool store a full part, or the end of the file, when `part_may_begin` has returned.

        Raises:
            EvidenceError: as `Receiving.next_number`; then nothing was handed over.
        """
        if not self._receiving.runs_ahead:
            self.begin(self._receiving.store, hand_over, is_part=True)
            return
        # The store joins parts by their numbers: each has its own before the next one asks.
        number = await self.call(self._receiving.next_number)
        self._is_part, before = True, self._last
        self._before, self._last = before, asyncio.ensure_future(self._sent(before, number, hand_over()))

    def begin(
        self, call: Callable[[list[Piece]], int], hand_over: HandOver, *, is_part: bool = False
    ) -> None:
        """Let the pool call `call`, with nothing else on its way."""
        self._is_part = is_part
        self._before, self._last = None, asyncio.ensure_future(self._stored(call, hand_over()))

    async def call(self, call: Callable[[], T]) -> T:
        """Run a blocking call in the pool."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)

    @asynccontextmanager
    async def joining(self) -> AsyncIterator[None]:
        """Have the room into which the tail is read back that is stored with what follows it."""
        size = self._receiving.upload.tail_bytes
        await self._budget.joins.take(size)
        try:
            yield
        finally:
            self._budget.joins.give(size)

    async def _stored(self, call: Callable[[list[Piece]], int], handed: Handed) -> None:
        async with self.joining():
            await self.call(lambda: call(handed.pieces))
        self._free(handed)

    async def _sent(self, before: asyncio.Future[None] | None, number: int, handed: Handed) -> None:
        # What fails here or before leaves a part that no row names; whoever waits for this one waits for both threads,
        # and every request does at its end (`over`).
        try:
            part = await self.call(
                lambda: self._receiving.send(handed.pieces, number=number, start_bytes=handed.start_bytes)
            )
        finally:
            await _end_of(before)
        await self.call(lambda: self._receiving.add(part))
        self._free(handed)

    def _free(self, handed: Handed) -> None:
        handed.pieces.clear()
        room = sum(map(len, handed.blocks))
        for block in handed.blocks:
            self._budget.blocks.give(block)
        self._give(room)

    def _give(self, size: int) -> None:
        size = min(size, self._taken)  # a part may still be on its way when its request has failed
        self._taken -= size
        self._budget.bodies.give(size)


async def _end_of(way: asyncio.Future[None] | None) -> None:
    # Shielded: a cancelled wait does not end the thread, and what is on its way is waited for again.
    if way is not None:
        await asyncio.shield(way)
