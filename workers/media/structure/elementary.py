"""Bare H.264 and H.265 (Annex B of ITU-T H.264 and H.265): what some recorders write without any container."""

from typing import NamedTuple

from schemas.checks.containers import CONTINUITY
from schemas.checks.structure import CONTAINER, CONTAINER_END
from schemas.examined import Measure, PartKind
from workers.media.source import Source
from workers.media.structure.walked import Structure, fault, row
from workers.media.work import Work

_CODE = b"\x00\x00\x01"
_BLOCK = 1024 * 1024
_SETS_264, _SETS_265 = frozenset({7, 9}), frozenset({32, 35})
"""With which units a stream begins: a parameter set, or a delimiter before it."""


class _Units(NamedTuple):
    seen: int
    wrong: int


def bare_type(head: bytes) -> str | None:
    """Return the media type of a bare stream by its first unit, None where it is none.

    The first parameter set has to follow at once: two bytes alone would be found in many files.
    """
    at = head.find(_CODE)
    if at < 0 or head[:at].strip(b"\x00") or at > 8 or len(head) < at + 5:  # noqa: PLR2004 - leading zero bytes
        return None
    first, second = head[at + 3], head[at + 4]
    if (
        first >> 1 & 0x3F in _SETS_265
        and not first & 0x81
        and second == 1
        and _follows(head, at, 33, is_265=True)
    ):
        return "video/h265"
    if first & 0x1F in _SETS_264 and not first & 0x80 and _follows(head, at, 8, is_265=False):
        return "video/h264"
    return None


def _follows(head: bytes, at: int, wanted: int, *, is_265: bool) -> bool:
    """Say whether the parameter set that goes with the first is among the next units."""
    while at >= 0 and at + 3 < len(head):
        byte = head[at + 3]
        if (byte >> 1 & 0x3F if is_265 else byte & 0x1F) == wanted:
            return True
        at = head.find(_CODE, at + 3)
    return False


def read_elementary(source: Source, work: Work) -> Structure:
    """Go through all units; the forbidden bit of each has to be 0 (7.4.1)."""
    units = _units(source, work)
    size = source.size_bytes
    met = (fault("stream-packets-faulty", count=units.wrong, at_seconds=0),) if units.wrong else ()
    return Structure(
        continuity_met=met,
        end=size,
        size_bytes=size,
        examined=(
            row(PartKind.CONTAINER, Measure.BYTES, CONTAINER, size, size),
            row(PartKind.CONTAINER, Measure.PACKETS, CONTINUITY, units.seen, units.seen),
            row(PartKind.ENDING, Measure.BYTES, CONTAINER_END, 0, 0),
        ),
    )


def _units(source: Source, work: Work) -> _Units:
    count = wrong = 0
    kept = b""
    reader = source.raw()
    while block := reader.read(_BLOCK):
        block = kept + block
        at = block.find(_CODE)
        while 0 <= at < len(block) - 3:
            work.pieces()
            count += 1
            wrong += block[at + 3] >> 7
            at = block.find(_CODE, at + 3)
        kept = block[-3:]
    return _Units(count, wrong)
