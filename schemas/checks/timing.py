"""The clock of a film: what its time stamps say about what is missing."""

from schemas.checks.rows import RETAKE, mismatch, remark
from schemas.integrity import Check, Severity
from schemas.media import Medium
from schemas.words import Words

_LOOK = (
    "请查看该时段前后的画面，问明录制是否中断；如设备中有原件，请重新上传。",
    "Look at the pictures around it and ask whether recording was interrupted. If the device has more, upload it again.",
)

TIMING = Check(
    name="timing",
    version=2,
    title=Words("画面时间", "Timing of pictures"),
    proves=Words(
        "画面按时间先后排列，帧率恒定的录像中没有空缺，长度与文件头所写相符。",
        "Pictures follow each other in time, a film of constant rate has no hole, and it is as long as its header says.",
    ),
    leaves=Words(
        "不说明时间本身正确，也不说明未被剪辑。",
        "Not that the time itself is right, nor that the film was not edited.",
    ),
    media=frozenset({Medium.VIDEO}),
    findings=(
        remark(
            "timing-doubled",
            zh="有 {count} 帧画面与前一帧时间相同。",
            en="{count} picture(s) have the same time as the one before.",
            severity=Severity.REMARK,
        ),
        remark(
            "timing-length-differs",
            zh="文件头写明长 {promised} 秒，实际长 {found} 秒。",
            en="The header says {promised} seconds; the film is {found} seconds long.",
            severity=Severity.REMARK,
        ),
        remark(
            "timing-pause",
            zh="录制曾暂停：第 {from_seconds} 至 {to_seconds} 秒没有画面（共 {count} 处），文件已标明。",
            en="Recording was paused: no picture from second {from_seconds} to {to_seconds} ({count} place(s) in all);"
            " the file says so.",
            severity=Severity.REMARK,
        ),
        mismatch(
            "timing-hole",
            zh="画面有空缺：第 {from_seconds} 至 {to_seconds} 秒没有画面（共 {count} 处）。",
            en="Pictures are missing: there is none from second {from_seconds} to {to_seconds} ({count} place(s) in all).",
            then=_LOOK,
            severity=Severity.WARN,
        ),
        mismatch(
            "timing-runs-back",
            zh="画面时间从第 {to_seconds} 秒倒退到第 {from_seconds} 秒。",
            en="The time of the pictures runs back from second {to_seconds} to {from_seconds}.",
            then=_LOOK,
            severity=Severity.WARN,
        ),
        mismatch(
            "timing-length-absurd",
            zh="文件头写明长 {promised} 秒，时间表却长 {found} 秒，两者矛盾。",
            en="The header says {promised} seconds, the table of times {found}: they contradict each other.",
            then=RETAKE,
            severity=Severity.WARN,
        ),
        mismatch(
            "timing-length-short",
            zh="文件头写明长 {promised} 秒，实际只有 {found} 秒。",
            en="The header promises {promised} seconds; only {found} are there.",
            then=RETAKE,
            severity=Severity.WARN,
        ),
    ),
)

TIMINGS = (TIMING,)
