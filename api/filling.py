"""The body of an upload, from the line into the memory of its reader without a copy in between.

A message of the server is copied four times before the application has it, and wakes it up for every few KiB. While a
body of known length is read, its connection hands the bytes to `Filling` instead: they are received where they stay,
and the reader is woken when its block is full, when the body is whole, or a moment after bytes came.
The parser knows nothing of these bytes: behind them it begins anew, as it does for every request.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from starlette.requests import ClientDisconnect, Request

TAKE = "quancheng.take"
"""Under this name a request's scope holds what gives its `Filling`, or None where the server must parse on."""
GATHER_SECONDS = 0.01
"""So long bytes that have come wait for more before the reader is woken."""
_SCRATCH_BYTES = 64 * 1024


class Line(Protocol):
    """What a body is taken from: a connection that parses what is not taken."""

    transport: asyncio.Transport

    @property
    def is_answered(self) -> bool:
        """Whether nobody reads this body any more."""

    def hold_back(self) -> None:
        """Read nothing."""

    def read_on(self) -> None:
        """Read, as far as the sender has sent."""

    def pass_over(self, size: int) -> None:
        """Count bytes that are dropped behind an answer."""

    def body_taken(self) -> None:
        """Go on behind a body that was taken whole."""


class Filling(asyncio.BufferedProtocol):
    """What is left of one request's body; stands in the connection's place while it is taken."""

    def __init__(self, line: Line, protocol: asyncio.Protocol, left: int) -> None:
        self._line = line
        self._protocol = protocol
        self._left = left
        self._is_lost = False
        self._view: memoryview | None = None
        self._filled = 0
        self._full: asyncio.Future[None] | None = None
        self._gathered: asyncio.TimerHandle | None = None
        line.hold_back()
        line.transport.set_protocol(self)

    async def fill(self, view: memoryview) -> int:
        """Receive into `view`; returns how many bytes came, 0 at the end of the body.

        Raises:
            ClientDisconnect: the line broke.
        """
        if self._is_lost:
            raise ClientDisconnect
        if not self._left:
            return 0
        self._view, self._filled = view[: self._left], 0
        self._full = asyncio.get_running_loop().create_future()
        self._line.read_on()
        try:
            await self._full
        finally:
            self._stop()
        if self._is_lost and not self._filled:
            raise ClientDisconnect
        return self._filled

    def _stop(self) -> None:
        self._view = None
        if self._gathered is not None:
            self._gathered.cancel()
            self._gathered = None
        if self._left and not self._line.is_answered:
            self._line.hold_back()

    def _wake(self) -> None:
        if self._full is not None and not self._full.done():
            self._full.set_result(None)

    # What the transport tells.

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go."""
        del sizehint
        if self._view is not None:
            return self._view[self._filled :]
        if not self._line.is_answered:
            raise RuntimeError("bytes came while nobody reads")  # ends the line; none of them counts
        return memoryview(bytearray(min(_SCRATCH_BYTES, self._left)))

    def buffer_updated(self, nbytes: int) -> None:
        """Count what came."""
        self._left -= nbytes
        if self._view is None:
            self._line.pass_over(nbytes)
        else:
            self._filled += nbytes
            if self._filled == len(self._view):
                self._line.hold_back()
                self._wake()
            elif self._gathered is None:
                self._gathered = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._wake)
        if not self._left:
            self._line.hold_back()
            self._line.transport.set_protocol(self._protocol)
            self._line.body_taken()

    def eof_received(self) -> None:
        """The sender sends no more."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever reads, and the connection."""
        self._is_lost = True
        self._wake()
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        """An answer is not taken off."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """It is again."""
        self._protocol.resume_writing()


class Body:
    """A request's body, read into memory of the reader's own: taken off the line where that can be, else copied."""

    def __init__(
        self, messages: AsyncIterator[bytes], take: Callable[[], Filling | None] | None = None
    ) -> None:
        self._messages = messages
        self._take = take
        self._filling: Filling | None = None
        self._over = memoryview(b"")

    @classmethod
    def of(cls, request: Request) -> "Body":
        """Return the body of a request, of which nothing was read yet."""
        return cls(request.stream(), request.scope.get(TAKE))

    @property
    def has_more(self) -> bool:
        """Whether bytes are here already that nobody has read."""
        return bool(self._over)

    async def readinto(self, view: memoryview) -> int:
        """Read into `view`; returns the number of bytes, 0 at the end.

        Raises:
            ClientDisconnect: the line broke.
        """
        while not self._over:
            if self._filling is None and self._take is not None:
                self._filling = self._take()
            if self._filling is not None:
                return await self._filling.fill(view)
            # What came with the head, all of a body whose length nobody knows, or the word that the sender waits for.
            piece = await anext(self._messages, None)
            if piece is None:
                return 0
            self._over = memoryview(piece)
        size = min(len(view), len(self._over))
        view[:size] = self._over[:size]
        self._over = self._over[size:]
        return size
