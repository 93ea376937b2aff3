"""The chunks of a PNG (ISO/IEC 15948): every check sum, the end of the compressed pixels, and the last chunk."""

import zlib
from collections.abc import Iterator
from typing import NamedTuple

from workers.media.container import Note, note
from workers.media.still.layout import Layout, Span
from workers.media.work import Work

_HEAD_BYTES, _FRAME_BYTES = 8, 12
_TEXT = frozenset({b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"iCCP"})
_BLOCK_BYTES = 1 << 20
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Of an interlaced picture (x, y, step in x, step in y) of each pass (ISO/IEC 15948, 8.2)."""


class _Chunk(NamedTuple):
    kind: bytes
    start: int
    body: Span


def walk_png(payload: bytes, work: Work) -> Layout:
    """Check every chunk and that the pixels' stream ends where they do."""
    texts: list[Span] = []
    data: list[Span] = []
    header = b""
    for chunk in _chunks(payload, work):
        if isinstance(chunk, Note):
            return Layout(met=chunk)
        if chunk.kind == b"IHDR":
            header = payload[chunk.body.start : chunk.body.end]
        elif chunk.kind == b"IDAT":
            data.append(chunk.body)
        elif chunk.kind in _TEXT:
            texts.append(chunk.body)
        elif chunk.kind == b"IEND":
            return Layout(chunk.body.end + 4, _unpacked(payload, data, header), tuple(texts))
    return Layout(met=note("media-truncated", missing_bytes=_FRAME_BYTES))


def _chunks(payload: bytes, work: Work) -> Iterator[_Chunk | Note]:
    view, at = memoryview(payload), _HEAD_BYTES
    while at + _FRAME_BYTES <= len(payload):
        work.pieces()
        kind, body = payload[at + 4 : at + 8], Span(at + 8, at + 8 + int.from_bytes(payload[at : at + 4]))
        if not kind.isalpha():
            yield note("image-damaged", reason=f"no chunk at byte {at}")
            return
        if body.end + 4 > len(payload):
            yield note("media-truncated", missing_bytes=body.end + 4 - len(payload))
            return
        if zlib.crc32(view[at + 4 : body.end]) != int.from_bytes(payload[body.end : body.end + 4]):
            yield note("image-damaged", reason=f"check sum of {kind.decode('ascii', 'replace')} at byte {at}")
            return
        yield _Chunk(kind, at, body)
        at = body.end + 4


def _unpacked(payload: bytes, data: list[Span], header: bytes) -> Note | None:
    """Unpack the pixels without keeping them: their stream ends, and holds so many bytes as the header asks for."""
    wanted, held = _pixel_bytes(header), 0
    stream, view = zlib.decompressobj(), memoryview(payload)
    try:
        for span in data:
            rest: bytes | memoryview = view[span.start : span.end]
            while not stream.eof and held <= wanted:
                made = stream.decompress(rest, _BLOCK_BYTES)
                held, rest = held + len(made), stream.unconsumed_tail
                if not rest and len(made) < _BLOCK_BYTES:
                    break
    except zlib.error:
        return note("image-damaged", reason="the compressed pixels are broken")
    if stream.eof and held == wanted:
        return None
    return note("image-damaged", reason=f"{held} bytes of pixels instead of {wanted}")


def _pixel_bytes(header: bytes) -> int:
    width, height = int.from_bytes(header[:4]), int.from_bytes(header[4:8])
    depth, colour, interlaced = header[8], header[9], header[12]
    bits = depth * _CHANNELS.get(colour, 0)
    if not interlaced:
        return height * (1 + (width * bits + 7) // 8)
    sizes = (((width - x + dx - 1) // dx, (height - y + dy - 1) // dy) for x, y, dx, dy in _PASSES)
    return sum(rows * (1 + (columns * bits + 7) // 8) for columns, rows in sizes if columns > 0)
