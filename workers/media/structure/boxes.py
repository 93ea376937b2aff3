"""The outermost structure of a container without decoding: boxes of ISO/IEC 14496-12."""

from typing import BinaryIO, NamedTuple

from workers.media.work import Work


class Box(NamedTuple):
    """One top-level box: where it starts, what it claims to hold, both in bytes."""

    kind: bytes
    start: int
    size_bytes: int


def walk(reader: BinaryIO, size_bytes: int, work: Work) -> tuple[list[Box], int]:
    """Return the top-level boxes and the offset where they stop making sense.

    That is the size of a whole file, and beyond it when the last box is cut. A size of 0 reaches to the end of
    the file, a size of 1 is followed by 64 bits (14496-12, 4.2).
    """
    boxes: list[Box] = []
    at = 0
    while at + 8 <= size_bytes:
        work.pieces()
        reader.seek(at)
        head = reader.read(16)
        size, kind = int.from_bytes(head[:4]), head[4:8]
        if size == 1:
            size = int.from_bytes(head[8:16])
        elif size == 0:
            size = size_bytes - at
        if size < 8 or not _is_printable(kind):  # noqa: PLR2004 - a box holds at least its own header
            return boxes, at
        boxes.append(Box(kind, at, size))
        at += size
    return boxes, at


def _is_printable(kind: bytes) -> bool:
    return len(kind) == 4 and all(0x20 <= byte < 0x7F or byte == 0xA9 for byte in kind)  # noqa: PLR2004
