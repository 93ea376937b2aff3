"""Values that cross the pipe between a worker and its decoder child; importing this loads no decoder."""

from enum import StrEnum
from pathlib import PurePath
from typing import Annotated

from pydantic import Field

from schemas.base import Frozen
from schemas.integrity import CheckResult
from schemas.media import MediaFacts
from schemas.tolerance import DECLARED_TOLERANCES, Tolerances
from workers.media.work import LATER, QUICK, SLOW, Budget, Lane, Work

MIB = 1024 * 1024


class Limits(Frozen):
    """How much one file may cost.

    `pixels` gates a picture by its header, before any decoder allocates (a 200 MP phone sensor is the largest
    sold). Video is walked whole; its key frames are all decoded up to `keyframes_all_bytes` and
    `keyframes_all_seconds`, and `keyframes_sampled` evenly spaced ones beyond. A film of no more than
    `frames_all_pixels` in all is decoded frame by frame, with `every_frame` any film. `quick` and `slow` are the work that
    one look may cost in each lane. Seconds are the last resort against a decoder that hangs and never a verdict:
    `base_seconds`, in the quick lane `quick_seconds`, plus the size at `slowest_mib_per_second` by the wall clock, and
    of them `cpu_share` of processor time. `address_space_bytes` bounds the child itself.
    `allowed` costs nothing: it is what the agency of a file allows, and comes with each request.
    """

    pixels: Annotated[int, Field(gt=0)] = 200_000_000
    still_bytes: Annotated[int, Field(gt=0)] = 256 * MIB
    keyframes_all_bytes: int = 300 * MIB
    keyframes_all_seconds: int = 600
    keyframes_sampled: int = 24
    frames_all_pixels: int = 100_000_000
    every_frame: bool = False
    quick: Budget = QUICK
    slow: Budget = SLOW
    later: Budget = LATER
    quick_seconds: float = 120.0
    base_seconds: float = 600.0
    later_seconds: float = 3000.0
    slowest_mib_per_second: float = 8.0
    cpu_share: float = 0.5
    address_space_bytes: int = 2048 * MIB
    recycle_after: Annotated[int, Field(gt=0)] = 200
    thumbnail_px: Annotated[int, Field(ge=16, le=2048)] = 512
    allowed: Tolerances = DECLARED_TOLERANCES

    def work(self, lane: Lane) -> Work:
        """Return the work that one look may cost, unspent."""
        if lane is Lane.QUICK:
            return Work(self.quick, is_last=False)
        return Work(self.slow if lane is Lane.SLOW else self.later)

    def wall_seconds(self, size_bytes: int, lane: Lane) -> float:
        """Longest time one file of this size may take."""
        if lane is Lane.LATER:
            return self.later_seconds
        base = self.base_seconds if lane is Lane.SLOW else self.quick_seconds
        return base + size_bytes / (self.slowest_mib_per_second * MIB)

    def cpu_seconds(self, size_bytes: int, lane: Lane) -> int:
        """Most processor time that one file of this size may take; at least one second."""
        share = 1.0 if lane is Lane.LATER else self.cpu_share
        return 1 + int(share * self.wall_seconds(size_bytes, lane))


class Stop(StrEnum):
    """Why a look ended early in a way that another lane, or another time, may not."""

    WORK = "work"
    TIME = "time"


class Derivative(Frozen):
    """A picture made from a recording: never the evidence, always with a parent.

    `kind` is `thumbnail` or `poster`; `tool` names the libraries and versions that made it; `code` is what others that look
    like it are found by, absent where it would say nothing.
    """

    kind: str
    media_type: str = "image/jpeg"
    width: int
    height: int
    tool: str
    payload: bytes
    code: str | None = None


class Probe(Frozen):
    """What one look at a file found. `media_type` comes from its bytes, never from its name.

    With `stopped` it is not the last word: more work, or another try, may say more.
    """

    media_type: str
    facts: MediaFacts = MediaFacts()
    checks: tuple[CheckResult, ...]
    stopped: Stop | None = None
    derivatives: tuple[Derivative, ...] = ()


def ending(filename: str) -> str:
    """Return the lower-case ending of a name without its dot; empty when it has none."""
    return PurePath(filename).suffix.lower().lstrip(".")
