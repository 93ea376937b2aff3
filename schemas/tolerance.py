"""How far two claims about one capture may lie apart, and how fast somebody may have gone: numbers that an agency sets.

They stand in the one mechanism of settings (`schemas.setting`), as of the receipt: a later row judges nothing again. What
is left in code is nature or format – how receivers wander, how long a frame is – and no judgement of somebody's work.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from schemas.base import Frozen
from schemas.words import Words
from schemas.words_unit import Unit


class Bound(NamedTuple):
    """A tolerance as declared: its unit, what holds where nobody says anything, its range, and what it is called."""

    unit: Unit
    default: int
    least: int
    most: int
    words: Words


TOLERANCES: Mapping[str, Bound] = MappingProxyType(
    {
        # A fix from memory and a fresh one, beyond the accuracy that both state.
        "place-apart-metres": Bound(
            Unit.METRE, 500, 10, 5000, Words("文件与清单的地点相差", "Place of file and manifest apart")
        ),
        # A shutter and the signing of its manifest are seconds apart; a clock set in between is caught elsewhere.
        "time-apart-seconds": Bound(
            Unit.SECOND, 120, 5, 3600, Words("文件与清单的时间相差", "Time of file and manifest apart")
        ),
        # Farther apart is no matter of a copy or a clock that drifts.
        "time-far-days": Bound(
            Unit.DAY, 365, 1, 3650, Words("文件时间明显不对的界限", "Time of a file that is far off")
        ),
        "jump-speed-kmh": Bound(
            Unit.KMH, 150, 30, 1200, Words("两次采集之间的最高速度", "Fastest way between two captures")
        ),
        "jump-metres": Bound(
            Unit.METRE,
            500,
            10,
            5000,
            Words("两次采集之间不计速度的距离", "Way between captures without speed"),
        ),
        # Beyond this and the clock's own uncertainty a capture lies in the future of its receipt.
        "ahead-seconds": Bound(
            Unit.SECOND, 5, 1, 300, Words("采集时间可早于接收的误差", "Capture ahead of its receipt")
        ),
        # So much of its own uncertainty a clock is believed, and so much later than the capture a place may be fixed.
        "clock-trusted-seconds": Bound(
            Unit.SECOND, 60, 1, 600, Words("设备时钟自报误差的采信上限", "A clock's own uncertainty believed")
        ),
        # From a line at which a fix lies on it, beyond the accuracy that is stated.
        "track-near-metres": Bound(
            Unit.METRE, 30, 5, 500, Words("采集地点在轨迹上的距离", "Place that lies on a track")
        ),
        "track-late-seconds": Bound(
            Unit.SECOND,
            120,
            5,
            3600,
            Words("轨迹开始可晚于签名的时间", "Track that begins after its signing"),
        ),
        # A step faster than this is told; one faster than the next is doubted, as nothing on a road goes so fast.
        "track-fast-kmh": Bound(
            Unit.KMH, 150, 30, 250, Words("轨迹中偏快的速度", "Speed in a track that is told")
        ),
        "track-impossible-kmh": Bound(
            Unit.KMH, 300, 251, 1200, Words("轨迹中不可能的速度", "Speed in a track that is doubted")
        ),
        "track-gap-seconds": Bound(
            Unit.SECOND, 60, 10, 3600, Words("轨迹中断的时间", "Gap in a track that is told")
        ),
        # A row of fixed equipment from later than this is refused: its clock is set first.
        "row-ahead-seconds": Bound(
            Unit.SECOND, 60, 1, 600, Words("监控记录可早于接收的误差", "Monitoring row ahead of its receipt")
        ),
    }
)
"""By the name that the leaf of a setting states."""


class Tolerances(Frozen):
    """All of them as they hold for an agency at the receipt of something; units as their names say."""

    place_apart_metres: int
    time_apart_seconds: int
    time_far_days: int
    jump_speed_kmh: int
    jump_metres: int
    ahead_seconds: int
    clock_trusted_seconds: int
    track_near_metres: int
    track_late_seconds: int
    track_fast_kmh: int
    track_impossible_kmh: int
    track_gap_seconds: int
    row_ahead_seconds: int

    @classmethod
    def of(cls, values: Mapping[str, int]) -> "Tolerances":
        """Return them by the names of their settings."""
        return cls(**{name.replace("-", "_"): value for name, value in values.items()})


DECLARED_TOLERANCES = Tolerances.of({name: bound.default for name, bound in TOLERANCES.items()})
"""What holds where no agency says anything: for a look at a file that is nobody's, as in a bench."""
