"""What a photo says about itself."""

from schemas.checks.rows import mismatch, not_checked, remark
from schemas.integrity import Check, Severity
from schemas.media import Medium
from schemas.words import Words

EXIF = Check(
    name="exif",
    version=1,
    title=Words("照片内嵌信息（EXIF）", "Exif"),
    proves=Words(
        "照片内嵌信息（EXIF）可以读取。",
        "The photo's own information (EXIF) can be read.",
    ),
    leaves=Words(
        "不说明其内容属实：它可以被改写。",
        "Not that it is true: it can be rewritten.",
    ),
    media=frozenset({Medium.PHOTO}),
    findings=(
        not_checked(
            "exif-absent",
            zh="照片不含 EXIF 拍摄信息。",
            en="The photo carries no Exif facts.",
            then=("时间与地点以采集清单为准。", "Time and place rest on the manifest alone."),
        ),
        not_checked(
            "exif-unreadable", zh="EXIF 拍摄信息无法完整读取。", en="The Exif facts cannot be read in full."
        ),
        remark(
            "exif-partly-unreadable",
            zh="照片内嵌信息（EXIF）有一部分无法读取。",
            en="Part of the photo's own information (EXIF) cannot be read.",
        ),
    ),
)

EXIF_TIME = Check(
    name="exif_time",
    version=2,
    title=Words("内嵌拍摄时间（EXIF）", "Exif time"),
    proves=Words(
        "照片内嵌的拍摄时间是可能的时间。",
        "The photo's own time is a possible one.",
    ),
    leaves=Words(
        "不说明相机时钟准确。",
        "Not that the camera's clock was right.",
    ),
    media=frozenset({Medium.PHOTO}),
    findings=(
        mismatch(
            "exif-date-impossible",
            zh="EXIF 拍摄时间不可能存在：{raw}。",
            en="The Exif time cannot exist: {raw}.",
            then=(
                "原文已保留；请检查设备时钟，时间以采集清单为准。",
                "The text is kept. Check the device's clock; the time rests on the manifest.",
            ),
            severity=Severity.WARN,
        ),
        remark(
            "exif-date-unset",
            zh="相机没有写明拍摄时间（写的是：{raw}），可能时钟没有设置。",
            en="The camera states no time (it wrote: {raw}); its clock was probably never set.",
            then=("时间以采集清单为准。", "The time rests on the manifest."),
            severity=Severity.REMARK,
        ),
    ),
)

EXIF_PLACE = Check(
    name="exif_place",
    version=2,
    title=Words("内嵌拍摄地点（EXIF）", "Exif place"),
    proves=Words(
        "照片内嵌的地点是可能的坐标。",
        "The photo's own place is a possible one.",
    ),
    leaves=Words(
        "不说明照片在该处拍摄。",
        "Not that the photo was taken there.",
    ),
    media=frozenset({Medium.PHOTO}),
    findings=(
        mismatch(
            "exif-place-impossible",
            zh="EXIF 坐标不可能存在。",
            en="The Exif coordinates cannot exist.",
            then=("地点以采集清单为准。", "The place rests on the manifest."),
            severity=Severity.WARN,
        ),
        remark(
            "exif-place-unset",
            zh="照片留有坐标栏，但没有写入坐标（没有定位）。",
            en="The photo has room for coordinates and holds none: there was no fix.",
            then=("地点以采集清单为准。", "The place rests on the manifest."),
            severity=Severity.REMARK,
        ),
        remark(
            "exif-place-zero",
            zh="照片内嵌的坐标是纬度 0、经度 0，即没有定位，不作为地点。",
            en="The photo's coordinates are 0 N 0 E, which means no fix; they are not taken for a place.",
            then=("地点以采集清单为准。", "The place rests on the manifest."),
            severity=Severity.REMARK,
        ),
        remark(
            "exif-datum-shifted",
            zh="照片内嵌坐标写明的坐标系是 {datum}，不是 WGS-84；坐标按原文保留，未换算，画在地图上会偏几百米。",
            en="The photo states its coordinates in the datum {datum}, not in WGS-84. They are kept as written and not"
            " converted; drawn on a map they lie some hundred metres off.",
            severity=Severity.REMARK,
        ),
    ),
)


FACTS = (
    EXIF,
    EXIF_TIME,
    EXIF_PLACE,
)
