"""A newer request of an upload and the older one that still holds it, on whichever process of the API.

A line that goes silent leaves a request that waits for bytes which never come, with what arrived still in memory.
When the sender comes back, the older request is asked to store it: a HEAD then tells the offset with it, and a PATCH
goes on behind it. Asks and answers go through the upload's row; in one process the ask is heard at once, in another
within `WATCH_SECONDS`. A process that is gone hears nothing, and costs the newer request `HEARD_SECONDS`.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from uuid import UUID

import structlog
from anyio.to_thread import run_sync

from api.receive import Reader
from schemas.errors import EvidenceError
from schemas.ids import UploadId
from schemas.upload import Hold, Upload
from storage.flow.receive import Receiving
from storage.store import Store

log = structlog.get_logger()

WATCH_SECONDS = 0.25
HEARD_SECONDS = 1.0
"""So long a living process may take to hear that it was asked."""
STORED_SECONDS = 20.0
"""And so long to store what it holds; stock clients wait for 30 seconds."""
_TRIES = 5
_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.1


class Handover:
    """The bodies that this process is reading, and the asks for them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._readers: dict[UUID, tuple[UploadId, Reader]] = {}
        self._arriving: Counter[UploadId] = Counter()
        self._arrivals = 0
        self._is_asked = asyncio.Event()
        self._is_read = asyncio.Event()

    @contextmanager
    def reading(self, receiving: Receiving, reader: Reader) -> Iterator[None]:
        """Let newer requests be heard while a body is read."""
        self._readers[receiving.token] = (receiving.upload.id, reader)
        self._is_read.set()
        try:
            yield
        finally:
            del self._readers[receiving.token]

    @contextmanager
    def arriving(self, upload_id: UploadId) -> Iterator[None]:
        """Let who asks for the offset wait for a request that has come and does not hold the upload yet."""
        self._arrivals += 1
        self._arriving[upload_id] += 1
        try:
            yield
        finally:
            self._arriving -= Counter({upload_id: 1})  # forgets who has none

    async def watch(self) -> None:
        """Hear what is asked of the readers here; goes on whatever the database answers, until it is cancelled."""
        # A thread of its own: asks are heard also while every other thread waits for a slow store.
        with ThreadPoolExecutor(1, thread_name_prefix="handover") as thread:
            while True:
                await self._next_look()
                try:
                    heard = await asyncio.get_running_loop().run_in_executor(thread, self._hear)
                except Exception as err:  # noqa: BLE001 - the watch outlives any fault; who asked goes on alone
                    log.warning("handover_not_heard", problem=type(err).__name__)
                    continue
                for hold in heard:
                    self._tell(hold)

    async def _next_look(self) -> None:
        if not self._readers:
            self._is_read.clear()
            await self._is_read.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(WATCH_SECONDS):
                await self._is_asked.wait()
        self._is_asked.clear()

    def _hear(self) -> Sequence[Hold]:
        held = dict(self._readers)
        if not held:
            return ()
        with self._store.begin() as tx:
            return tx.uploads.hear(list(held), [upload_id for upload_id, _ in held.values()])

    def _tell(self, hold: Hold) -> None:
        if hold.lease_token is not None and hold.lease_token in self._readers:
            self._readers[hold.lease_token][1].asked(hold.asks, ends=hold.is_end_asked)

    async def begin(
        self, token: str, upload_id: UploadId, *, offset: int, content_length: int | None
    ) -> Receiving:
        """Begin to receive behind what an older request holds, which stores it and ends.

        Raises:
            NotAuthenticated: nobody holds the token.
            As `Receiving.begin`; a wrong offset is refused before anybody is disturbed.
            StorageFull, Unavailable: the store would not take the body; it is not read.
        """
        asked = partial(
            Receiving.begin_as, self._store, token, upload_id, offset=offset, content_length=content_length
        )
        for _ in range(_TRIES):
            begun = await run_sync(partial(asked, takes=False))
            if begun is not None:
                return begun
            await self.settle(token, upload_id)
        begun = await run_sync(partial(asked, takes=True))
        assert begun is not None  # noqa: S101 - narrows the type: it takes the upload from whoever holds it
        return begun

    async def look(self, token: str, upload_id: UploadId) -> Upload:
        """Return an upload with what the request that holds it has in memory, which stores it first.

        Raises:
            NotAuthenticated: nobody holds the token.
            NotFound: no such upload of theirs.
        """
        ask, upload = await self._asked(token, upload_id)
        if ask is not None:
            await self._answered(ask, ends=False)
            upload = await run_sync(self._look, token, upload_id)
        return upload

    async def _asked(self, token: str, upload_id: UploadId) -> tuple[Hold | None, Upload]:
        for _ in range(2):
            await self._arrived(upload_id)
            arrivals = self._arrivals
            ask, upload = await run_sync(partial(self._ask, token, upload_id, ends=False))
            # A line that was there before ours may have been taken up while we asked.
            if ask is not None or arrivals == self._arrivals:
                break
        return ask, upload

    async def settle(self, token: str, upload_id: UploadId) -> None:
        """Wait until the request that holds the upload has stored what it has and ended, or does not hear."""
        ask, _ = await run_sync(partial(self._ask, token, upload_id, ends=True))
        if ask is not None:
            await self._answered(ask, ends=True)

    async def _answered(self, ask: Hold, *, ends: bool) -> None:
        self._is_asked.set()
        clock = asyncio.get_running_loop().time
        began_at, pause = clock(), _FIRST_PAUSE
        while clock() < began_at + STORED_SECONDS:
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            now = await run_sync(self._hold, ask)
            if now is None or (now.answered >= ask.asks and not ends):
                return
            if now.heard < ask.asks and clock() > began_at + HEARD_SECONDS:
                await run_sync(self._give_up, ask)
                return

    async def _arrived(self, upload_id: UploadId) -> None:
        """Wait until an older request holds the upload: its line may have broken before, and its bytes are here."""
        with suppress(TimeoutError):
            async with asyncio.timeout(HEARD_SECONDS):
                while self._arriving[upload_id]:  # noqa: ASYNC110 - an event for each upload says no more
                    await asyncio.sleep(_FIRST_PAUSE)

    def _ask(self, token: str, upload_id: UploadId, *, ends: bool) -> tuple[Hold | None, Upload]:
        with self._store.begin() as tx:
            actor = tx.accounts.actor_of(token)
            ask = tx.uploads.ask(actor, upload_id, ends=ends)
            return ask, tx.uploads.get(actor, upload_id)

    def _look(self, token: str, upload_id: UploadId) -> Upload:
        with self._store.begin() as tx:
            return tx.uploads.get(tx.accounts.actor_of(token), upload_id)

    def _hold(self, ask: Hold) -> Hold | None:
        with self._store.begin() as tx:
            return tx.uploads.hold(ask.upload_id, ask.lease_token)

    def _give_up(self, ask: Hold) -> None:
        with self._store.begin() as tx:
            tx.uploads.give_up(ask)


async def released(receiving: Receiving, pool: ThreadPoolExecutor) -> None:
    """End a hold, whatever ended the request; without the database it ends by not being heard."""
    if receiving.is_over:
        return
    try:
        await asyncio.shield(asyncio.get_running_loop().run_in_executor(pool, receiving.release))
    except EvidenceError as err:
        log.warning("hold_not_released", problem=err.slug)
