"""The body reader: the only asynchronous code. Reads while the part before is being stored.

Bytes are read into blocks, and the store is handed views of them: no join, no copy. Memory holds the part that is
being collected and the part that is being stored, whatever the size of the file. What no full part will take soon is
made durable meanwhile, so that a process that dies costs its senders little.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Protocol

from starlette.requests import ClientDisconnect

from api.budget import LARGE_BYTES, READ_BYTES, Budget
from api.storing import Handed, Piece, Storing
from schemas.errors import Busy, Conflict, EvidenceError, TooLarge
from schemas.refusals_upload import RECEIVE_TIMEOUT, UPLOAD_PAST_LENGTH, UPLOAD_PREEMPTED
from schemas.upload import MIB, Upload
from storage.flow.receive import Receiving


class Streaming(Protocol):
    """What a body is read from."""

    async def readinto(self, view: memoryview) -> int:
        """Read what comes into `view`; returns the number of bytes, 0 at the end."""


KEEP_BYTES = 4 * MIB
"""So much is made durable when a full part is not reached within `SOON_SECONDS`: a fast line never waits for it."""
SOON_SECONDS = 1.0
SILENT_SECONDS = 5.0
"""After the last message, whatever is held is made durable."""
TICK_SECONDS = 0.25
PRESSED_SECONDS = 1.0
"""So long a reader waits for room before it makes durable what it holds."""
OLDEST_SECONDS = 30.0
"""And whatever has been held so long, though a slow sender goes on."""
QUIET_SECONDS = 0.02
"""When nothing more is read for so long, everything has been read that had arrived."""
CATCH_UP_SECONDS = 2.0
"""So long at most who asks waits for that: a sender may still be at work."""


class Reader:
    """Feeds one request's body into one `Receiving`.

    `pool` runs the blocking calls. Two full parts may be on their way to the store at a time, where there is room for
    a third that is read meanwhile; each is counted behind the one before it, so commits keep their order.
    """

    def __init__(
        self,
        receiving: Receiving,
        pool: ThreadPoolExecutor,
        *,
        budget: Budget,
        timeout_seconds: float,
        silent_seconds: float = SILENT_SECONDS,
    ) -> None:
        self._receiving = receiving
        self._budget = budget
        self._storing = Storing(receiving, pool, budget)
        self._timeout = timeout_seconds
        self._silent = silent_seconds
        self._pieces: list[Piece] = []
        self._block: memoryview | None = None
        self._end = self._filled = self._cut_to = 0
        self._left_blocks: list[memoryview] = []
        self._held = 0
        self._first_at = self._last_at = 0.0
        self._wanted = receiving.needed_bytes
        self._left = receiving.upload.length_bytes - receiving.upload.offset_bytes
        self._tick = min(TICK_SECONDS, silent_seconds)
        self._handing_on = asyncio.Lock()
        self._answering: set[asyncio.Future[None]] = set()
        self._is_beaten = False
        self._messages = 0
        self._is_listening = self._is_read = False
        self._waiting: asyncio.Timeout | None = None

    async def run(self, body: Streaming) -> Upload:
        """Read to the end, keep what does not fill a part, complete when every byte is here.

        A connection that breaks or stalls keeps what arrived. Returns the upload as it then stands.

        Raises:
            TooLarge: bytes beyond the length arrived; those within it are kept.
            Busy: the sender stalled, or others wait; its place was given up.
            Unavailable: store or database did not answer.
            Conflict: a newer request holds the upload.
        """
        try:
            return await self._run(body)
        finally:
            await self._storing.over()  # nothing is counted behind the end of its hold

    async def _run(self, body: Streaming) -> Upload:
        fault: EvidenceError | None = None
        keeper = asyncio.create_task(self._keep_what_is_due())
        try:
            await self._read(body)
        except (TimeoutError, ClientDisconnect):
            fault = RECEIVE_TIMEOUT("no bytes arrived in time")
        except (TooLarge, Busy, Conflict) as err:
            fault = err
        except asyncio.CancelledError:
            # The server is stopping: what has arrived is kept before it goes.
            await asyncio.shield(self._keep_rest())
            raise
        finally:
            keeper.cancel()
            self._is_read = True
        is_short = self._held < self._left
        await self._keep_rest()
        if fault is None and self._is_beaten and is_short:
            fault = UPLOAD_PREEMPTED("a newer request continues this upload")
        if fault is not None:
            raise fault
        if self._receiving.is_over:  # with its last byte, most often
            return self._receiving.upload
        return await self._storing.call(self._receiving.finish)

    async def _keep_rest(self) -> None:
        async with self._handing_on:
            await self._storing.settled()
            if not self._held:
                return
            pieces, self._held = self._cut(), 0  # who asks in this moment finds nothing
            async with self._storing.joining():
                await self._storing.call(lambda: self._receiving.keep(pieces, is_last=True))

    def asked(self, ask: int, *, ends: bool) -> None:
        """A newer request asks that what is held be stored; and, with `ends`, goes on in the place of this one."""
        if ends:
            self._is_beaten = True
            self._stop_waiting()
        else:
            answering = asyncio.ensure_future(self._answer(ask))
            self._answering.add(answering)  # the loop itself holds tasks but weakly
            answering.add_done_callback(self._answering.discard)

    async def _answer(self, ask: int) -> None:
        def keep_and_tell(pieces: list[Piece]) -> int:
            offset = self._receiving.keep(pieces)
            self._receiving.answer(ask)
            return offset

        await self._caught_up()
        with suppress(EvidenceError):  # the reader meets it in its next step
            await self._hand_on(keep_and_tell, is_worth_it=True)

    async def _caught_up(self) -> None:
        """Wait until what has arrived on a line that fell silent is read: the kernel may hold megabytes of it."""
        read = None
        with suppress(TimeoutError):
            async with asyncio.timeout(CATCH_UP_SECONDS):
                while read != self._messages or not (self._is_listening or self._is_read):
                    read = self._messages
                    await asyncio.sleep(QUIET_SECONDS)

    async def _read(self, body: Streaming) -> None:
        while await self._has_room() and (size := await self._next(body)):
            if self._wanted == 0:
                raise UPLOAD_PAST_LENGTH("more bytes than the declared length")
            self._hold(size)
            if self._held == self._wanted:
                self._leave_block()
                await self._hand_on_part()

    async def _has_room(self) -> bool:
        """Have a block to read into; while there is no room for one the sender is held back. False when it is over."""
        while not self._is_beaten:
            if self._block is not None:
                return True
            size = LARGE_BYTES if self._held and self._budget.bodies.is_ample else READ_BYTES
            if not self._budget.bodies.take_now(size) and not await self._is_given(size):
                await self._hand_on(self._receiving.keep)  # or everybody might wait for everybody
                continue
            self._storing.took(size)
            # Behind the last byte one more is asked for: whoever sends it sends too much.
            self._end = min(size, max(1, self._wanted - self._held))
            self._block, self._filled, self._cut_to = self._budget.blocks.take(size), 0, 0
            return True
        return False

    async def _is_given(self, size: int) -> bool:
        try:
            async with asyncio.timeout(PRESSED_SECONDS if self._held else None) as self._waiting:
                await self._budget.bodies.take(size, held=self._held)
        except TimeoutError:
            return False
        finally:
            self._waiting = None
        return True

    def _hold(self, size: int) -> None:
        self._last_at = asyncio.get_running_loop().time()
        if not self._held:
            self._first_at = self._last_at
        self._filled += size
        self._held += size
        if self._filled == self._end:
            self._leave_block()

    def _leave_block(self) -> None:
        """Read no more into this block; its room is given back when what it holds is stored."""
        if self._block is not None:
            self._pieces.append(self._block[self._cut_to : self._filled])
            self._left_blocks.append(self._block)
            self._block = None

    def _cut(self) -> list[Piece]:
        """Return what is held. The block may be read into meanwhile, behind what is returned."""
        pieces, self._pieces = self._pieces, []
        if self._block is not None and self._cut_to < self._filled:
            pieces.append(self._block[self._cut_to : self._filled])
            self._cut_to = self._filled
        return pieces

    async def _next(self, body: Streaming) -> int:
        assert self._block is not None  # noqa: S101 - narrows the type: there is room
        # No ASGI server times out a stalled body; without this a dead phone holds its place for ever.
        self._is_listening = True
        try:
            async with asyncio.timeout(self._timeout) as self._waiting:
                return await body.readinto(self._block[self._filled : self._end])
        except TimeoutError:
            if not self._is_beaten:
                raise
            return 0
        finally:
            self._waiting = None
            self._is_listening = False
            self._messages += 1

    def _stop_waiting(self) -> None:
        """End the wait for the sender, if that is what the reader is doing."""
        if self._waiting is not None:
            self._waiting.reschedule(asyncio.get_running_loop().time())

    async def _keep_what_is_due(self) -> None:
        """Make durable what waits for more, while the sender is waited for."""
        while True:
            await asyncio.sleep(self._tick)
            if self._storing.has_failed:
                self._stop_waiting()  # the reader meets the error in its next step
            elif asyncio.get_running_loop().time() >= self._due_at():
                await self._hand_on(self._receiving.keep)

    def _due_at(self) -> float:
        """When what is held has to be made durable; never while the part before is on its way."""
        if not self._held or self._storing.is_busy:
            return float("inf")
        due_at = min(self._last_at + self._silent, self._first_at + OLDEST_SECONDS)
        return min(due_at, self._first_at + SOON_SECONDS) if self._held >= KEEP_BYTES else due_at

    async def _hand_on_part(self) -> None:
        """Let the pool store a full part, or the end of the file, beside the part before it where that is allowed."""
        async with self._handing_on:
            await self._storing.part_may_begin()
            if self._held:  # nobody was faster
                await self._storing.begin_part(self._hand_over)

    async def _hand_on(self, call: Callable[[list[Piece]], int], *, is_worth_it: bool = False) -> None:
        """Let the pool store what is held, and go on reading; nothing held is nothing done, unless it is worth it."""
        async with self._handing_on:
            await self._storing.settled()
            if self._held or is_worth_it:  # nobody was faster
                self._storing.begin(call, self._hand_over)

    def _hand_over(self) -> Handed:
        """Return what is held and the blocks that it filled; from here on nothing is held."""
        start_bytes = self._receiving.upload.length_bytes - self._left
        pieces, (size, self._held) = self._cut(), (self._held, 0)
        blocks, self._left_blocks = self._left_blocks, []
        self._left -= size
        self._wanted = min(self._receiving.upload.part_bytes, self._left)
        return Handed(start_bytes, pieces, blocks)
