"""The chunks of a WebP (RIFF, RFC 9649): each inside the file, the picture's own frame whole."""

from collections.abc import Iterator
from typing import NamedTuple

from workers.media.container import Note, note
from workers.media.still.layout import Layout, Span
from workers.media.work import Work

_HEAD_BYTES, _ANIMATED_BYTES = 12, 16
_CODED = frozenset({b"VP8 ", b"VP8L"})
_LONG_RUN_BYTES = 2_048
_TEXT = frozenset({b"EXIF", b"XMP "})


class _Chunk(NamedTuple):
    kind: bytes
    body: Span


def walk_webp(payload: bytes, work: Work) -> Layout:
    """Step over the chunks; the file is as long as its head says, or longer."""
    end = 8 + int.from_bytes(payload[4:8], "little")
    if end > len(payload):
        return Layout(met=note("media-truncated", missing_bytes=end - len(payload)))
    texts: list[Span] = []
    doubt = None
    for chunk in _chunks(payload, Span(_HEAD_BYTES, end), work):
        if isinstance(chunk, Note):
            return Layout(met=chunk)
        if chunk.kind in _TEXT:
            texts.append(chunk.body)
        fault = _frame(payload, chunk)
        if fault is not None:
            return Layout(met=fault)
        doubt = doubt or _hole(payload, chunk)
    is_padded = end % 2 and payload[end : end + 1] == b"\x00"
    return Layout(end + 1 if is_padded else end, doubt, tuple(texts))


def _hole(payload: bytes, chunk: _Chunk) -> Note | None:
    """Name a long run of zeros: to this format's coders it is a flat area, or it is a hole in a copy."""
    if chunk.kind not in _CODED:
        return None
    at = payload.find(bytes(_LONG_RUN_BYTES), *chunk.body)
    return note("image-long-zero-run", offset=at) if at >= 0 else None


def coded(payload: bytes, work: Work) -> Iterator[tuple[bytes, Span]]:
    """Return kind and place of the data of each frame, as far as the chunks can be followed."""
    end = min(len(payload), 8 + int.from_bytes(payload[4:8], "little"))
    for chunk in _chunks(payload, Span(_HEAD_BYTES, end), work):
        if not isinstance(chunk, Note) and chunk.kind in _CODED:
            yield chunk.kind, chunk.body


def _chunks(payload: bytes, span: Span, work: Work, *, is_within: bool = False) -> Iterator[_Chunk | Note]:
    at, end = span
    while at + 8 <= end:
        work.pieces()
        kind = payload[at : at + 4]
        body = Span(at + 8, at + 8 + int.from_bytes(payload[at + 4 : at + 8], "little"))
        if body.end > end or not all(0x20 <= byte < 0x7F for byte in kind):  # noqa: PLR2004 - printable
            yield note("image-damaged", reason=f"no chunk at byte {at}")
            return
        yield _Chunk(kind, body)
        if kind == b"ANMF" and not is_within:  # a frame holds no frames (RFC 9649, 2.7.1.1)
            inner = Span(body.start + _ANIMATED_BYTES, body.end)
            yield from _chunks(payload, inner, work, is_within=True)
        at = body.end + (body.end - body.start) % 2


def _frame(payload: bytes, chunk: _Chunk) -> Note | None:
    """Say that the first partition of a lossy frame reaches past it (RFC 6386, 9.1)."""
    start, end = chunk.body
    if chunk.kind != b"VP8 ":
        return None
    first = int.from_bytes(payload[start : start + 3], "little") >> 5
    if payload[start + 3 : start + 6] == b"\x9d\x01\x2a" and start + 10 + first <= end:
        return None
    return note("image-damaged", reason="the head of the frame does not fit")
