"""Sound inside a file: a recording of its own, or that of a video."""

from schemas.checks.rows import RETAKE, mismatch, not_checked, remark
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
        mismatch(
            "sound-gap",
            zh="录音的时间轴长 {span} 秒，其中只有 {heard} 秒声音，其余缺失。",
            en="The recording's clock runs for {span} seconds; it holds {heard} seconds of sound, the rest is missing.",
            then=RETAKE,
            severity=Severity.WARN,
        ),
        mismatch(
            "sound-sum-differs",
            zh="解出的声音与编码时写入的校验和不符。",
            en="The decoded sound differs from the sum that its encoder wrote into the file.",
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

FRAMES = Check(
    name="sound_frames",
    version=2,
    title=Words("录音文件结构", "Structure of the sound file"),
    proves=Words(
        "录音文件的帧、页或数据块一个接一个，直到文件末尾。",
        "Frames, pages or chunks of the sound file follow each other to its end.",
    ),
    leaves=Words(
        "不说明整段被删去后重新拼接的录音是完整的。",
        "Not that nothing was taken out where the rest was joined again.",
    ),
    media=frozenset({Medium.AUDIO}),
    findings=(
        mismatch(
            "frames-broken",
            zh="录音中有 {count} 处、共 {bytes} 字节不是声音数据，最早在第 {at_seconds} 秒。",
            en="At {count} place(s) {bytes} bytes of the recording are no sound, the first at second {at_seconds}.",
            then=RETAKE,
        ),
        mismatch(
            "frames-missing",
            zh="文件开头写明 {promised} 帧声音，只有 {found} 帧。",
            en="The beginning of the file names {promised} frames of sound; there are {found}.",
            then=RETAKE,
            severity=Severity.WARN,
        ),
        mismatch(
            "sound-unwritten",
            zh="最后 {bytes} 字节全为零，且从存储扇区边界开始：预留了空间但未写入声音。",
            en="The last {bytes} bytes are zeros from the edge of a sector on: room was reserved, and no sound written.",
            then=RETAKE,
            severity=Severity.WARN,
        ),
        mismatch(
            "pages-broken",
            zh="录音的 {pages} 页中有 {count} 页损坏，声音不完整。",
            en="{count} of {pages} pages of the recording are damaged; its sound is not whole.",
            then=RETAKE,
        ),
        mismatch(
            "pages-missing",
            zh="录音的页号不连续，至少缺少 {count} 页声音。",
            en="The pages of the recording do not follow each other: at least {count} page(s) of sound are missing.",
            then=RETAKE,
            severity=Severity.WARN,
        ),
        remark(
            "frames-joined",
            zh="声音之间夹有 {bytes} 字节的标签，文件由几段录音拼接而成。",
            en="Tags of {bytes} bytes lie between sounds: the file was joined from several recordings.",
            severity=Severity.REMARK,
        ),
        remark(
            "bytes-behind",
            zh="文件头写明的声音之后还有 {bytes} 字节，未作为声音检查。",
            en="{bytes} bytes follow the sound that the header names; they were not checked as sound.",
            severity=Severity.REMARK,
        ),
        remark(
            "sound-open",
            zh="文件没有正常收尾（未写明长度或结束标记），声音一直检查到文件末尾。",
            en="The file was never closed: length or end mark were not written. Its sound was checked to the last byte.",
            severity=Severity.REMARK,
        ),
        remark(
            "frames-lead",
            zh="第一帧声音之前有 {bytes} 字节，多为从较长录音中截取所致。",
            en="{bytes} bytes come before the first frame of sound, as where it was taken from a longer recording.",
        ),
        remark(
            "frames-padding",
            zh="声音之后有 {bytes} 字节的零，为设备预留空间。",
            en="{bytes} zero bytes follow the sound: room that the device had set aside.",
        ),
    ),
)

LENGTH = Check(
    name="sound_length",
    version=1,
    title=Words("画面与声音的时长", "Length of picture and sound"),
    proves=Words(
        "画面与声音的时长一致。",
        "Picture and sound are of one length.",
    ),
    leaves=Words(
        "不说明画面与声音同步。",
        "Not that picture and sound are in step.",
    ),
    media=frozenset({Medium.VIDEO}),
    findings=(
        mismatch(
            "pictures-stop",
            zh="画面只有 {pictures} 秒，声音有 {sound} 秒：录像中途不再有画面。",
            en="The picture ends after {pictures} of {sound} seconds of sound: from there on nothing was filmed.",
            then=RETAKE,
            severity=Severity.WARN,
        ),
        remark(
            "pictures-shorter",
            zh="画面 {pictures} 秒，声音 {sound} 秒，画面先结束。",
            en="{pictures} seconds of picture, {sound} of sound: the picture ends first.",
            severity=Severity.REMARK,
        ),
        remark(
            "sound-shorter",
            zh="画面 {pictures} 秒，声音只有 {sound} 秒。",
            en="{pictures} seconds of picture, only {sound} of sound.",
            severity=Severity.REMARK,
        ),
    ),
)

CONTENT = Check(
    name="sound_content",
    version=1,
    title=Words("声音内容", "What the sound is like"),
    proves=Words(
        "声音没有突然中断，不是全程静音，也没有明显过载。",
        "The sound does not break off, is not silent throughout and is not overdriven.",
    ),
    leaves=Words(
        "不说明说话内容可以听清。",
        "Not that what is said can be understood.",
    ),
    media=_HEARD,
    findings=(
        mismatch(
            "sound-dropped",
            zh="声音有 {count} 处突然中断，最早在第 {from_seconds} 至 {to_seconds} 秒：数据丢失或被抹去。",
            en="The sound breaks off at {count} place(s), the first from second {from_seconds} to {to_seconds}: data were"
            " lost or wiped.",
            then=RETAKE,
            severity=Severity.WARN,
        ),
        mismatch(
            "sound-silent",
            zh="录音 {seconds} 秒全程无声，可能未接通麦克风。",
            en="All {seconds} seconds of the recording are silent; the microphone may have been off.",
            then=RETAKE,
            severity=Severity.WARN,
        ),
        remark(
            "sound-off",
            zh="录像的声音全程无声，可能关闭了麦克风。",
            en="The film's sound is silent throughout; the microphone may have been off.",
            severity=Severity.REMARK,
        ),
        remark(
            "sound-pauses",
            zh="声音有较长时间完全无声，最长在第 {from_seconds} 至 {to_seconds} 秒。",
            en="For a long time nothing at all is heard, the longest from second {from_seconds} to {to_seconds}.",
            severity=Severity.REMARK,
        ),
        remark(
            "sound-gated",
            zh="声音的停顿处被设备切为静音。",
            en="The device cuts pauses to silence.",
        ),
        remark(
            "sound-clipped",
            zh="声音过载：{percent}% 的采样达到上限，可能失真。",
            en="The sound is overdriven: {percent}% of its samples are at the limit; it may be distorted.",
            severity=Severity.REMARK,
        ),
    ),
)

SOUNDS = (SOUND, FRAMES, LENGTH, CONTENT)
