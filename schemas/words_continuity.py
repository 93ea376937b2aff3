"""How recordings of one device follow each other, in words."""

from collections.abc import Mapping
from types import MappingProxyType

from schemas.continuity import Seam, SeamKind, SegmentState
from schemas.words import Words, vocabulary

SEAM_KINDS = vocabulary(
    SeamKind,
    {
        SeamKind.CUT: ("录满一段后没有接续", "A full segment is not followed"),
        SeamKind.GAP: ("其间没有录制", "Nothing was recorded between"),
        SeamKind.OVERLAP: ("时间重叠", "Times overlap"),
        SeamKind.NUMBER_MISSING: ("文件编号缺少", "Numbers are missing"),
        SeamKind.NUMBER_ANEW: ("文件编号重新开始", "Numbers begin anew"),
        SeamKind.CLOCK_BACK: ("设备时间被调回", "The device's clock went back"),
    },
)

SEGMENT_STATES = vocabulary(
    SegmentState,
    {
        SegmentState.COUNTED: ("计入", "Counts"),
        SegmentState.WAITING: ("核验中，长度未知", "Being verified, length not known"),
        SegmentState.APART: ("已隔离，不计入", "Quarantined, does not count"),
    },
)

_SAYS: Mapping[SeamKind, Words] = MappingProxyType(
    {
        SeamKind.CUT: Words(
            "前一段录满固定长度，设备应当自动接续，但之后 {seconds} 秒没有记录。"
            "缺少的一段可能尚未上交，也可能已被删除：请向领用人查问。",
            "The one before has full length, so the device goes on by itself; then nothing for {seconds} s. What is"
            " missing may still be on its way, or deleted: ask whoever had the device.",
        ),
        SeamKind.GAP: Words(
            "前一段结束后 {seconds} 秒没有录制。录制者可以停止录制；全程录制的事项中断的，应当说明原因。",
            "Nothing for {seconds} s. Whoever records may stop; where the whole course has to be recorded, the reason"
            " has to be stated.",
        ),
        SeamKind.OVERLAP: Words(
            "两段记录有 {seconds} 秒时间相同。一台设备不能同时录两段：请核对设备时钟和文件来历。",
            "Two recordings share {seconds} s. One device does not record twice at a time: check its clock, and where"
            " the files are from.",
        ),
        SeamKind.NUMBER_MISSING: Words(
            "两个文件名的编号之间缺少 {missing} 个。缺少的文件可能尚未上交，也可能已被删除：请向领用人查问。",
            "{missing} number(s) are missing between the two names. The files may still be on their way, or deleted:"
            " ask whoever had the device.",
        ),
        SeamKind.NUMBER_ANEW: Words(
            "后一个文件的编号从头开始：设备可能格式化、重置或更换了存储卡。",
            "The numbers begin anew: the device may have been formatted or reset, or its card changed.",
        ),
        SeamKind.CLOCK_BACK: Words(
            "编号在后的文件，时间反而早 {seconds} 秒：录制期间设备时间被调整过，这些记录的时间须另行证明。",
            "The file with the higher number is {seconds} s earlier: the clock was set while recording. The times of"
            " these recordings need other proof.",
        ),
    }
)


def seam_words(one: Seam) -> Words:
    """Return what a seam means to a person, with what to do."""
    said = _SAYS[one.kind]
    facts = {"seconds": one.seconds, "missing": one.missing}
    return Words(said.zh.format(**facts), said.en.format(**facts))
