"""Sound inside a file: a recording of its own, or that of a video."""

from schemas.checks.rows import RETAKE, mismatch, not_checked
from schemas.integrity import Check, Severity
from schemas.media import Medium
from schemas.words import Words

_HEARD = frozenset({Medium.VIDEO, Medium.AUDIO})

SOUND = Check(
    name="sound",
    version=1,
    title=Words("声音", "Sound"),
    proves=Words(
        "每一路声音都已从头到尾解码，没有损坏。",
        "Every stream of sound was decoded from its beginning to its end without damage.",
    ),
    leaves=Words(
        "不说明录到了什么，也不说明声音未被剪辑。",
        "Not what was recorded, nor that the sound was not edited.",
    ),
    media=_HEARD,
    findings=(
        mismatch(
            "sound-damaged",
            zh="声音损坏：{packets} 个音频数据包中至少 {count} 个无法正常解码，最早在第 {at_seconds} 秒"
            "（程序报告：{reason}）。",
            en="The sound is damaged: at least {count} of {packets} sound packets do not decode, the first at second"
            " {at_seconds} ({reason}).",
            then=RETAKE,
        ),
        mismatch(
            "sound-short",
            zh="容器写明声音有 {given} 秒，只解出 {heard} 秒。",
            en="The container gives {given} seconds of sound; {heard} could be decoded.",
            then=RETAKE,
            severity=Severity.WARN,
        ),
        not_checked(
            "sound-unsupported",
            zh="没有可用的音频解码器（程序报告：{reason}），声音未检查。",
            en="No decoder for this sound ({reason}); it was not checked.",
            then=(
                "字节已完整保存，可用原厂软件播放。",
                "The bytes are kept whole and can be played with the maker's software.",
            ),
        ),
        not_checked(
            "sound-partly",
            zh="声音超过一次检查的工作量上限，只检查了开头部分。",
            en="There is more sound than one look may cost; only its beginning was checked.",
        ),
    ),
)

SOUNDS = (SOUND,)
