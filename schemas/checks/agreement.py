"""What a file says about its place and time, held against its manifest and its receipt."""

from schemas.checks.rows import ALL_MEDIA, mismatch, remark
from schemas.integrity import Check, Severity
from schemas.media import Medium
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
    version=2,
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
        remark(
            "exif-time-zone",
            zh="EXIF 拍摄时间与采集清单正好相差 {hours} 小时，像是时区设置不同，不像时钟不准。",
            en="The Exif time and the manifest's are {hours} hours apart to the minute: it looks like a zone, not like a"
            " wrong clock.",
            then=("请核对设备的时区设置。", "Check the zone that the device is set to."),
            severity=Severity.REMARK,
        ),
        mismatch(
            "exif-time-far",
            zh="EXIF 拍摄时间与采集清单相差 {days} 天。",
            en="The Exif time and the manifest's are {days} days apart.",
            then=(
                "请查明照片是否当时拍摄；相机时钟也可能没有设置。",
                "Find out whether the photo was taken then; the camera's clock may also never have been set.",
            ),
            severity=Severity.WARN,
        ),
    ),
)

TIME_POSSIBLE = Check(
    name="time_possible",
    version=1,
    title=Words("内嵌时间合理", "A time that can be"),
    proves=Words(
        "照片内嵌的拍摄时间不早于这类设备出现，不晚于收到之后一天，也与卫星时间相合。",
        "The photo's own time is not before there were such devices, not a day behind its receipt, and fits its"
        " satellites'.",
    ),
    leaves=Words(
        "不说明该时间属实。",
        "Not that it is true.",
    ),
    media=frozenset({Medium.PHOTO}),
    findings=(
        mismatch(
            "stated-time-early",
            zh="EXIF 拍摄时间（{raw}）早于 {first_year} 年，时钟多半没有设置，或照片是旧的。",
            en="The Exif time ({raw}) is before {first_year}: the clock was probably never set, or the photo is old.",
            then=(
                "时间以采集清单为准；请查明照片来历。",
                "The time rests on the manifest. Find out where the photo is from.",
            ),
            severity=Severity.WARN,
        ),
        mismatch(
            "stated-time-late",
            zh="EXIF 拍摄时间（{raw}）比收到的时间晚一天以上。",
            en="The Exif time ({raw}) is more than a day behind the receipt.",
            then=(
                "时间以采集清单为准；请核对设备时钟。",
                "The time rests on the manifest. Check the device's clock.",
            ),
            severity=Severity.WARN,
        ),
        remark(
            "gps-week-rollover",
            zh="文件内嵌的时间正好落后 {weeks} 周，是旧卫星接收机周数回零所致，不是真实时间。",
            en="A time in the file is behind by exactly {weeks} weeks: an old receiver's count of weeks began anew.",
            then=("时间以采集清单为准。", "The time rests on the manifest."),
            severity=Severity.REMARK,
        ),
        remark(
            "gps-time-differs",
            zh="EXIF 拍摄时间与照片内的卫星时间相差 {days} 天。",
            en="The Exif time and the satellites' time in the photo are {days} days apart.",
            then=(
                "请核对设备时钟；定位也可能是旧的。",
                "Check the device's clock; the position may also be an old one.",
            ),
            severity=Severity.REMARK,
        ),
    ),
)

AREA = Check(
    name="place_in_area",
    version=1,
    title=Words("地点在辖区内", "Place in the area"),
    proves=Words(
        "记录的地点（设备、文件或轨迹所报）都在本单位设置的辖区范围内或其近旁。",
        "Every place of the recording – by the device, the file or its track – lies in or near the area of the agency.",
    ),
    leaves=Words(
        "不说明地点属实，也不说明在辖区外的执法没有依据：委托、协助、移送都可能在辖区外。",
        "Not that a place is true, nor that an act outside had no ground: agencies entrust, help and hand over.",
    ),
    media=ALL_MEDIA,
    is_telling=True,
    findings=(
        remark(
            "place-outside-area",
            zh="记录的地点在辖区范围之外 {kilometres} 公里。",
            en="The recording's place lies {kilometres} km outside the area of the agency.",
            then=(
                "请确认定位是否准确；确在辖区外执法的，请写明依据。",
                "Make sure that the place is right; who acted outside states on what ground.",
            ),
            severity=Severity.REMARK,
        ),
        remark(
            "track-outside-area",
            zh="轨迹有一段在辖区范围之外，最远 {kilometres} 公里。",
            en="A part of the track lies outside the area of the agency, up to {kilometres} km.",
            then=(
                "请确认定位是否准确；确在辖区外执法的，请写明依据。",
                "Make sure that the places are right; who acted outside states on what ground.",
            ),
            severity=Severity.REMARK,
        ),
    ),
)

AGREEMENT = (PLACE_AGREES, TIME_AGREES, TIME_POSSIBLE, AREA)
