"""The points of a track, each by itself and as a whole; what lies between them stands in `steps`."""

from schemas.checks.rows import RETAKE, mismatch, not_checked, remark
from schemas.checks.steps import STEPS
from schemas.integrity import Check, Severity
from schemas.media import Medium
from schemas.words import Words

TRACK_POINTS = Check(
    name="track_points",
    version=2,
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
            zh="轨迹有 {count} 个坐标不可能存在的点，第一个是第 {point} 点。",
            en="{count} point(s) of the track have impossible coordinates, point {point} first.",
            severity=Severity.WARN,
        ),
        remark(
            "track-marks-only",
            zh="文件只有 {count} 个标记点，没有轨迹线。",
            en="The file holds {count} mark(s) and no line of points.",
        ),
        not_checked(
            "track-empty", zh="轨迹文件不含任何点。", en="The track holds no point.", severity=Severity.WARN
        ),
    ),
)

TRACK_FIXES = Check(
    name="track_fixes",
    version=1,
    title=Words("有效定位", "Fixes"),
    proves=Words(
        "每个点都来自一次有效定位。",
        "Every point is of a fix that the receiver had.",
    ),
    leaves=Words(
        "不说明定位准确。",
        "Not that the positions are exact.",
    ),
    media=frozenset({Medium.TRACK}),
    findings=(
        mismatch(
            "track-nowhere",
            zh="轨迹的全部 {count} 个点都在零度经纬线交点：接收机从未定位。",
            en="All {count} points of the track lie at 0° N 0° E: the receiver never had a fix.",
            then=("请检查设备天线与定位开关。", "Check the device's antenna and whether positioning was on."),
            severity=Severity.WARN,
        ),
        remark(
            "track-zero-island",
            zh="轨迹有 {count} 个点在零度经纬线交点（未定位时所写），第一个是第 {point} 点；未画入地图。",
            en="{count} point(s) lie at 0° N 0° E, as a receiver writes without a fix, point {point} first; not drawn.",
            severity=Severity.REMARK,
        ),
        remark(
            "track-fix-void",
            zh="接收机有 {count} 次报告没有定位，未计入轨迹点。",
            en="The receiver said {count} time(s) that it had no fix; these are no points.",
        ),
    ),
)

TRACK_ERA = Check(
    name="track_era",
    version=1,
    title=Words("轨迹年代", "Track years"),
    proves=Words(
        "轨迹的时间在可能的年代内。",
        "The times of the track lie in possible years.",
    ),
    leaves=Words(
        "不说明接收机时钟准确。",
        "Not that the receiver's clock was right.",
    ),
    media=frozenset({Medium.TRACK}),
    findings=(
        remark(
            "track-time-rollover",
            zh="轨迹始于 {start}，时钟可能错过卫星周数归零（每 1024 周）：加 1024 周为 {shifted}。时间按原文显示。",
            en=(
                "The track begins at {start}: the receiver's clock may have missed a rollover of its week number; "
                "1024 weeks later is {shifted}. The time is shown as written."
            ),
            then=(
                "请以采集清单和接收时间为准，并更新设备固件。",
                "Rely on the manifest and the time of receipt, and update the device's firmware.",
            ),
            severity=Severity.REMARK,
        ),
        remark(
            "track-time-old",
            zh="轨迹始于 {start}，早于设备可能工作的年代：时钟未设置。时间按原文显示。",
            en="The track begins at {start}, before such devices were at work: the clock was not set. Shown as written.",
            then=("请以采集清单和接收时间为准。", "Rely on the manifest and the time of receipt."),
            severity=Severity.REMARK,
        ),
        mismatch(
            "track-time-far",
            zh="轨迹的时间到 {end}，尚未到来：时钟有误，或数据被改动。",
            en="The track's times reach {end}, which is yet to come: the clock was wrong, or the bytes were changed.",
            then=("请以采集清单和接收时间为准。", "Rely on the manifest and the time of receipt."),
            severity=Severity.WARN,
        ),
    ),
)

TRACK_REPEATS = Check(
    name="track_repeats",
    version=1,
    title=Words("轨迹重复段", "Repeated stretches"),
    proves=Words(
        "没有一段点在轨迹中出现两次。",
        "No stretch of points stands in the track twice.",
    ),
    leaves=Words(
        "不说明没有删去的点。",
        "Not that no points were taken out.",
    ),
    media=frozenset({Medium.TRACK}),
    findings=(
        mismatch(
            "track-doubled",
            zh="第 {from} 至 {to} 点与第 {original} 点起的一段地点、时间都相同：同一段写了两次。",
            en="Points {from} to {to} repeat those from point {original} on, place and time alike.",
            then=(
                "请比对设备上的原件，查明是导出时重复还是文件被拼接。",
                "Compare with the original on the device: exported twice, or put together from pieces.",
            ),
            severity=Severity.WARN,
        ),
        remark(
            "track-places-doubled",
            zh="第 {from} 至 {to} 点与第 {original} 点起的一段地点相同；这些点没有时间。",
            en="Points {from} to {to} repeat the places from point {original} on; they have no times.",
        ),
    ),
)

TRACK_SENTENCES = Check(
    name="track_sentences",
    version=1,
    title=Words("定位语句", "Receiver sentences"),
    proves=Words(
        "每条语句完整，与其校验和相符。",
        "Every sentence is whole and agrees with its checksum.",
    ),
    leaves=Words(
        "不说明没有缺少语句。",
        "Not that no sentence is missing.",
    ),
    media=frozenset({Medium.TRACK}),
    findings=(
        mismatch(
            "nmea-checksum-wrong",
            zh="{count} 条语句与校验和不符或无法读取，第一条在第 {line} 行。",
            en="{count} sentence(s) differ from their checksum or cannot be read, first at line {line}.",
            then=RETAKE,
            severity=Severity.WARN,
        ),
        mismatch(
            "nmea-strange-lines",
            zh="语句之间夹有 {count} 行不是文字的内容，第一行是第 {line} 行。",
            en="{count} line(s) between the sentences are no text, line {line} first.",
            then=RETAKE,
            severity=Severity.WARN,
        ),
        mismatch(
            "nmea-cut",
            zh="最后一条语句（第 {line} 行）不完整：文件在记录中断开。",
            en="The last sentence, line {line}, is not whole: the file was cut off.",
            then=RETAKE,
            severity=Severity.WARN,
        ),
        remark(
            "nmea-no-checksum",
            zh="{count} 条语句没有校验和，其内容无法核对。",
            en="{count} sentence(s) carry no checksum and cannot be held against one.",
        ),
    ),
)

TRACK_LINE = Check(
    name="track_line",
    version=2,
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
    TRACK_POINTS,
    TRACK_FIXES,
    TRACK_ERA,
    TRACK_REPEATS,
    TRACK_SENTENCES,
    TRACK_LINE,
    *STEPS,
)
