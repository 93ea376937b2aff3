"""Words of the straight line: what became of a recording, of a check, of an upload, of an export."""

from schemas.device import DeviceState, RevokeReason
from schemas.examination import ExaminationState
from schemas.export import ExportState
from schemas.integrity import Outcome, Shown, Verdict
from schemas.manifest import Datum, ManifestState
from schemas.media import Medium
from schemas.officer_word import OfficerWord
from schemas.recording import DerivativeKind, RecordingState
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
