"""What lies between the points of a track, and between a track and its manifest."""

from schemas.checks.rows import mismatch, remark
from schemas.integrity import Check, Severity
from schemas.media import Medium
from schemas.words import Words

_JUDGE = (
    "请在地图上查看该处，并与其他证据比对。",
    "Look at the place on the map, and compare with other evidence.",
)

TRACK_STEPS = Check(
    name="track_steps",
    version=2,
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
        mismatch(
            "track-teleport",
            zh="轨迹有 {count} 处不可能的跳变，第一处在第 {point} 点，最快 {kmh} 公里/小时。",
            en="The track leaps {count} time(s) as nothing can, at point {point} first, at up to {kmh} km/h.",
            then=_JUDGE,
            severity=Severity.WARN,
        ),
        remark(
            "track-jump",
            zh="轨迹有 {count} 处跳变（超过 150 公里/小时），第一处在第 {point} 点。",
            en="The track jumps {count} time(s), faster than 150 km/h, at point {point} first.",
        ),
    ),
)

TRACK_PACE = Check(
    name="track_pace",
    version=1,
    title=Words("轨迹加速度", "Track pace"),
    proves=Words(
        "速度的变化是车辆能做到的。",
        "The speed changes as a vehicle's can.",
    ),
    leaves=Words(
        "不说明没有较小的偏差。",
        "Not that there is no smaller deviation.",
    ),
    media=frozenset({Medium.TRACK}),
    findings=(
        remark(
            "track-harsh",
            zh="有 {count} 处速度突变，第一处在第 {point} 点，多为接收机误差。",
            en="The speed changes abruptly {count} time(s), at point {point} first; mostly noise of a receiver.",
        ),
    ),
)

TRACK_TIMES = Check(
    name="track_times",
    version=2,
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
        mismatch(
            "track-time-order",
            zh="轨迹有 {count} 处时间倒退，第一处在第 {point} 点，最多倒退 {seconds} 秒。",
            en="The track's time goes back {count} time(s), at point {point} first, by up to {seconds} s.",
            then=(
                "请查明各点是否换了次序，或接收机时钟被调整。",
                "Find out whether points changed places, or the receiver's clock was set.",
            ),
            severity=Severity.WARN,
        ),
        mismatch(
            "track-time-unreadable",
            zh="轨迹有 {count} 个点的时间无法读取。",
            en="The times of {count} point(s) cannot be read.",
            severity=Severity.WARN,
        ),
        remark(
            "track-time-backwards",
            zh="轨迹有 {count} 处时间略有倒退，第一处在第 {point} 点。",
            en="The track's time steps back a little {count} time(s), at point {point} first.",
        ),
    ),
)

TRACK_CLOCK = Check(
    name="track_clock",
    version=1,
    title=Words("轨迹时钟", "Track clock"),
    proves=Words(
        "位置变化时时钟也在走。",
        "The clock runs while the positions move.",
    ),
    leaves=Words(
        "不说明时钟准确。",
        "Not that the clock was right.",
    ),
    media=frozenset({Medium.TRACK}),
    findings=(
        mismatch(
            "track-clock-stopped",
            zh="有 {count} 个点在移动而时间不变，最先是第 {from} 至 {to} 点。",
            en="{count} points move while their time stands, points {from} to {to} first.",
            then=_JUDGE,
            severity=Severity.WARN,
        ),
    ),
)

TRACK_GAPS = Check(
    name="track_gaps",
    version=1,
    title=Words("轨迹间断", "Track gaps"),
    proves=Words(
        "各点之间没有远超通常间隔的空缺。",
        "No stretch between points is far longer than usual.",
    ),
    leaves=Words(
        "不说明间断的原因：隧道、停车或删去都可能。",
        "Not why there is a gap: a tunnel, a stop, or points taken out.",
    ),
    media=frozenset({Medium.TRACK}),
    findings=(
        remark(
            "track-gap",
            zh="轨迹有 {count} 处间断，最长 {seconds} 秒，在第 {from} 与 {to} 点之间。",
            en="The track has {count} gap(s), the longest of {seconds} s between points {from} and {to}.",
            severity=Severity.REMARK,
        ),
    ),
)

TRACK_DATUM = Check(
    name="track_datum",
    version=1,
    title=Words("轨迹坐标系", "Track datum"),
    proves=Words(
        "轨迹与清单的定位在同一坐标系中相符。",
        "Track and manifest agree about the place in the same datum.",
    ),
    leaves=Words(
        "不说明其中任何一个属实。",
        "Not that either of them is true.",
    ),
    media=frozenset({Medium.TRACK}),
    is_telling=True,
    findings=(
        remark(
            "track-datum-gcj02",
            zh="轨迹与清单的定位相距 {metres} 米，按 GCJ-02 换算后只差 {left} 米：轨迹应为 GCJ-02 坐标，按原文显示。",
            en=(
                "The track passes {metres} m from the manifest's fix, {left} m once that is converted to GCJ-02: "
                "the track is in GCJ-02. It is shown as written."
            ),
            severity=Severity.REMARK,
        ),
        remark(
            "track-datum-bd09",
            zh="轨迹与清单的定位相距 {metres} 米，按 BD-09 换算后只差 {left} 米：轨迹应为 BD-09 坐标，按原文显示。",
            en=(
                "The track passes {metres} m from the manifest's fix, {left} m once that is converted to BD-09: "
                "the track is in BD-09. It is shown as written."
            ),
            severity=Severity.REMARK,
        ),
    ),
)

TRACK_TIME_AGREES = Check(
    name="track_time_agrees",
    version=1,
    title=Words("轨迹与清单时间", "Track and manifest times"),
    proves=Words(
        "轨迹在清单签名之前开始。",
        "The track begins before its manifest was signed.",
    ),
    leaves=Words(
        "不说明其中任何一个时间属实。",
        "Not that either time is true.",
    ),
    media=frozenset({Medium.TRACK}),
    is_telling=True,
    findings=(
        remark(
            "track-time-after-signing",
            zh="轨迹始于清单签名之后 {seconds} 秒：接收机与设备的时钟不一致。",
            en="The track begins {seconds} s after the manifest was signed: the two clocks differ.",
            then=("请核对设备时钟。", "Check the device's clock."),
            severity=Severity.REMARK,
        ),
    ),
)

STEPS = (
    TRACK_STEPS,
    TRACK_PACE,
    TRACK_TIMES,
    TRACK_CLOCK,
    TRACK_GAPS,
    TRACK_DATUM,
    TRACK_TIME_AGREES,
)
