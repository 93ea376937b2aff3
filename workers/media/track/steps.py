"""What happens between the points of a track: speeds, order of times, stopped clocks and gaps.

Receivers are noisy for a reason: the first fixes after a start or a tunnel wander, trains are fast, stamps of whole
seconds hide what happened within one. None of this is a jump that a person has to judge.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.tolerance import Tolerances
from workers.media.track.fixes import Batch, Floats, Ints, Watcher, seconds_between

FAST_M = 200
"""A fast step is told where it is longer than this; shorter ones are the noise of a receiver."""
TRAIN_KMH, TRAIN_SHARE = 450, 0.6
"""Up to this speed a step is a train's where the one before was nearly as fast."""
SETTLED, SETTLING_S = 3, 30
"""So many steps after a start or a pause the position has settled."""
BACK_S = 2
"""A clock that is set while it runs goes back by less."""
BACK_RUN = 5
"""So many steps back in a row are no clock that wavers: the points stand in another order than they were taken in."""
HARSH_MS2, HARSH_M = 25, 50
STOPPED_POINTS, STOPPED_M = 5, 100
"""In one second nobody goes so far; where more points share one time, a fifth of it is enough."""
CROWD_POINTS, CROWD_M = 40, 20
GAP_TIMES = 10
"""A gap is longer than its agency allows, and than so many usual intervals."""
_SAMPLE = 4096
Bools = NDArray[np.bool_]


@dataclass
class Met:
    """How often something was met, at which points first and at its worst, and how bad that was."""

    count: int = 0
    point: int = 0
    worst: float = 0.0
    worst_point: int = 0
    lat_e7: int = 0
    lon_e7: int = 0

    def meet(self, batch: Batch, is_met: Bools, values: Floats) -> None:
        """Count the steps for which it is so; a step belongs to the point at which it ends."""
        at = np.flatnonzero(is_met)
        if not len(at):
            return
        if not self.count:
            first = int(at[0]) + 1
            self.point = int(batch.number[first])
            self.lat_e7, self.lon_e7 = int(batch.lat[first]), int(batch.lon[first])
        self.count += len(at)
        worst = int(at[np.argmax(values[at])])
        if values[worst] > self.worst:
            self.worst, self.worst_point = float(values[worst]), int(batch.number[worst + 1])


class Steps(Watcher):
    """Watches the steps, by the speeds that an agency allows; holds counts and a bounded sample of intervals."""

    def __init__(self, allowed: Tolerances) -> None:
        self._fast_kmh, self._impossible_kmh = allowed.track_fast_kmh, allowed.track_impossible_kmh
        self.fast, self.impossible, self.harsh = Met(), Met(), Met()
        self.wavered, self.backwards = Met(), Met()
        self._kmh = 0.0
        self._since = self._back = 0

    def see(self, batch: Batch, metres: Floats) -> None:
        """Judge each step by itself and by the one before."""
        if len(metres) == 0:
            return
        seconds = seconds_between(batch.at)
        is_step = batch.line[1:] == batch.line[:-1]
        is_timed = is_step & ~np.isnan(seconds)
        back = is_timed & (seconds < 0)
        forward = is_timed & (seconds >= 0)
        settled = self._settled(is_step, seconds) >= SETTLED
        turned = back & (((seconds < -BACK_S) & settled) | (self._in_a_row(back) >= BACK_RUN))
        self.wavered.meet(batch, back & ~turned, -seconds)
        self.backwards.meet(batch, turned, -seconds)
        kmh = np.where(forward, 3.6 * metres / np.maximum(np.nan_to_num(seconds, nan=1.0), 1.0), 0.0)
        before = np.concatenate(([self._kmh], kmh[:-1]))
        fast = forward & (metres >= FAST_M) & (kmh > self._fast_kmh)
        is_train = (kmh <= TRAIN_KMH) & (before >= TRAIN_SHARE * kmh)
        impossible = fast & (kmh > self._impossible_kmh) & settled & ~is_train
        self.impossible.meet(batch, impossible, kmh)
        self.fast.meet(batch, fast & ~impossible, kmh)
        self._harsh(batch, forward & ~fast & (metres >= HARSH_M), np.abs(kmh - before) / 3.6, seconds)
        self._kmh = float(kmh[-1])

    def _harsh(self, batch: Batch, which: Bools, change: Floats, seconds: Floats) -> None:
        rate = change / np.maximum(np.nan_to_num(seconds, nan=1.0), 1.0)
        self.harsh.meet(batch, which & (rate > HARSH_MS2), rate)

    def _in_a_row(self, is_met: Bools) -> Ints:
        """Return how many steps of which it is so have followed each other up to each one."""
        place = np.arange(len(is_met))
        since = place - np.maximum.accumulate(np.where(is_met, -1 - self._back, place))
        self._back = int(since[-1])
        return np.asarray(since, np.int64)

    def _settled(self, is_step: Bools, seconds: Floats) -> Ints:
        """Return how many steps each lies behind the last start or pause."""
        place = np.arange(len(is_step))
        fresh = ~is_step | (np.nan_to_num(seconds) >= SETTLING_S)
        last = np.maximum.accumulate(np.where(fresh, place, -1 - self._since))
        since = place - last
        self._since = int(since[-1])
        return np.asarray(since, np.int64)


class Clock(Watcher):
    """Watches for a clock that stands while the receiver moves, and for stretches without points."""

    def __init__(self, gap_seconds: int) -> None:
        self._gap_seconds = gap_seconds
        self.stopped = 0
        self.stopped_from = self.stopped_to = 0
        self._in_minutes = True
        self._run: tuple[int, int, int, float] = (0, 0, 0, 0.0)
        self._intervals: list[float] = []
        self._gaps = np.zeros((0, 3))

    def see(self, batch: Batch, metres: Floats) -> None:
        """Join the steps of no time to runs, and keep the longest intervals."""
        if len(metres) == 0:
            return
        seconds = seconds_between(batch.at)
        is_step = batch.line[1:] == batch.line[:-1]
        self._in_minutes = self._in_minutes and bool((np.nan_to_num(seconds) % 60 == 0).all())
        self._runs(batch, metres, is_step & (seconds == 0))
        forward = np.flatnonzero(is_step & (seconds > 0))
        if len(self._intervals) < _SAMPLE:
            self._intervals += seconds[forward[:_SAMPLE]].tolist()
        long = forward[seconds[forward] >= self._gap_seconds]
        if len(long):
            ends = batch.number[long].astype(float), batch.number[long + 1].astype(float)
            found = np.stack((seconds[long], *ends), axis=1)
            self._gaps = np.concatenate((self._gaps, found))
            if len(self._gaps) > 2 * _SAMPLE:
                self._gaps = self._gaps[np.argsort(-self._gaps[:, 0], kind="stable")[:_SAMPLE]]

    def finish(self) -> None:
        """End the run that is open."""
        self._close()

    def gaps(self) -> list[tuple[float, int, int]]:
        """Return seconds and the points around it of every gap, the longest first."""
        usual = float(np.median(self._intervals)) if self._intervals else 0.0
        kept = self._gaps[self._gaps[:, 0] >= GAP_TIMES * usual]
        return sorted(
            ((long, int(before), int(after)) for long, before, after in kept.tolist()),
            key=lambda one: (-one[0], one[1]),
        )

    @property
    def is_coarse(self) -> bool:
        """Every interval is of whole minutes, and more than one minute passes."""
        return self._in_minutes and bool(self._intervals)

    def _runs(self, batch: Batch, metres: Floats, is_still: Bools) -> None:
        edges = np.flatnonzero(np.diff(np.concatenate(([False], is_still, [False])).astype(np.int8)))
        if not len(edges) or edges[0] > 0:
            self._close()
        for start, end in edges.reshape(-1, 2).tolist():
            first, _, count, way = self._run
            way += float(metres[start:end].sum())
            first = first or int(batch.number[start])
            self._run = (first, int(batch.number[end]), (count or 1) + end - start, way)
            if end < len(is_still):
                self._close()

    def _close(self) -> None:
        first, last, count, way = self._run
        self._run = (0, 0, 0, 0.0)
        if (count >= STOPPED_POINTS and way > STOPPED_M) or (count >= CROWD_POINTS and way > CROWD_M):
            if not self.stopped:
                self.stopped_from, self.stopped_to = first, last
            self.stopped += count
