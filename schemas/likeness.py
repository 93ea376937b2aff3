"""Pictures that look alike: the form of a picture's code, how far two may be apart, and what is said of that.

A code is 242 bits: of 11 × 12 and 12 × 11 cells of a picture each bit says whether a cell is brighter than its neighbour.
It stays nearly the same when a picture is saved anew, made smaller or brighter, captioned or cut a little, and says
nothing of what a picture shows. Likeness is a hint for a person and never part of a verdict.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from schemas.ids import RecordingId
from schemas.recording import Recording

CODE_BYTES = 32
"""242 bits, and 14 that are always zero, so that a code is four columns of 64."""

SAME_BITS = 16
"""Copies of one picture, saved anew or captioned, are no further apart (measured: tests/corpus, README)."""

ALIKE_BITS = 48
"""Further apart nothing is said: of pictures of different scenes none of those measured was nearer."""

SERIES_SECONDS = 60
"""What one device took within so long of each other is one occasion."""


class Likeness(StrEnum):
    """How two pictures resemble each other."""

    SAME = "same"
    ALIKE = "alike"


def likeness(distance: int) -> Likeness | None:
    """Return what a distance in bits is called; nothing where it is too far to be told."""
    if distance <= SAME_BITS:
        return Likeness.SAME
    return Likeness.ALIKE if distance <= ALIKE_BITS else None


def distance(one: bytes, other: bytes) -> int:
    """Return in how many bits two codes differ."""
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


class Taken(NamedTuple):
    """By which device something was taken, and when by its clock."""

    device_id: UUID | None
    captured_at: datetime | None


def is_series(one: Taken, other: Taken) -> bool:
    """Say whether two recordings are of one occasion: of one device, taken within a minute of each other."""
    if one.device_id is None or one.device_id != other.device_id:
        return False
    if one.captured_at is None or other.captured_at is None:
        return False
    return abs(one.captured_at - other.captured_at) <= timedelta(seconds=SERIES_SECONDS)


class Search(NamedTuple):
    """That a recording was compared: of `codes` pictures in it, with `among` pictures before; `found` were near enough.

    Of those that were found the nearest are kept. Without a picture that can be compared `codes` is zero.
    """

    at: datetime
    codes: int
    among: int
    found: int


class Alike(NamedTuple):
    """A recording that looks like another one, maybe in a mirror, and the numbers of cases that the reader sees it in."""

    recording: Recording
    bits: int
    is_mirrored: bool
    is_series: bool
    cases: tuple[str, ...]

    @property
    def likeness(self) -> Likeness:
        """How it resembles."""
        return likeness(self.bits) or Likeness.ALIKE


class AlikeInCase(NamedTuple):
    """A recording of a case, and one of another case that looks like it."""

    recording_id: RecordingId
    filename: str
    other: Alike


class Withheld(NamedTuple):
    """One that the reader may not open and may ask for: whose it is, and nothing else."""

    recording_id: RecordingId
    agency_name: str


class CaseLikenesses(NamedTuple):
    """What recordings of a case have in common with those of other cases, as far as the reader is told.

    `withheld` counts recordings of the case that look like one that the reader may not open.
    """

    alike: tuple[AlikeInCase, ...]
    withheld: int


class Likenesses(NamedTuple):
    """What a reader is told of what a recording looks like, the nearest first.

    `search` is absent while it was not compared. `is_elsewhere` says that one resembles it of which the reader is told
    nothing else.
    """

    search: Search | None
    alike: tuple[Alike, ...]
    withheld: tuple[Withheld, ...]
    is_elsewhere: bool

    @property
    def others(self) -> tuple[Alike, ...]:
        """Those of another occasion."""
        return tuple(one for one in self.alike if not one.is_series)

    @property
    def series(self) -> tuple[Alike, ...]:
        """Those of the same one."""
        return tuple(one for one in self.alike if one.is_series)
