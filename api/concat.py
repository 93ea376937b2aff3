"""The concatenation extension of tus 1.0: a file that is sent in pieces beside each other, and joined at the end.

A join reads and writes every byte once more, so few run at a time in a process, each with one part and one piece in
memory. The request that asks for it waits for as long as stock clients do; then it is answered with the upload as it
stands, without an offset, and the join goes on. What a crash or a stop interrupts is begun anew by the repeated
request, or by the sweep.
"""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin, urlsplit
from uuid import UUID

import structlog
from starlette.requests import Request

from api.tus import BODY_TYPE, content_type, header, natural
from schemas.actor import Actor
from schemas.base import Frozen
from schemas.errors import EvidenceError
from schemas.ids import UploadId
from schemas.refusals_concat import CONCAT_INVALID
from schemas.refusals_upload import UPLOAD_UNKNOWN
from schemas.upload import FINAL, PARTIAL, Upload, UploadState
from storage.flow.receive import complete_left
from storage.recording.upload import NewUpload
from storage.store import Store
from storage.transaction import Transaction

log = structlog.get_logger()

JOINS = 2
"""Joins at a time; the others wait, their bytes are safe."""
_PREFIX = "/v1/uploads/"


class Concat(Frozen):
    """What Upload-Concat says: its value as it came, and of a final upload its partial ones in their order.

    Without a value an ordinary upload is opened.
    """

    value: str | None = None
    partial_ids: tuple[UploadId, ...] = ()

    def length_of(self, request: Request) -> int:
        """Return the length that is stated; a final upload states none.

        Raises:
            Malformed: as `natural`.
        """
        return 0 if self.partial_ids else natural(request, "Upload-Length")

    @classmethod
    def of(cls, request: Request) -> "Concat":
        """Return what a creation says of it.

        Raises:
            Malformed: it is neither `partial` nor `final;` with addresses, or a final upload has a length or a body.
            NotFound: an address is no upload's.
        """
        if "Upload-Concat" not in request.headers:
            return cls()
        value = header(request, "Upload-Concat")
        if value == PARTIAL:
            return cls(value=value)
        addresses = value.removeprefix(FINAL).split(" ")
        if not value.startswith(FINAL) or not all(addresses):
            raise CONCAT_INVALID(
                "Upload-Concat is `partial`, or `final;` and addresses with one blank between them"
            )
        if {"upload-length", "upload-defer-length"} & set(request.headers.keys()):
            raise CONCAT_INVALID("the length of a final upload is that of its partial uploads")
        if content_type(request) == BODY_TYPE and (
            "Content-Length" not in request.headers or natural(request, "Content-Length")
        ):
            raise CONCAT_INVALID("a final upload takes no bytes of its own")
        return cls(value=value, partial_ids=tuple(_upload_id(request, one) for one in addresses))


def _upload_id(request: Request, address: str) -> UploadId:
    # Which host stands in it is not looked at: a proxy may have given us another name, and only own uploads are found.
    try:
        path = urlsplit(urljoin(str(request.url.replace(path=_PREFIX)), address)).path
        return UploadId(UUID(path.removeprefix(_PREFIX))) if path.startswith(_PREFIX) else _unknown()
    except ValueError:
        return _unknown()


def _unknown() -> UploadId:
    raise UPLOAD_UNKNOWN("an address in Upload-Concat is no upload's") from None


def opened(tx: Transaction, actor: Actor, wish: NewUpload, *, room_bytes: int | None) -> Upload:
    """Open an upload, or the file of partial ones.

    Raises:
        As `Uploads.open` and `Finals.open`.
    """
    return (
        tx.finals.open(actor, wish)
        if wish.partial_ids
        else tx.uploads.open(actor, wish, room_bytes=room_bytes)
    )


class Joins:
    """The joins of this process; of one event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pool = ThreadPoolExecutor(JOINS, thread_name_prefix="join")
        self._running: dict[UploadId, asyncio.Future[Upload]] = {}
        self._is_stopping = threading.Event()

    async def joined(self, upload: Upload, *, wait_seconds: float) -> Upload:
        """Join a final upload, beside nobody else in this process; returns it as it stands after a while.

        Raises:
            Unavailable: database or store did not answer; nothing is lost, and it may be asked for again.
            As `storage.flow.receive.complete_left`.
        """
        if upload.state is not UploadState.OPEN:
            return upload
        running = self._running.get(upload.id) or self._begun(upload)
        done, _ = await asyncio.wait([running], timeout=wait_seconds)
        return running.result() if done else upload

    def _begun(self, upload: Upload) -> asyncio.Future[Upload]:
        running = asyncio.get_running_loop().run_in_executor(
            self._pool, complete_left, self._store, upload, self._goes_on
        )
        self._running[upload.id] = running
        running.add_done_callback(lambda done: self._ended(upload.id, done))
        return running

    def _ended(self, upload_id: UploadId, done: asyncio.Future[Upload]) -> None:
        del self._running[upload_id]
        if not done.cancelled() and (err := done.exception()) is not None:
            slug = err.slug if isinstance(err, EvidenceError) else type(err).__name__
            log.warning("join_ended", upload_id=str(upload_id), problem=slug)

    def _goes_on(self) -> bool:
        return not self._is_stopping.is_set()

    def stop(self) -> None:
        """End at the next piece; what was not joined is joined later."""
        self._is_stopping.set()
        self._pool.shutdown(cancel_futures=True)
