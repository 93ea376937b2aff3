"""Whether a file and its manifest say the same of place and time."""

from schemas.checks.rows import ALL_MEDIA, mismatch
from schemas.integrity import Check, Severity
from schemas.words import Words

PLACE_AGREES = Check(
    name="place_agrees",
    version=1,
    title=Words("地点一致", "Places agree"),
    proves=Words(
        "文件内嵌的地点与清单所报相符。",
        "The place in the file and the one in the manifest agree.",
    ),
    leaves=Words(
        "不说明其中任何一个属实。",
        "Not that either of them is true.",
    ),
    media=ALL_MEDIA,
    is_telling=True,
    findings=(
        mismatch(
            "exif-place-differs",
            zh="EXIF 坐标与采集清单相距 {metres} 米。",
            en="The Exif place and the manifest's are {metres} m apart.",
            then=("请查明照片是否在现场拍摄。", "Find out whether the photo was taken at the scene."),
            severity=Severity.WARN,
        ),
    ),
)

TIME_AGREES = Check(
    name="time_agrees",
    version=1,
    title=Words("时间一致", "Times agree"),
    proves=Words(
        "文件内嵌的拍摄时间与清单所报相符。",
        "The time in the file and the one in the manifest agree.",
    ),
    leaves=Words(
        "不说明其中任何一个属实。",
        "Not that either of them is true.",
    ),
    media=ALL_MEDIA,
    is_telling=True,
    findings=(
        mismatch(
            "exif-time-differs",
            zh="EXIF 拍摄时间与采集清单相差 {seconds} 秒。",
            en="The Exif time and the manifest's are {seconds} s apart.",
            then=(
                "请核对设备时钟，并查明照片是否翻拍。",
                "Check the device's clock, and whether this is a picture of a picture.",
            ),
            severity=Severity.INFO,
        ),
    ),
)


AGREEMENT = (
    PLACE_AGREES,
    TIME_AGREES,
)
