"""Stored bytes over HTTP: ranges, conditions and strong tags (RFC 9110 sections 13 and 14), flat memory."""

import re
from collections.abc import Iterator
from itertools import chain
from urllib.parse import quote

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from api.problems import problem
from schemas.ours import ours
from schemas.refusals_objects import OBJECT_MISSING
from schemas.refusals_request import RANGE_INVALID
from schemas.visible import visible
from storage.store import Store

BLOCK_BYTES = 256 * 1024
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)


def stored_bytes(
    request: Request,
    store: Store,
    *,
    key: str,
    version_id: str,
    size_bytes: int,
    sha256: str | None,
    media_type: str,
    filename: str,
    is_attachment: bool = False,
) -> Response:
    """Answer GET or HEAD of one stored version, whole or one range of it.

    `sha256` becomes the strong entity tag: stored versions never change. Several ranges in one request are
    answered with the whole (RFC 9110 section 14.2 allows it); HEAD knows no ranges.

    Raises:
        Unavailable, IntegrityBroken: the store has no first block; once it has come, the answer is on its way.
    """
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Content-Disposition": _disposition(filename, is_attachment=is_attachment),
        "Content-Security-Policy": "sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    tag = f'"{sha256}"' if sha256 else None
    if tag:
        headers["ETag"] = tag
        condition = request.headers.get("If-None-Match", "")
        if tag in condition or condition.strip() == "*":
            return Response(status_code=304, headers=headers)
    wanted = _wanted(request, tag, size_bytes) if request.method == "GET" else None
    if wanted is not None and wanted[0] >= wanted[1]:
        return problem(RANGE_INVALID, headers={"Content-Range": f"bytes */{size_bytes}"})
    start, end = wanted or (0, size_bytes)
    headers["Content-Length"] = str(end - start)
    if wanted is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size_bytes}"
    status = 200 if wanted is None else 206
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=media_type)
    blocks = _blocks(store, key, version_id, start, end - start)
    # A store that does not answer must become a 503, and that is too late after the first header.
    first = next(blocks, b"")
    return StreamingResponse(chain((first,), blocks), status, headers, media_type=media_type)


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


def _blocks(store: Store, key: str, version_id: str, start: int, length: int) -> Iterator[bytes]:
    if length == 0:
        return
    buffer = memoryview(bytearray(BLOCK_BYTES))
    with (
        ours(OBJECT_MISSING, f"{key} is not in the store"),
        store.objects.open(key, version_id, start=start, length=length) as source,
    ):
        while count := source.readinto(buffer):
            yield bytes(buffer[:count])


def _disposition(filename: str, *, is_attachment: bool) -> str:
    kind = "attachment" if is_attachment else "inline"
    return f"{kind}; filename*=UTF-8''{quote(visible(filename), safe='')}"
