"""Place and time of a recording, held against those of the case that it is linked to."""

from schemas.checks.rows import remark
from schemas.integrity import Check, Severity
from schemas.words import Words

SCENE_PLACE = Check(
    name="scene_place",
    version=1,
    title=Words("地点与案件一致", "Place of the case"),
    proves=Words(
        "记录的地点（设备、文件或轨迹所报）在案件地点附近。",
        "A place of the recording – by the device, the file or its track – is near that of the case.",
    ),
    leaves=Words(
        "不说明在别处拍摄的记录与本案无关：询问、送达往往不在现场。",
        "Not that what was recorded elsewhere has nothing to do with the case: people are heard and served elsewhere.",
    ),
    findings=(
        remark(
            "scene-apart",
            zh="记录的地点距案件地点 {metres} 米，超出推荐关联的距离。",
            en="The recording's place is {metres} m from that of the case, beyond the distance of suggested ties.",
            then=("请确认它记录的是哪个环节。", "Make sure which step of the case it records."),
        ),
        remark(
            "scene-far",
            zh="记录的地点距案件地点 {kilometres} 公里。",
            en="The recording's place is {kilometres} km from that of the case.",
            then=(
                "请确认是否关联错了案件，或定位、案件地点有误。",
                "Make sure that it is linked to the right case, and that neither place is wrong.",
            ),
            severity=Severity.REMARK,
        ),
    ),
)

SCENE_TIME = Check(
    name="scene_time",
    version=1,
    title=Words("时间与案件一致", "Time of the case"),
    proves=Words(
        "记录不早于案件所载的发生时间，或早得不多。",
        "The recording is not, or not much, before the time at which the matter of the case occurred.",
    ),
    leaves=Words(
        "不说明其中任何一个时间属实；事后的记录（检查、询问、送达）不比对。",
        "Not that either time is true; what comes after the matter – inspection, hearing, service – is not compared.",
    ),
    findings=(
        remark(
            "scene-before",
            zh="记录的拍摄时间比案件所载的发生时间早 {hours} 小时。",
            en="The recording was captured {hours} h before the time at which the matter occurred.",
            then=(
                "请确认是否关联错了案件，或案件时间、设备时钟有误。",
                "Make sure that it is linked to the right case, and that neither time is wrong.",
            ),
            severity=Severity.REMARK,
        ),
    ),
)

SCENES = (SCENE_PLACE, SCENE_TIME)
