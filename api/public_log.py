"""The log as anybody may follow it, without logging in: C2SP tlog-checkpoint and tlog-tiles under `/v1/log`, byte for byte.

A tile never changes, so whoever stands between may keep it for ever. A checkpoint is asked for anew each time: the
newest one grows old, and one of before may still gain the signatures of others.
"""

import re
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import PlainTextResponse

from api.deps import Tx
from api.route import Route
from schemas.digest import sha256_hex
from schemas.log_tile import parse_tile_path
from schemas.merkle import MAX_TREE_SIZE
from schemas.own_chain import OwnChain
from schemas.refusals_custody import CHECKPOINT_UNKNOWN

router = APIRouter(prefix="/v1/log", tags=["custody"], route_class=Route)

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "public, no-cache"
_SIZE = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)

Size = Annotated[int, Query(ge=0, le=MAX_TREE_SIZE)]


class TileResponse(Response):
    """A tile or an entry bundle."""

    media_type = "application/octet-stream"


@router.head("/checkpoint", include_in_schema=False)
@router.get("/checkpoint", operation_id="getLogCheckpoint", response_class=PlainTextResponse)
def checkpoint(tx: Tx, request: Request) -> Response:
    """Return the newest checkpoint as a signed note (C2SP tlog-checkpoint)."""
    return told(request, tx.public_log.checkpoint())


@router.head("/checkpoint/{size}", include_in_schema=False)
@router.get("/checkpoint/{size}", operation_id="getLogCheckpointOf", response_class=PlainTextResponse)
def checkpoint_of(tx: Tx, request: Request, size: str) -> Response:
    """Return the note that was signed when the log had `size` entries; only sizes at which one was signed have one."""
    if _SIZE.fullmatch(size) is None:
        raise CHECKPOINT_UNKNOWN("a size is a decimal number without leading zeros")
    return told(request, tx.public_log.checkpoint_of(int(size)))


@router.head("/consistency", include_in_schema=False)
@router.get("/consistency", operation_id="getLogConsistency", response_class=PlainTextResponse)
def consistency(tx: Tx, request: Request, first: Size, second: Size) -> Response:
    """Prove that the checkpoint of size `second` extends that of size `first`.

    The answer is a request to a witness (C2SP tlog-witness, add-checkpoint): `old` and the first size, the hashes of
    RFC 6962 section 2.1.2 in base64, a blank line, the second checkpoint.
    """
    return told(request, tx.public_log.consistency(first, second))


@router.head("/proof/{digest}", include_in_schema=False)
@router.get("/proof/{digest}", operation_id="getLogProof", response_class=PlainTextResponse)
def proof(tx: Tx, request: Request, digest: str) -> Response:
    """Return where the entry of this digest stands: index, path and checkpoint (C2SP tlog-proof).

    Whoever was given a `Custody-Ticket` asks by its digest. 404 `proof-pending`: written, and no checkpoint covers it yet;
    404 `entry-unknown`: the log was never given it; 410 `entry-refused`: it never will be in the log.
    """
    return told(request, tx.public_log.proof(digest))


@router.get("/keys", operation_id="getLogKeys")
def keys(tx: Tx) -> OwnChain:
    """Return the log's own chain, each leaf with its path to the checkpoint beside: its name, and every key that it named.

    A key of the log that was known before, of any time, proves all others: each that gave way signed the next.
    """
    return tx.public_log.own()


@router.head("/tile/{path:path}", include_in_schema=False)
@router.get("/tile/{path:path}", operation_id="getLogTile", response_class=TileResponse)
def tile(tx: Tx, path: str) -> Response:
    """Return a tile of the tree, or with `entries` for its level a bundle of the log's entries (C2SP tlog-tiles).

    The path is `<L>/<N>` of a full tile, with `.p/<W>` of its first W hashes; `N` in groups of three digits, all but the
    last with an `x` before it. Entries are the 32-byte digests of leaves. Any width that the newest checkpoint covers
    is answered.
    """
    payload = tx.public_log.tile(parse_tile_path(f"tile/{path}"))
    return TileResponse(payload, headers={"Cache-Control": FOR_EVER})


def told(request: Request, text: str) -> Response:
    """Answer with a text, or with nothing new where whoever asks has it (RFC 9110 section 13.1.2)."""
    tag = f'"{sha256_hex(text.encode())[:32]}"'
    headers = {"ETag": tag, "Cache-Control": ASK_AGAIN}
    seen = [one.strip().removeprefix("W/") for one in request.headers.get("If-None-Match", "").split(",")]
    if tag in seen or seen == ["*"]:
        return Response(status_code=304, headers=headers)
    return PlainTextResponse(text, headers=headers)
