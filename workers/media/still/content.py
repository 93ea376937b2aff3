"""What can be seen in a picture or in the key frames of a film: nothing, too much light, or the same for too long.

Limits are set for the extremes. At night a lamp, in fog a road, in a tunnel its lights give a picture structure; and a
parked camera's sensor is never quiet: two key frames of the same scene differ by half a grey level and more, those of
an encoder that repeats its last picture by less than a tenth (measured with H.264 at several qualities).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from schemas.checks.content import CONTENT
from schemas.integrity import Check, CheckResult, examines
from schemas.media import StretchKind
from workers.media.container import Note
from workers.media.still.jpeg import Pixels
from workers.media.structure.walked import fault, gravest

_SAMPLE_PX = 160
_DARK, _BRIGHT, _BLOWN_SHARE = 32, 250, 0.98
_LEAST_PX = 16
"""A smaller picture is no photo of anything: an icon, a pixel that somebody counts views by."""

_EVEN = 12
"""Grey levels between nearly the darkest and nearly the brightest pixel of a picture without structure."""

_STILL = 0.05
"""Mean difference in grey levels of two pictures that are the same."""

_SPAN_S, _LEAST = 10.0, 4
"""A run is told from so many seconds and key frames on."""

_BLUR, _CONTRAST, _SHARP_SHARE = 0.35, 60, 0.001
"""A picture of such contrast has an edge somewhere, and where none is steeper than that it is blurred."""

Grey = NDArray[np.uint8]


class Seen(NamedTuple):
    """One picture by its grey levels: mean, distance between nearly the darkest and the brightest, share of white."""

    mean: float
    spread: float
    white: float

    @property
    def is_even(self) -> bool:
        """Nothing can be made out."""
        return self.spread <= _EVEN

    @property
    def is_black(self) -> bool:
        """Nothing can be made out, and it is dark."""
        return self.is_even and self.mean <= _DARK


class Run(NamedTuple):
    """Key frames of one kind in a row: the times of the first and the last, in seconds, and how many."""

    from_s: float
    to_s: float
    frames: int

    @property
    def is_long(self) -> bool:
        """Long enough to be told."""
        return self.to_s - self.from_s >= _SPAN_S and self.frames >= _LEAST


def seen_in(grey: Grey) -> Seen:
    """Measure one picture."""
    counts = np.bincount(grey.reshape(-1), minlength=256)
    low, high = _percentile(counts, 0.1), _percentile(counts, 99.9)
    mean = float(counts @ np.arange(256)) / grey.size
    return Seen(mean, high - low, float(counts[_BRIGHT:].sum()) / grey.size)


def _percentile(counts: NDArray[np.intp], percent: float) -> float:
    """Return the grey level below which so much of the picture lies, as `np.percentile` does."""
    place = percent / 100 * (int(counts.sum()) - 1)
    below = int(place)
    levels = np.searchsorted(np.cumsum(counts), (below, below + 1), side="right").clip(max=255)
    return float(levels[0] + (place - below) * (levels[1] - levels[0]))


class Content:
    """Watches the key frames of one stream; memory holds a small one."""

    def __init__(self) -> None:
        self.seen = self.black = self.even = self.blown = 0
        self.longest_black = self.longest_still = Run(0.0, 0.0, 0)
        self._black = self._still = Run(0.0, 0.0, 0)
        self._last: Grey | None = None
        self._met: list[tuple[StretchKind, Run]] = []

    def watch(self, frame: Any, at_s: float) -> None:  # noqa: ANN401 - PyAV's frames; tests hand in their own
        """Look at one decoded frame, shown at a time in seconds.

        Pixels are picked, not averaged: averaging would take away the noise that tells a camera from a still.
        """
        scale = min(1.0, _SAMPLE_PX / max(frame.width, frame.height))
        width, height = (max(2, round(side * scale)) for side in (frame.width, frame.height))
        small = frame.reformat(width=width, height=height, format="gray", interpolation="POINT", threads=1)
        self.take(np.asarray(small.to_ndarray(), np.uint8), at_s)

    def take(self, grey: Grey, at_s: float) -> None:
        """Take the grey levels of one frame."""
        now, last, self._last = seen_in(grey), self._last, grey
        self.seen += 1
        self.black += now.is_black
        self.even += now.is_even
        self.blown += now.white >= _BLOWN_SHARE
        before = self._black, self._still
        self._black = _grown(self._black, at_s, goes_on=now.is_black, counts=now.is_black)
        is_same = last is not None and last.shape == grey.shape and _distance(last, grey) <= _STILL
        self._still = _grown(self._still, at_s, goes_on=is_same and not now.is_even, counts=True)
        self._ended(*before)
        self.longest_black = max(self.longest_black, self._black, key=_length)
        self.longest_still = max(self.longest_still, self._still, key=_length)

    def _ended(self, black: Run, still: Run) -> None:
        """Keep the runs that this picture ended, if they were long."""
        if black.is_long and self._black.frames <= 1:
            self._met.append((StretchKind.BLACK, black))
        if still.is_long and self._still.frames <= 1:
            self._met.append((StretchKind.FROZEN, still))

    def runs(self) -> list[tuple[StretchKind, Run]]:
        """Return every long run of black and of unchanged pictures, those that go on to the end as well."""
        going_on = ((StretchKind.BLACK, self._black), (StretchKind.FROZEN, self._still))
        return [*self._met, *(one for one in going_on if one[1].is_long)]

    def met(self) -> list[Note]:
        """Return what was seen."""
        if self.seen and self.black == self.seen:
            return [fault("content-black")]
        found = []
        if self.longest_still.is_long:
            found.append(Note("content-frozen", _span(self.longest_still)))
        if self.longest_black.is_long:
            found.append(Note("content-black-part", _span(self.longest_black)))
        if self.seen and self.blown == self.seen:
            found.append(fault("content-blown"))
        elif self.seen and self.even == self.seen:
            found.append(fault("content-even"))
        return found


def _grown(run: Run, at_s: float, *, goes_on: bool, counts: bool) -> Run:
    if goes_on and run.frames:
        return Run(run.from_s, at_s, run.frames + 1)
    return Run(at_s, at_s, int(counts))


def _distance(one: Grey, other: Grey) -> float:
    return float(cv2.absdiff(one, other).mean())


def _length(run: Run) -> float:
    return run.to_s - run.from_s


def _span(run: Run) -> dict[str, int]:
    return {"from_seconds": int(run.from_s), "to_seconds": round(run.to_s), "count": run.frames}


def of_photo(pixels: Pixels) -> list[Note]:
    """Return what is seen in a photo, given as BGR pixels of any size."""
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8)
    if min(grey.shape) < _LEAST_PX:
        return []
    now = seen_in(grey)
    if now.is_black:
        return [fault("content-black")]
    if now.white >= _BLOWN_SHARE:
        return [fault("content-blown")]
    if now.is_even:
        return [fault("content-even")]
    is_blurred = now.spread >= _CONTRAST and min(grey.shape) >= _SAMPLE_PX and not _has_edges(grey)
    return [fault("content-blurred")] if is_blurred else []


def _has_edges(grey: Grey) -> bool:
    """Say whether one pixel in a thousand lies where grey levels bend sharply: 9 and more in a sharp photo, 0.5 in a blur.

    Smoothing first takes away the steps between whole grey levels, which are edges of their own.
    """
    smooth = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 2)
    bends = np.abs(cv2.Laplacian(smooth, cv2.CV_32F))
    return int(np.count_nonzero(bends > _BLUR)) > _SHARP_SHARE * grey.size


@examines(CONTENT)
def check_content(check: Check, met: Sequence[Note] | None) -> CheckResult | None:
    """Say the gravest of what was seen; nothing where no picture was decoded."""
    return None if met is None else gravest(check, tuple(met))
