"""The points that findings of a track name, with their neighbours: what a reviewer looks at."""

from collections.abc import Iterable, Iterator

import numpy as np

from schemas.integrity import CheckResult
from schemas.mark import MarkKind, mark_of
from schemas.media import MAX_AROUND, TrackPoint
from workers.media.track.fixes import Batch, Floats, Watcher, instant

MOST = 262_144
"""So many points are held, three days at one a second, in 8 MB: which of them findings name is known at the end alone."""

_BESIDE = 3


class Around(Watcher):
    """Holds the points as they come; of a longer track only findings on what came first are shown with their points."""

    def __init__(self) -> None:
        self._batches: list[Batch] = []
        self._last = self._held = 0

    def see(self, batch: Batch, metres: Floats) -> None:
        """Keep what is new."""
        del metres
        fresh = batch.where(batch.number > self._last) if self._last else batch
        self._last = int(batch.number[-1])
        if self._held < MOST:
            self._batches.append(fresh)
            self._held += len(fresh.lat)

    def points(self, checks: Iterable[CheckResult]) -> tuple[TrackPoint, ...]:
        """Return the points around those that findings name, by number, at most 120."""
        wanted = sorted(set(_named(checks)))
        found: list[TrackPoint] = []
        for batch in self._batches:
            at = np.flatnonzero(np.isin(batch.number, wanted))
            found += [_point(batch, place) for place in at[: MAX_AROUND - len(found)].tolist()]
        return tuple(found)


def _named(checks: Iterable[CheckResult]) -> Iterator[int]:
    for check in checks:
        mark = mark_of(check, None) if check.code else None
        if mark is not None and mark.kind is MarkKind.POINTS:
            for point in (mark.start, mark.end, mark.original or mark.start):
                yield from range(max(1, point - _BESIDE), point + _BESIDE + 1)


def _point(batch: Batch, place: int) -> TrackPoint:
    return TrackPoint(
        number=int(batch.number[place]),
        lat_e7=int(batch.lat[place]),
        lon_e7=int(batch.lon[place]),
        at=instant(int(batch.at[place])),
    )
