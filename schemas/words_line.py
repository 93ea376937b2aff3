"""Words of the straight line: what became of a recording, of a check, of an upload, of an export."""

from schemas.derivative import ClockKind, DerivationFailure, DerivationState, DerivativeKind, UndrawnWhy
from schemas.device import DeviceState, RevokeReason
from schemas.examination import ExaminationState
from schemas.export import ExportState
from schemas.integrity import Outcome, Shown, Verdict
from schemas.likeness import Likeness
from schemas.manifest import Datum, ManifestState
from schemas.media import Medium
from schemas.officer_word import OfficerWord
from schemas.recording import RecordingState
from schemas.retention import RetentionClass
from schemas.upload import UploadState
from schemas.words import Words, vocabulary

VERDICTS = vocabulary(
    Verdict,
    {
        Verdict.VERIFIED: ("通过", "Verified"),
        Verdict.DOUBTFUL: ("存疑", "Doubtful"),
        Verdict.MISMATCH: ("不符", "Mismatch"),
        Verdict.NOT_CHECKED: ("未检查", "Not checked"),
    },
)

OUTCOMES = vocabulary(
    Outcome,
    {
        Outcome.VERIFIED: ("通过", "Verified"),
        Outcome.MISMATCH: ("不符", "Mismatch"),
        Outcome.NOT_CHECKED: ("未检查", "Not checked"),
    },
)

SHOWN = vocabulary(
    Shown,
    {
        Shown.VERIFIED: ("通过", "Verified"),
        Shown.REMARKED: ("提示", "Remark"),
        Shown.DOUBTFUL: ("存疑", "Doubtful"),
        Shown.MISMATCH: ("不符", "Mismatch"),
        Shown.NOT_CHECKED: ("未检查", "Not checked"),
    },
)

_REMARKED = Words("通过，提示 {number}", "Verified, {number} remark(s)")


def verdict_words(verdict: Verdict, remarks: int) -> Words:
    """Return the word of a recording with the number of remarks beside a verdict of 通过."""
    if verdict is Verdict.VERIFIED and remarks:
        return Words(_REMARKED.zh.format(number=remarks), _REMARKED.en.format(number=remarks))
    return VERDICTS[verdict]


RECORDING_STATES = vocabulary(
    RecordingState,
    {
        RecordingState.RECEIVED: ("已接收", "Received"),
        RecordingState.SEALED: ("已封存", "Sealed"),
        RecordingState.QUARANTINED: ("已隔离", "Quarantined"),
    },
)

REVOKE_REASONS = vocabulary(
    RevokeReason,
    {
        RevokeReason.LOST: ("遗失", "Lost"),
        RevokeReason.STOLEN: ("被盗", "Stolen"),
        RevokeReason.KEY_SUSPECT: ("密钥可能泄露", "The key may be in other hands"),
        RevokeReason.DEFECT: ("损坏", "Defect"),
        RevokeReason.REPLACED: ("更换设备", "Replaced by another device"),
        RevokeReason.RETIRED: ("停用报废", "Taken out of use"),
    },
)

DEVICE_STATES = vocabulary(
    DeviceState,
    {
        DeviceState.ENROLLED: ("在用", "In use"),
        DeviceState.REVOKED: ("已注销", "Revoked"),
    },
)

MANIFEST_STATES = vocabulary(
    ManifestState,
    {
        ManifestState.DECLARED: ("已申报", "Declared"),
        ManifestState.REFUSED: ("未被接受，已留存", "Refused, kept"),
    },
)

UPLOAD_STATES = vocabulary(
    UploadState,
    {
        UploadState.OPEN: ("上传中", "Being uploaded"),
        UploadState.RECEIVED: ("已接收", "Received"),
        UploadState.EXPIRED: ("已过期", "Expired"),
    },
)

EXPORT_STATES = vocabulary(
    ExportState,
    {
        ExportState.BUILDING: ("生成中", "Being built"),
        ExportState.READY: ("可下载", "Ready"),
        ExportState.FAILED: ("没有生成", "Not built"),
    },
)

MEDIA = vocabulary(
    Medium,
    {
        Medium.PHOTO: ("照片", "Photo"),
        Medium.VIDEO: ("视频", "Video"),
        Medium.AUDIO: ("音频", "Audio"),
        Medium.TRACK: ("轨迹", "Track"),
        Medium.DOCUMENT: ("文档", "Document"),
        Medium.OTHER: ("文件", "File"),
    },
)

DERIVATIVES = vocabulary(
    DerivativeKind,
    {
        DerivativeKind.THUMBNAIL: ("缩略图", "Thumbnail"),
        DerivativeKind.POSTER: ("视频截图", "Still of the video"),
        DerivativeKind.SHEET: ("画面总览", "Contact sheet"),
        DerivativeKind.WAVE: ("声音波形", "Wave form"),
        DerivativeKind.PROXY: ("预览副本", "Preview copy"),
        DerivativeKind.PAGES: ("页面图", "Pictures of the pages"),
    },
)

UNDRAWN = vocabulary(
    UndrawnWhy,
    {
        UndrawnWhy.FONTS: (
            "字体没有嵌入文件，画出来会缺字",
            "its fonts are not in the file, so words would be missing",
        ),
        UndrawnWhy.WORK: ("内容过多，未画", "it draws too much"),
        UndrawnWhy.UNREADABLE: ("不能读取", "it cannot be read"),
    },
)

DERIVATION_STATES = vocabulary(
    DerivationState,
    {
        DerivationState.WAITING: ("等待生成", "Waits to be made"),
        DerivationState.MADE: ("已生成", "Made"),
        DerivationState.FAILED: ("未能生成", "Could not be made"),
    },
)

DERIVATION_FAILURES = vocabulary(
    DerivationFailure,
    {
        DerivationFailure.UNREADABLE: ("文件结构无法读取", "the structure of the file cannot be read"),
        DerivationFailure.NOTHING: ("没有能解码的画面或声音", "no picture or sound in it can be decoded"),
        DerivationFailure.FONTS: (
            "字体没有嵌入文件，页面图会缺字",
            "its fonts are not in the file, so its pages would lack words",
        ),
        DerivationFailure.WORK: ("超出生成副本的工作量上限", "it asks for more work than a copy may cost"),
        DerivationFailure.TIME: ("解码超时", "decoding took too long"),
        DerivationFailure.MEMORY: ("解码所需内存超出上限", "decoding asked for more memory than it may have"),
        DerivationFailure.CRASH: ("解码程序异常退出", "the decoder crashed"),
        DerivationFailure.SANDBOX: ("本机没有解码隔离条件", "this machine cannot confine a decoder"),
        DerivationFailure.BYTES: (
            "存储中的字节与封存时不同",
            "the stored bytes are not those that were sealed",
        ),
        DerivationFailure.OTHER: ("生成时出现故障", "something failed while it was made"),
    },
)

CLOCKS = vocabulary(
    ClockKind,
    {
        ClockKind.CORRECTED: ("拍摄时间（校正后）", "Time of capture, corrected"),
        ClockKind.DEVICE: (
            "拍摄时间（设备时钟，未校正）",
            "Time of capture by the device's clock, not corrected",
        ),
    },
)

DATUMS = vocabulary(
    Datum,
    {
        Datum.WGS84: ("WGS84", "WGS84"),
        Datum.CGCS2000: ("CGCS2000", "CGCS2000"),
        Datum.GCJ02: ("GCJ02", "GCJ02"),
        Datum.BD09: ("BD09", "BD09"),
    },
)

EXAMINATION_STATES = vocabulary(
    ExaminationState,
    {
        ExaminationState.WAITING: ("等待重新检查", "Waits to be examined again"),
        ExaminationState.DONE: ("已重新检查", "Examined again"),
        ExaminationState.FAILED: ("未能重新检查", "Could not be examined again"),
    },
)

LIKENESSES = vocabulary(
    Likeness,
    {
        Likeness.SAME: ("几乎是同一画面", "Almost the same picture"),
        Likeness.ALIKE: ("同一画面经修改，或同一现场", "The same picture edited, or the same scene"),
    },
)

OFFICER_WORDS = vocabulary(
    OfficerWord,
    {
        OfficerWord.WAITING: ("核验中", "Being verified"),
        OfficerWord.ACCEPTED: ("已接受", "Accepted"),
        OfficerWord.REMARKED: ("已接受，有提示", "Accepted with a remark"),
        OfficerWord.RECORD_AGAIN: ("请补录", "Please record again"),
        OfficerWord.HAND_IN_AGAIN: ("请重新提交", "Please hand it in again"),
    },
)

RETENTIONS = vocabulary(
    RetentionClass,
    {
        RetentionClass.ROUTINE: ("未关联", "Linked to nothing"),
        RetentionClass.CASE: ("案件已办结", "Of a closed case"),
        RetentionClass.OPEN_CASE: ("案件办理中", "Of an open case"),
        RetentionClass.PERMANENT: ("永久", "Permanent"),
    },
)
