"""What can be seen at all: black, blown out, blurred, frozen."""

from schemas.checks.rows import mismatch, remark
from schemas.integrity import Check, Severity
from schemas.media import Medium
from schemas.words import Words

_AGAIN = (
    "请核对拍摄内容；如现场仍在，请重新拍摄，并检查镜头与设备。",
    "See whether it shows what it should. If the scene is still there, please record again, and check lens and device.",
)

CONTENT = Check(
    name="content",
    version=2,
    title=Words("画面内容", "What can be seen"),
    proves=Words(
        "照片、录像的关键帧不是全黑、全白，录像画面没有长时间定格。",
        "The photo, or the key frames of the film, are not all black or white, and the film does not stand still.",
    ),
    leaves=Words(
        "不说明拍到了什么，也不说明画面清楚。",
        "Not what is shown, nor that it can be made out.",
    ),
    media=frozenset({Medium.PHOTO, Medium.VIDEO}),
    findings=(
        remark(
            "content-even",
            zh="画面没有可辨认的内容，可能被遮挡或对着空白处。",
            en="Nothing can be made out in the picture: it may be covered, or point at nothing.",
            then=_AGAIN,
            severity=Severity.REMARK,
        ),
        remark(
            "content-blown",
            zh="画面几乎全白，曝光过度。",
            en="The picture is almost all white: over-exposed.",
            then=_AGAIN,
            severity=Severity.REMARK,
        ),
        remark(
            "content-blurred",
            zh="画面非常模糊。",
            en="The picture is badly blurred.",
            then=_AGAIN,
            severity=Severity.REMARK,
        ),
        remark(
            "content-black-part",
            zh="第 {from_seconds} 至 {to_seconds} 秒画面全黑（{count} 个关键帧）。",
            en="The picture is black from second {from_seconds} to {to_seconds} ({count} key frames).",
            then=_AGAIN,
            severity=Severity.REMARK,
        ),
        mismatch(
            "content-frozen",
            zh="画面定格：第 {from_seconds} 至 {to_seconds} 秒完全不变（{count} 个关键帧）。",
            en="The picture stands still: it does not change from second {from_seconds} to {to_seconds} ({count} key"
            " frames).",
            then=(
                "请查看该时段。屏幕录像可能如此；摄像机画面定格应视为设备故障，如现场仍在，请重新录制。",
                "A recording of a screen may be like that; a camera that does it is broken: please record again.",
            ),
            severity=Severity.WARN,
        ),
        mismatch(
            "content-black",
            zh="画面全黑，没有任何内容，镜头可能被遮挡。",
            en="The picture is black throughout and shows nothing; the lens may have been covered.",
            then=_AGAIN,
            severity=Severity.WARN,
        ),
    ),
)

CONTENTS = (CONTENT,)
