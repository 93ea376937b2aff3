"""The structure of a container without decoding: boxes of ISO/IEC 14496-12, chunks of RIFF.

It costs microseconds, and finds a fragmented video cut in the middle, which decoders forgive.
"""

from functools import partial
from typing import BinaryIO, NamedTuple

from schemas.checks.structure import CONTAINER_END
from schemas.integrity import Check, CheckResult, examines
from workers.media.container import Note, note
from workers.media.result import MIB
from workers.media.source import Source
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


class Structure(NamedTuple):
    """What the walk over a file met: so many boxes; `end` is where they end, before the end of the file or there."""

    notes: tuple[Note, ...] = ()
    end: int = 0
    size_bytes: int = 0
    boxes: int = 0


def read_boxes(source: Source, work: Work) -> Structure:
    """Walk the boxes: an index has to be there and no box may reach past the end."""
    size = source.size_bytes
    boxes, end = walk(source.raw(), size, work)
    whole = Structure(end=min(end, size), size_bytes=size, boxes=len(boxes))
    if not any(box.kind == b"moov" for box in boxes):
        return whole._replace(notes=(note("mp4-no-moov"),))
    if end > size:
        kind = boxes[-1].kind.decode("latin-1")
        return whole._replace(notes=(note("mp4-truncated", box=kind, missing_bytes=end - size),))
    if boxes[-1].kind == b"moof":
        # Cut exactly between a fragment's index and its samples; how many bytes followed nobody can say.
        return whole._replace(notes=(note("mp4-truncated", box="mdat", missing_bytes="?"),))
    return whole


def read_riff(source: Source) -> Structure:
    """Compare the size that a RIFF header claims with the file (AVI); streaming writers leave 0 or all ones."""
    size = source.size_bytes
    claimed = int.from_bytes(source.head(8)[4:8], "little")
    if claimed in {0, 0xFFFF_FFFF} or claimed + 8 <= size:
        return Structure()
    return Structure(notes=(note("media-truncated", missing_bytes=claimed + 8 - size),))


@examines(CONTAINER_END)
def check_end(check: Check, source: Source, structure: Structure) -> CheckResult | None:
    """Cameras that preallocate leave zeros behind the last box; anything else there is unexplained.

    A file whose boxes do not add up, or that has none, has no end to look behind.
    """
    if structure.notes or not structure.size_bytes:
        return None
    if structure.end == structure.size_bytes:
        return check.held()
    count = structure.size_bytes - structure.end
    return check.found(
        "mp4-padding" if _is_padding(source, structure.end) else "mp4-trailing-bytes", count=count
    )


def _is_padding(source: Source, start: int) -> bool:
    with source.open() as reader:
        reader.seek(start)
        return not any(part.strip(b"\x00") for part in iter(partial(reader.read, MIB), b""))


def _is_printable(kind: bytes) -> bool:
    return len(kind) == 4 and all(0x20 <= byte < 0x7F or byte == 0xA9 for byte in kind)  # noqa: PLR2004
