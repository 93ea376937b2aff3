"""The body reader: the only asynchronous code. Reads while the part before is being stored.

Messages of the server are kept in a list and handed on as they are: no join, no copy. Memory holds the part
that is being collected and the part that is being stored, whatever the size of the file.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request

from api.places import Place
from schemas.errors import Busy, EvidenceError, TooLarge
from schemas.refusals_upload import RECEIVE_TIMEOUT, UPLOAD_PAST_LENGTH
from schemas.upload import Upload
from storage.flow.receive import Receiving

Piece = bytes | memoryview
T = TypeVar("T")


class Reader:
    """Feeds one request's body into one `Receiving`.

    `pool` runs the blocking calls; one of them is in flight at a time, so commits keep their order.
    """

    def __init__(self, receiving: Receiving, pool: ThreadPoolExecutor, *, timeout_seconds: float) -> None:
        self._receiving = receiving
        self._pool = pool
        self._timeout = timeout_seconds
        self._pieces: list[Piece] = []
        self._held = 0
        self._wanted = receiving.needed_bytes
        self._storing: asyncio.Future[int] | None = None

    async def run(self, request: Request | Place) -> Upload:
        """Read to the end, keep what does not fill a part, complete when every byte is here.

        A connection that breaks or stalls keeps what arrived. Returns the upload as it then stands.

        Raises:
            TooLarge: bytes beyond the length arrived; those within it are kept.
            Busy: the sender stalled, or others wait; its place was given up.
            Unavailable: store or database did not answer.
            Conflict: a newer request holds the upload.
        """
        fault: EvidenceError | None = None
        try:
            await self._read(request)
        except (TimeoutError, ClientDisconnect):
            fault = RECEIVE_TIMEOUT("no bytes arrived in time")
        except (TooLarge, Busy) as err:
            fault = err
        except asyncio.CancelledError:
            # The server is stopping: what has arrived is kept before it goes.
            await asyncio.shield(self._keep_rest())
            raise
        await self._keep_rest()
        if fault is not None:
            raise fault
        return await self._call(self._receiving.finish)

    async def _keep_rest(self) -> None:
        await self._settled()
        await self._call(lambda: self._receiving.keep(self._pieces))

    async def _read(self, request: Request | Place) -> None:
        stream = request.stream()
        while (chunk := await self._next(stream)) is not None:
            view = memoryview(chunk)
            while view:
                if self._wanted == 0:
                    raise UPLOAD_PAST_LENGTH("more bytes than the declared length")
                taken = view[: self._wanted - self._held]
                self._pieces.append(taken)
                self._held += len(taken)
                view = view[len(taken) :]
                if self._held == self._wanted:
                    await self._store()

    async def _next(self, stream: AsyncIterator[bytes]) -> bytes | None:
        # No ASGI server times out a stalled body; without this a dead phone holds its place for ever.
        async with asyncio.timeout(self._timeout):
            return await anext(stream, None)

    async def _store(self) -> None:
        await self._settled()
        pieces, self._pieces, size = self._pieces, [], self._held
        self._held = 0
        upload = self._receiving.upload
        self._storing = asyncio.get_running_loop().run_in_executor(self._pool, self._receiving.store, pieces)
        reached = upload.offset_bytes + size
        self._wanted = min(upload.part_bytes, upload.length_bytes - reached)

    async def _settled(self) -> None:
        # Shielded: a cancelled wait does not end the thread, and two of them must never store at once.
        if self._storing is not None:
            await asyncio.shield(self._storing)
            self._storing = None

    async def _call(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)
