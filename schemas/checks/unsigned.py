"""Where and when something was recorded that came without a manifest: what the file itself says of it, or nobody does."""

from schemas.checks.rows import mismatch, not_checked
from schemas.integrity import Check, Severity
from schemas.media import Medium
from schemas.words import Words

_SCENES = frozenset({Medium.PHOTO, Medium.VIDEO, Medium.AUDIO})

UNSIGNED_PLACE = Check(
    name="unsigned_place",
    version=1,
    title=Words("地点来源（无采集清单）", "Place without a manifest"),
    proves=Words(
        "没有采集清单的记录，文件自身写明了拍摄地点。",
        "Of a recording without a manifest the file itself states the place.",
    ),
    leaves=Words(
        "不说明地点属实：没有设备签名。",
        "Not that the place is true: no device signed it.",
    ),
    media=_SCENES,
    is_telling=True,
    findings=(
        mismatch(
            "place-unknown",
            zh="没有采集清单，文件也没有写明拍摄地点。",
            en="There is no manifest, and the file states no place.",
            then=("请以其他方式证明地点。", "Prove the place by other means."),
            severity=Severity.REMARK,
        ),
        not_checked(
            "place-by-file-alone",
            zh="没有采集清单，地点只由文件自身写明。",
            en="There is no manifest: the file alone states the place.",
            then=("请核对地点是否与案情相符。", "Hold the place against what is known of the case."),
        ),
    ),
)

UNSIGNED_TIME = Check(
    name="unsigned_time",
    version=1,
    title=Words("时间来源（无采集清单）", "Time without a manifest"),
    proves=Words(
        "没有采集清单的记录，文件自身写明了录制时间。",
        "Of a recording without a manifest the file itself states when it was made.",
    ),
    leaves=Words(
        "不说明时间属实：没有设备签名，没有校对过的时钟。",
        "Not that the time is true: no device signed it, and no clock was compared.",
    ),
    media=_SCENES,
    is_telling=True,
    findings=(
        mismatch(
            "time-unknown",
            zh="没有采集清单，文件也没有写明录制时间；入库时间是其上限。",
            en="There is no manifest, and the file states no time. It was made before its receipt; no more is known.",
            then=("请以其他方式证明时间。", "Prove the time by other means."),
            severity=Severity.REMARK,
        ),
        not_checked(
            "time-by-file-alone",
            zh="没有采集清单，时间只由文件自身写明。",
            en="There is no manifest: the file alone states the time.",
            then=("请核对时间是否与案情相符。", "Hold the time against what is known of the case."),
        ),
    ),
)

UNSIGNED = (UNSIGNED_PLACE, UNSIGNED_TIME)
