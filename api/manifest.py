"""Declare a capture manifest: the raw bytes as the body, the detached signature in a header."""

from datetime import datetime
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import JSONResponse

from api.deps import OpenStore, StreamActor
from api.idempotency import PARAMETER, key_of
from api.problems import problem
from api.route import Route
from schemas.actor import Actor
from schemas.base import WireOut
from schemas.findings import sentence
from schemas.ids import ManifestId, RecordingId
from schemas.integrity import CheckResult
from schemas.manifest import MAX_MANIFEST_BYTES
from schemas.refusals import REFUSALS
from schemas.refusals_manifest import MANIFEST_INVALID, MANIFEST_TOO_LARGE
from schemas.refusals_request import HEADER_INVALID
from storage.idempotency import IdempotencyKey
from storage.recording.manifest import Declared
from storage.store import Store

router = APIRouter(prefix="/v1", tags=["manifest"], route_class=Route)


class FindingOut(WireOut):
    """One check with its sentences; `params` are the facts in them."""

    name: str
    outcome: str
    severity: str
    code: str
    zh: str
    en: str
    params: dict[str, Any]


class DeclaredFileOut(WireOut):
    """A file of the manifest; `upload` is the address to go on with when it was opened already."""

    index: int
    name: str
    sha256: str
    size_bytes: int
    upload: str | None
    recording_id: RecordingId | None


class DeclaredOut(WireOut):
    """A declared manifest and what was noticed."""

    manifest_id: ManifestId
    sha256: str
    state: str
    findings: list[FindingOut]
    files: list[DeclaredFileOut]
    server_time: datetime


def finding_out(check: CheckResult) -> FindingOut:
    """Return a check with its sentences filled in."""
    text = sentence(check.code, check.params) if check.code else None
    return FindingOut.of(check, zh=text.zh if text else "", en=text.en if text else "")


async def read_capped(request: Request, limit: int) -> bytes:
    """Read a body of at most `limit` bytes.

    Raises:
        TooLarge: there are more; nothing is kept.
    """
    pieces = bytearray()
    async for chunk in request.stream():
        pieces += chunk
        if len(pieces) > limit:
            raise MANIFEST_TOO_LARGE(f"a manifest has at most {limit} bytes")
    return bytes(pieces)


@router.post(
    "/manifests",
    operation_id="declareManifest",
    status_code=201,
    response_model=DeclaredOut,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/CaptureManifest"}}},
        },
        "parameters": [dict(PARAMETER)],
    },
)
async def declare(
    request: Request,
    response: Response,
    store: OpenStore,
    actor: StreamActor,
    quancheng_signature: Annotated[str, Header()] = "",
) -> DeclaredOut | JSONResponse:
    """Declare a manifest. The same bytes again answer 200 with the same declaration.

    A manifest that breaks a rule answers 422 with `kept: true`: it is kept, and so are its files.
    """
    payload = await read_capped(request, MAX_MANIFEST_BYTES)
    if not quancheng_signature:
        raise HEADER_INVALID("the header Quancheng-Signature is missing")
    key = key_of(request, quancheng_signature.encode() + b"\n" + payload)
    made, at = await run_sync(_declare, store, actor, payload, quancheng_signature, key)
    if made.problem is not None:
        # A slug of another version that this one does not declare is still a manifest that was refused.
        refusal = REFUSALS.get(made.problem, MANIFEST_INVALID)
        return problem(refusal, detail=made.detail, kept=True, manifest_id=str(made.manifest_id))
    if made.is_replay:
        response.status_code = 200
    return _out(made, at)


def _declare(
    store: Store, actor: Actor, payload: bytes, signature: str, key: IdempotencyKey | None
) -> tuple[Declared, datetime]:
    with store.begin() as tx:
        made = tx.idempotency.once(
            actor, key, Declared, lambda: tx.manifests.declare(actor, payload, signature)
        )
        return made, tx.now


def _out(made: Declared, at: datetime) -> DeclaredOut:
    files = [
        DeclaredFileOut.of(file, upload=f"/v1/uploads/{file.upload_id}" if file.upload_id else None)
        for file in made.files
    ]
    findings = [finding_out(check) for check in made.findings]
    return DeclaredOut.of(made, findings=findings, files=files, server_time=at)
