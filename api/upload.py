"""Resumable upload: tus 1.0 core, creation and expiration, over the receiving code of storage.

Reference numbers in comments are those of the protocol text (tus 1.0.0, 2016-03-25).
"""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from datetime import datetime
from email.utils import format_datetime
from typing import Annotated
from uuid import UUID

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BeforeValidator

from api.checksum import ALGORITHMS, Checksum, checked, unnamed_file
from api.concat import Concat, Joins, opened
from api.deps import CurrentActor, OpenStore, StreamActor, Tx, bearer, settings_of, store_of
from api.filling import Body
from api.form_token import sending
from api.handover import Handover, released
from api.idempotency import PARAMETER, key_of
from api.openings import Openings, Senders
from api.places import Place, Places
from api.problems import problem
from api.receive import Reader, Streaming
from api.route import Route
from api.tus import (
    ALWAYS,
    BODY_TYPE,
    EXTENSIONS,
    VERSION,
    content_type,
    header,
    is_deferred,
    natural,
    natural_or_none,
    speaks_tus,
)
from schemas.actor import Actor
from schemas.base import HexDigest, HexOut, WireOut
from schemas.declaration import Declaration, HandInWay, parse_declaration
from schemas.ids import EntryId, RecordingId, UploadId
from schemas.refusals_request import CONTENT_TYPE
from schemas.refusals_upload import (
    METADATA_INVALID,
    METADATA_TOO_LARGE,
    RECEIVE_TIMEOUT,
    UPLOAD_EXPIRED,
    UPLOAD_INCOMPLETE,
    UPLOAD_PAST_LENGTH,
    UPLOAD_UNKNOWN,
)
from schemas.upload import Upload, UploadState, parse_metadata
from storage.flow.receive import complete
from storage.recording.upload import NewUpload, Receipt
from storage.store import Store

_SHA256_DIGITS = 64

router = APIRouter(prefix="/v1/uploads", tags=["upload"], route_class=Route)


class CompleteOut(WireOut):
    """The recording that the upload became, and where to ask on."""

    recording_id: RecordingId
    status_url: str
    receipt_url: str


class ReceiptOut(WireOut):
    """Sent only after store, size and commit agree: what the log has promised to hold.

    `leaf` is base64 of the leaf's bytes, `digest` their SHA-256, which is what the log holds, and `leaf_hash` the
    SHA-256 of a zero byte and the digest, by which the log's tree holds it. `ticket` is base64 of the Ed25519 signature
    over "quancheng-ticket-v1", a line feed and the digest's 32 bytes, by the key that the log announces under `ticket_kid`:
    a promise that can be held against the server, should the log never hold the digest.
    """

    upload_id: UploadId
    recording_id: RecordingId
    received_at: datetime
    size_bytes: int
    declared_sha256: str | None
    entry_id: EntryId
    leaf: str
    digest: HexOut
    leaf_hash: HexOut
    ticket: str | None
    ticket_kid: str | None


Tus = Depends(speaks_tus)


def _id_of(text: object) -> UUID:
    """Stock clients know an upload that is gone by 404, whatever the rest of its address looks like."""
    try:
        return UUID(str(text))
    except ValueError:
        raise UPLOAD_UNKNOWN("no upload has such an id") from None


UploadPath = Annotated[UploadId, BeforeValidator(_id_of)]
"""The id in the address of an upload."""


async def _arrives(request: Request, upload_id: UploadPath) -> AsyncIterator[None]:
    """Note in the order of arrival, before anybody is asked who sends it, that bytes of an upload have come.

    Raises:
        ProtocolInvalid: they are of another version of the protocol.
    """
    await speaks_tus(request)
    with ExitStack() as noted:
        noted.enter_context(request.app.state.handover.arriving(upload_id))
        request.state.noted = noted
        yield


Arrives = Depends(_arrives, scope="function")


@router.options("", operation_id="uploadOptions", status_code=204)
@router.options("/{upload_id}", operation_id="uploadOptionsOne", status_code=204)
def options(store: OpenStore) -> Response:
    """Say what is spoken; needs no token, so that a browser's preflight passes."""
    return Response(
        status_code=204,
        headers={
            "Tus-Resumable": VERSION,
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(store.settings.max_upload_bytes),
            "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
        },
    )


@router.post(
    "",
    operation_id="createUpload",
    status_code=201,
    dependencies=[Tus],
    openapi_extra={"parameters": [dict(PARAMETER)]},
)
async def create(request: Request) -> Response:
    """Open an upload; with a body of the PATCH type its bytes are taken at once.

    `Upload-Concat: partial` opens a piece of a file, `final;` and the addresses of such pieces makes the file of them.
    The same request under the same Idempotency-Key gives the same upload, as far as it has come.
    """
    store, token = store_of(request), sending(request)
    senders, openings = _senders(request), _openings(request)
    async with openings.turn(senders.of_or_alone(token)):
        actor, upload = await run_sync(_open, request, store, token)
    senders.note(token, actor.reference)
    if upload.is_final:
        joins: Joins = request.app.state.joins
        upload = await joins.joined(upload, wait_seconds=settings_of(request).join_wait_seconds)
    elif upload.length_bytes == 0 and upload.state is UploadState.OPEN and not upload.is_partial:
        upload = await run_sync(complete, store, actor, upload.id)
    elif content_type(request) == BODY_TYPE and upload.offset_bytes == 0 and not _places(request).are_full:
        upload = await _append(request, token, actor.reference, upload_id=upload.id, offset=0)
    headers = {**_standing(upload), "Location": f"/v1/uploads/{upload.id}"}
    return Response(status_code=201, headers=headers)


def _open(request: Request, store: Store, token: str) -> tuple[Actor, Upload]:
    room_bytes = store.objects.free_bytes()
    with store.begin() as tx:
        # Who is nobody is told so before anything of the request is judged.
        actor = tx.accounts.actor_of(token)
        wish = _wish(request, store.settings.max_upload_bytes)
        said = [
            f"{wish.length_bytes} {wish.is_deferred}",
            wish.metadata,
            *((wish.concat,) if wish.concat else ()),
        ]
        key = key_of(request, "\n".join(said).encode())
        upload = tx.idempotency.once(
            actor, key, Upload, lambda: opened(tx, actor, wish, room_bytes=room_bytes)
        )
        return actor, (upload if key is None else tx.uploads.get(actor, upload.id))


def _wish(request: Request, largest_bytes: int) -> NewUpload:
    concat = Concat.of(request)
    given = header(request, "Upload-Metadata")
    limit = settings_of(request).metadata_limit_bytes
    if len(given) > limit:  # one character of a header is one byte
        raise METADATA_TOO_LARGE(f"Upload-Metadata is longer than {limit} bytes", limit_bytes=limit)
    pairs = parse_metadata(given)
    has_no_length = is_deferred(request)
    return NewUpload(
        length_bytes=largest_bytes if has_no_length else concat.length_of(request),
        is_deferred=has_no_length,
        filename=pairs.get("filename") or pairs.get("name") or "unnamed",
        metadata=given,
        declared_sha256=_sha256(pairs, "sha256"),
        manifest_sha256=_sha256(pairs, "manifest"),
        concat=concat.value,
        partial_ids=concat.partial_ids,
        # PostgreSQL holds no NUL. The bytes are worth more than the number: it becomes one that names no case.
        case_number=pairs.get("case", "").replace("\0", "\ufffd") or None,
        declaration=_declaration(request, pairs),
    )


def _declaration(request: Request, pairs: dict[str, str]) -> Declaration | None:
    """Return what a person says of the file; by which door it came is ours to say."""
    said = pairs.get("declaration")
    way = HandInWay.PROGRAM if bearer(request) else HandInWay.BROWSER
    return None if said is None else parse_declaration(said, way)


def _sha256(pairs: dict[str, str], name: str) -> HexDigest | None:
    value = pairs.get(name, "").strip().lower()
    if not value:
        return None
    if len(value) != _SHA256_DIGITS or not set(value) <= set("0123456789abcdef"):
        raise METADATA_INVALID(f"{name} in Upload-Metadata is not 64 hex digits")
    return HexDigest(value)


@router.head("/{upload_id}", operation_id="uploadOffset", dependencies=[Tus])
async def head(request: Request, upload_id: UploadPath) -> Response:
    """Say how many bytes are durably received, with what an older request holds, which stores it first."""
    token = sending(request)
    handover: Handover = request.app.state.handover
    upload = await handover.look(token, upload_id)
    if upload.is_over:
        raise UPLOAD_EXPIRED("the upload has ended")
    headers = _standing(upload)
    if upload.is_deferred:
        headers["Upload-Defer-Length"] = "1"
    else:
        headers["Upload-Length"] = str(upload.length_bytes)
    if upload.metadata:
        headers["Upload-Metadata"] = upload.metadata
    return Response(status_code=200, headers=headers)


@router.patch("/{upload_id}", operation_id="appendUpload", status_code=204, dependencies=[Arrives])
async def append(request: Request, upload_id: UploadPath) -> Response:
    """Append bytes at the server's offset; the last byte completes the upload."""
    token = sending(request)
    sender = await _sender(request, token)
    if content_type(request) != BODY_TYPE:
        return problem(CONTENT_TYPE, headers=ALWAYS)
    offset = natural(request, "Upload-Offset")
    upload = await _append(request, token, sender, upload_id=upload_id, offset=offset)
    return Response(status_code=204, headers=_standing(upload))


async def _append(request: Request, token: str, sender: str, *, upload_id: UploadId, offset: int) -> Upload:
    settings = settings_of(request)
    length, stated = natural_or_none(request, "Content-Length"), natural_or_none(request, "Upload-Length")
    checksum = Checksum.of(request, length)
    handover: Handover = request.app.state.handover
    pool, receiving = request.app.state.upload_pool, None
    noted: ExitStack = getattr(request.state, "noted", None) or ExitStack()  # nobody knows one just opened
    if _places(request).are_full:
        # The place that is wanted may be that of its own older request.
        await handover.settle(token, upload_id)
    try:
        async with _places(request).place(sender) as place:
            receiving = await handover.begin(token, upload_id, offset=offset, content_length=length)
            noted.close()  # who asks from now on is heard by the reader
            if receiving.upload.state is UploadState.RECEIVED:
                await _read_nothing(request, timeout_seconds=settings.receive_timeout_seconds)
                return receiving.upload
            # The POST that opens an upload states its length too; a PATCH does only where it was not known before.
            if stated is not None:
                await run_sync(receiving.state_length, stated)
            reader = Reader(
                receiving,
                pool,
                budget=request.app.state.budget,
                timeout_seconds=settings.receive_timeout_seconds,
            )
            async with _body(
                place.reads(Body.of(request)), checksum, settings.receive_timeout_seconds
            ) as body:
                with handover.reading(receiving, reader):
                    return await reader.run(body)
    finally:
        # After its place is free: who waits for the hold to end wants it.
        if receiving is not None:
            await released(receiving, pool)


@asynccontextmanager
async def _body(place: Place, checksum: Checksum | None, timeout_seconds: float) -> AsyncIterator[Streaming]:
    """The body as it comes, or, under a checksum, once all of it has come and was compared."""
    if checksum is None:
        yield place
        return
    with unnamed_file() as file:
        yield await checked(place, checksum, file=file, timeout_seconds=timeout_seconds)


async def _sender(request: Request, token: str) -> str:
    """Return whose body this is, by which it waits for its place; what it may do is looked at behind that.

    Raises:
        NotAuthenticated: nobody holds the token.
    """
    senders = _senders(request)
    known = senders.of(token)
    if known is None:
        known = await run_sync(_reference, store_of(request), token)
        senders.note(token, known)
    return known


def _reference(store: Store, token: str) -> str:
    with store.begin() as tx:
        return tx.accounts.actor_of(token).reference


def _places(request: Request) -> Places:
    places: Places = request.app.state.places
    return places


def _openings(request: Request) -> Openings:
    openings: Openings = request.app.state.openings
    return openings


def _senders(request: Request) -> Senders:
    senders: Senders = request.app.state.senders
    return senders


async def _read_nothing(request: Request, *, timeout_seconds: float) -> None:
    """Read the empty body of a repeated PATCH: a sender that waits for "100 Continue" gets it by being read.

    Raises:
        TooLarge: there are bytes behind the last one.
        Busy: the sender stalled.
    """
    try:
        async with asyncio.timeout(timeout_seconds):
            async for piece in request.stream():
                if piece:
                    raise UPLOAD_PAST_LENGTH("more bytes than the declared length")
    except TimeoutError as err:
        raise RECEIVE_TIMEOUT("no bytes arrived in time") from err


@router.delete("/{upload_id}", operation_id="deleteUpload", status_code=204, dependencies=[Tus])
def delete(request: Request, tx: Tx, upload_id: UploadPath) -> Response:
    """Give up an unfinished upload. Evidence is never deleted here: a finished one is refused."""
    tx.uploads.terminate(tx.accounts.actor_of(sending(request)), upload_id)
    return Response(status_code=204, headers=ALWAYS)


@router.post("/{upload_id}/complete", operation_id="completeUpload", status_code=202)
def complete_upload(store: OpenStore, actor: StreamActor, upload_id: UploadPath) -> CompleteOut:
    """Complete an upload; repeating it gives the same answer."""
    upload = complete(store, actor, upload_id)
    if upload.recording_id is None:
        raise UPLOAD_INCOMPLETE("the upload is not complete", offset=upload.offset_bytes)
    return CompleteOut(
        recording_id=upload.recording_id,
        status_url=f"/v1/recordings/{upload.recording_id}",
        receipt_url=f"/v1/uploads/{upload_id}/receipt",
    )


@router.get("/{upload_id}/receipt", operation_id="uploadReceipt")
def receipt(tx: Tx, actor: CurrentActor, upload_id: UploadPath) -> ReceiptOut:
    """Return the receipt; 409 before the upload is complete."""
    return _receipt(tx.uploads.receipt(actor, upload_id))


def _receipt(made: Receipt) -> ReceiptOut:
    ticket = None if made.ticket is None else base64.b64encode(made.ticket).decode()
    return ReceiptOut.of(made, leaf=base64.b64encode(made.leaf).decode(), ticket=ticket)


def _standing(upload: Upload) -> dict[str, str]:
    headers = dict(ALWAYS)
    if upload.concat is not None:
        headers["Upload-Concat"] = upload.concat
    if upload.is_final and upload.state is UploadState.OPEN:
        return headers  # it is all here, does not expire, and has an offset when it is joined
    headers["Upload-Offset"] = str(upload.offset_bytes)
    if upload.state is UploadState.OPEN and upload.final_id is None:
        headers["Upload-Expires"] = format_datetime(upload.expires_at, usegmt=True)
    return headers
