"""What stands behind the last structure of a film or a sound."""

from functools import partial

from schemas.checks.structure import CONTAINER_END
from schemas.integrity import Check, CheckResult, examines
from workers.media.result import MIB
from workers.media.source import Source
from workers.media.structure.walked import Structure

_LONGEST = 128
_ENDS: tuple[tuple[int, bytes, str], ...] = (
    (32, b"8db42d694ccc418790edff439fe026bf", "Insta360"),
    (4, b"SEFT", "Samsung"),
    (128, b"TAG", "ID3"),
)
"""Trailers by what stands so many bytes before the end of the file, and who writes them."""


@examines(CONTAINER_END)
def check_end(check: Check, source: Source, structure: Structure) -> CheckResult | None:
    """Cameras that preallocate leave zeros behind the end, or what erased memory holds, some makers a trailer.

    A file whose structure does not add up, or that has none, has no end to look behind.
    """
    if structure.notes or not structure.size_bytes:
        return None
    count = structure.size_bytes - structure.end
    if not count:
        return check.held()
    maker = _maker(source, count)
    if maker:
        return check.found("trailer-known", count=count, maker=maker)
    return check.found(
        "mp4-padding" if _is_padding(source, structure.end) else "mp4-trailing-bytes", count=count
    )


def _maker(source: Source, count: int) -> str:
    with source.open() as reader:
        length = min(count, _LONGEST)
        reader.seek(source.size_bytes - length)
        rest = reader.read(length)
    found = (
        maker for back, mark, maker in _ENDS if length >= back and rest[length - back :].startswith(mark)
    )
    return next(found, "")


def _is_padding(source: Source, start: int) -> bool:
    with source.open() as reader:
        reader.seek(start)
        parts = iter(partial(reader.read, MIB), b"")
        return all(not part.strip(part[:1]) and part[0] in {0x00, 0xFF} for part in parts)
