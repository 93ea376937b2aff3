"""The points of a track."""

from schemas.checks.rows import mismatch, not_checked, remark
from schemas.integrity import Check, Severity
from schemas.media import Medium
from schemas.words import Words

TRACK_STEPS = Check(
    name="track_steps",
    version=1,
    title=Words("轨迹步幅", "Track steps"),
    proves=Words(
        "相邻两点之间的速度可能。",
        "The speed between neighbouring points is possible.",
    ),
    leaves=Words(
        "不说明所走路线属实。",
        "Not that the way was gone.",
    ),
    media=frozenset({Medium.TRACK}),
    findings=(
        remark(
            "track-jump",
            zh="轨迹有 {count} 处跳变（超过 150 公里/小时）。",
            en="The track jumps {count} time(s), faster than 150 km/h.",
        ),
    ),
)

TRACK_TIMES = Check(
    name="track_times",
    version=1,
    title=Words("轨迹时间", "Track times"),
    proves=Words(
        "各点的时间依次递增。",
        "The times of the points run forward.",
    ),
    leaves=Words(
        "不说明接收机时钟准确。",
        "Not that the receiver's clock was right.",
    ),
    media=frozenset({Medium.TRACK}),
    findings=(
        remark(
            "track-time-backwards",
            zh="轨迹有 {count} 处时间倒退。",
            en="The track's time runs backwards {count} time(s).",
        ),
    ),
)

TRACK_POINTS = Check(
    name="track_points",
    version=1,
    title=Words("轨迹点", "Track points"),
    proves=Words(
        "每个点都有可能的坐标。",
        "Every point has possible coordinates.",
    ),
    leaves=Words(
        "不说明定位准确。",
        "Not that the positions are exact.",
    ),
    media=frozenset({Medium.TRACK}),
    findings=(
        mismatch(
            "track-point-invalid",
            zh="轨迹有 {count} 个坐标不可能存在的点。",
            en="{count} point(s) of the track have impossible coordinates.",
            severity=Severity.WARN,
        ),
        not_checked(
            "track-empty", zh="轨迹文件不含任何点。", en="The track holds no point.", severity=Severity.WARN
        ),
    ),
)

TRACK_LINE = Check(
    name="track_line",
    version=1,
    title=Words("轨迹线", "Track line"),
    proves=Words(
        "地图上画出了全部的点。",
        "Every point is drawn on the map.",
    ),
    leaves=Words(
        "不说明各点之间所走的路线。",
        "Not which way was taken between the points.",
    ),
    media=frozenset({Medium.TRACK}),
    findings=(
        remark(
            "track-thinned",
            zh="轨迹共 {points} 点，地图上均匀保留 {kept} 点；统计以全部点为准。",
            en="The track has {points} points; {kept} evenly spaced ones are drawn, the figures count all.",
        ),
    ),
)


TRACKS = (
    TRACK_STEPS,
    TRACK_TIMES,
    TRACK_POINTS,
    TRACK_LINE,
)
