"""Stored bytes over HTTP: ranges, conditions and strong tags (RFC 9110 sections 13 and 14), in flat memory, none unproven.

What is sent was compared first, chunk by chunk, with the digests that were kept when it was verified. Other bytes, or none,
are refused (502); where some were sent already the answer breaks off, so that nobody takes it for whole.
"""

import re
from dataclasses import dataclass
from itertools import chain
from urllib.parse import quote

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from api.problems import problem
from api.proof import Kept, read_kept
from schemas.refusals_request import RANGE_INVALID
from schemas.visible import visible
from storage.store import Store

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """A part of a stored version that is answered as if it were one by itself, with a tag of its own."""

    at: int
    size_bytes: int
    tag: str


def stored_bytes(
    request: Request,
    store: Store,
    kept: Kept,
    *,
    media_type: str,
    filename: str,
    is_attachment: bool = False,
    part: Part | None = None,
) -> Response:
    """Answer GET or HEAD of one stored version, or of a `part` of it, whole or one range.

    Its digest is the strong entity tag: stored versions never change, and what is sent under it was compared. Several
    ranges in one request are answered with the whole (RFC 9110 section 14.2 allows it); HEAD knows no ranges.

    Raises:
        StoredAltered: the store has other bytes than were recorded, or none.
        Unavailable: it does not answer. Once the first bytes have come, the answer is on its way.
    """
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Content-Disposition": _disposition(filename, is_attachment=is_attachment),
        "Content-Security-Policy": "sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    said = part or Part(0, kept.size_bytes, kept.sha256 or "")
    tag = f'"{said.tag}"' if said.tag else None
    condition = request.headers.get("If-None-Match", "")
    if tag and (tag in condition or condition.strip() == "*"):
        return Response(status_code=304, headers=headers | {"ETag": tag})
    wanted = _wanted(request, tag, said.size_bytes) if request.method == "GET" else None
    if wanted is not None and wanted[0] >= wanted[1]:
        return problem(RANGE_INVALID, headers={"Content-Range": f"bytes */{said.size_bytes}"})
    start, end = wanted or (0, said.size_bytes)
    read = read_kept(store, kept, said.at + start, said.at + end)
    if tag and read.is_proven:
        headers["ETag"] = tag
    headers["Content-Length"] = str(end - start)
    if wanted is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{said.size_bytes}"
    status = 200 if wanted is None else 206
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=media_type)
    # A store that does not answer must become a 503, and other bytes a 502: after the first header it is too late.
    first = next(read.blocks, b"")
    return StreamingResponse(chain((first,), read.blocks), status, headers, media_type=media_type)


def _wanted(request: Request, tag: str | None, size: int) -> tuple[int, int] | None:
    """Return (start, end) of the one range asked for; (0, 0) when none of it exists; None for the whole."""
    found = _RANGE.fullmatch(request.headers.get("Range", "").strip())
    condition = request.headers.get("If-Range")
    if found is None or found.groups() == ("", "") or (condition is not None and condition != tag):
        return None
    first, last = found.groups()
    if first == "":
        return max(0, size - int(last)), size
    start, end = int(first), min(int(last) + 1 if last else size, size)
    return (start, end) if start < end else (0, 0)


def _disposition(filename: str, *, is_attachment: bool) -> str:
    kind = "attachment" if is_attachment else "inline"
    return f"{kind}; filename*=UTF-8''{quote(visible(filename), safe='')}"
