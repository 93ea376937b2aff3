"""Indexes, fragments and packet counters of containers: what is promised against what is there."""

from schemas.checks.rows import RETAKE, mismatch, remark
from schemas.integrity import Check, Severity
from schemas.media import Medium
from schemas.words import Words

_MOVING = frozenset({Medium.VIDEO, Medium.AUDIO})
_HOLE = (
    "请查看该时段前后的画面；如设备中有原件，请重新上传。",
    "Look at what stands before and after it. If the device still holds the original, upload it again.",
)

INDEX = Check(
    name="index",
    version=1,
    title=Words("索引", "Index"),
    proves=Words(
        "索引的各张表互相一致，所指的数据都在文件之内。",
        "The tables of the index agree, and all that they point to lies in the file.",
    ),
    leaves=Words(
        "不说明所指的数据内容完好。",
        "Not that the data they point to is sound.",
    ),
    media=_MOVING,
    findings=(
        remark(
            "index-irregular",
            zh="索引的 {table} 表有 {found} 项，应为 {promised} 项；内容可读。",
            en="Table {table} of the index has {found} entries instead of {promised}; the content can be read.",
            severity=Severity.REMARK,
        ),
        remark(
            "avi-without-index",
            zh="录像没有索引（index），播放时不能快速定位；画面逐个读取，未受影响。",
            en="The video has no index, so players cannot jump in it; its pictures were read one by one.",
            severity=Severity.REMARK,
        ),
        mismatch(
            "avi-not-closed",
            zh="录像没有正常结束：文件头未填写、索引（index）缺失，已读到 {frames} 帧，末尾可能不完整。",
            en="The video was not closed: its header was never finished and its index is missing. {frames} frames"
            " could be read; the end may be cut short.",
            then=(
                "多为录制中断电；请保留设备存储卡，并补录缺少的部分。",
                "The camera probably lost power. Keep its card, and record what is missing again.",
            ),
            severity=Severity.WARN,
        ),
        mismatch(
            "avi-cut",
            zh="录像没有正常结束：末尾被截断（缺少 {missing_bytes} 字节），索引（index）缺失，已读到 {frames} 帧。",
            en="The video was not closed: it is cut short ({missing_bytes} bytes are missing) and its index is missing."
            " {frames} frames could be read.",
            then=(
                "多为录制中断电；请保留设备存储卡，并补录缺少的部分。",
                "The camera probably lost power. Keep its card, and record what is missing again.",
            ),
            severity=Severity.WARN,
        ),
        mismatch(
            "index-astray",
            zh="索引 {entries} 项中有 {count} 项指向媒体数据之外。",
            en="{count} of {entries} entries of the index point to where no media data is.",
            then=RETAKE,
            severity=Severity.WARN,
        ),
        mismatch(
            "index-empty",
            zh="声音的 {entries} 个样本中有 {count} 个为空。",
            en="{count} of {entries} samples of the sound are empty.",
            then=RETAKE,
            severity=Severity.WARN,
        ),
        mismatch(
            "index-overlaps",
            zh="索引 {entries} 项中有 {count} 项与下一项重叠：长度或位置有误。",
            en="{count} of {entries} entries of the index reach into the next one: their lengths or places are wrong.",
            then=RETAKE,
            severity=Severity.WARN,
        ),
        mismatch(
            "index-disagrees",
            zh="索引互相矛盾：{table} 表为 {found} 项，应为 {promised} 项。",
            en="The index contradicts itself: table {table} has {found} entries instead of {promised}.",
            then=RETAKE,
        ),
        mismatch(
            "index-outside",
            zh="索引 {entries} 项中有 {count} 项指向文件之外，数据缺失。",
            en="{count} of {entries} entries of the index point beyond the file: data is missing.",
            then=RETAKE,
        ),
        mismatch(
            "boxes-torn",
            zh="容器结构损坏：有 {count} 处长度与所在结构不符。",
            en="The structure is damaged: {count} element(s) do not fit into what they are in.",
            then=RETAKE,
        ),
        mismatch(
            "elements-damaged",
            zh="容器中有 {count} 处校验值与内容不符，数据损坏。",
            en="{count} checksum(s) inside of the file do not match: its data is damaged.",
            then=RETAKE,
        ),
    ),
)

FRAGMENTS = Check(
    name="fragments",
    version=1,
    title=Words("分段", "Fragments"),
    proves=Words(
        "录像各分段按序号和时钟前后相接，没有缺失、重复或颠倒。",
        "The fragments of the video follow each other by number and clock: none is lost, doubled or swapped.",
    ),
    leaves=Words(
        "不说明第一段之前、最后一段之后没有内容。",
        "Not that nothing was recorded before the first or after the last.",
    ),
    media=_MOVING,
    findings=(
        remark(
            "fragments-clock-jump",
            zh="录像时钟在第 {from_seconds} 秒处跳到第 {to_seconds} 秒，分段序号连续：录制曾暂停。",
            en="The clock of the video jumps from second {from_seconds} to {to_seconds}, while its fragments are"
            " numbered on: recording was paused.",
            severity=Severity.REMARK,
        ),
        mismatch(
            "fragments-swapped",
            zh="录像分段的次序颠倒（第 {from_seconds} 至 {to_seconds} 秒）。",
            en="Fragments of the video are out of order (seconds {from_seconds} to {to_seconds}).",
            then=_HOLE,
            severity=Severity.WARN,
        ),
        mismatch(
            "fragments-doubled",
            zh="录像有分段重复出现（第 {from_seconds} 至 {to_seconds} 秒）。",
            en="A fragment of the video is there twice (seconds {from_seconds} to {to_seconds}).",
            then=_HOLE,
            severity=Severity.WARN,
        ),
        mismatch(
            "fragments-missing",
            zh="录像缺少分段：第 {from_seconds} 至 {to_seconds} 秒没有内容。",
            en="Fragments of the video are missing: nothing is there from second {from_seconds} to {to_seconds}.",
            then=_HOLE,
            severity=Severity.WARN,
        ),
    ),
)

CONTINUITY = Check(
    name="continuity_counters",
    version=1,
    title=Words("传输连续性", "Continuity of packets"),
    proves=Words(
        "传输流各数据包的计数连续，没有丢失同步，也没有标记为错误的包。",
        "The packets of the stream are counted on without a gap, in step, and none is marked as faulty.",
    ),
    leaves=Words(
        "不说明数据包内容完好。",
        "Not that the packets' content is sound.",
    ),
    media=_MOVING,
    findings=(
        remark(
            "stream-cut-in",
            zh="传输流的开头不在数据包边界上（{count} 字节），多为从直播中截取。",
            en="The stream does not begin at the edge of a packet ({count} bytes): it was probably cut out of a"
            " running one.",
            severity=Severity.REMARK,
        ),
        remark(
            "stream-without-tables",
            zh="传输流没有节目表，部分播放软件不能播放。",
            en="The stream has no table of its programmes; some players cannot show it.",
            severity=Severity.REMARK,
        ),
        mismatch(
            "stream-cut-off",
            zh="传输流在一个数据包中间截断，末尾可能不完整。",
            en="The stream ends inside of a packet: its end may be cut short.",
            then=(
                "多为录制中断电或传输中断；如设备中有原件，请核对并重新上传。",
                "Power or transfer probably failed. Compare with the original on the device and upload it again.",
            ),
            severity=Severity.WARN,
        ),
        mismatch(
            "stream-packets-missing",
            zh="传输流有 {count} 处数据包缺失或错序，首处在第 {at_seconds} 秒。",
            en="Packets of the stream are missing or out of order in {count} place(s), first at second {at_seconds}.",
            then=_HOLE,
            severity=Severity.WARN,
        ),
        mismatch(
            "stream-packets-faulty",
            zh="传输流有 {count} 个数据包被标记为错误或内容不符，首处在第 {at_seconds} 秒。",
            en="{count} packet(s) of the stream are marked as faulty or do not fit, first at second {at_seconds}.",
            then=_HOLE,
            severity=Severity.WARN,
        ),
        mismatch(
            "stream-sync-lost",
            zh="传输流有 {count} 处失去同步，共 {lost_bytes} 字节无法读取，首处在第 {at_seconds} 秒。",
            en="The stream loses its step in {count} place(s); {lost_bytes} bytes cannot be read, first at second"
            " {at_seconds}.",
            then=RETAKE,
        ),
    ),
)

CONTAINERS = (
    INDEX,
    FRAGMENTS,
    CONTINUITY,
)
