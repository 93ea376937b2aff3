"""Uploads (tus 1.0) from the first byte to the receipt."""

from schemas.errors import (
    Busy,
    ChecksumMismatch,
    Conflict,
    Gone,
    HeadTooLarge,
    IntegrityBroken,
    Level,
    Malformed,
    NotFound,
    OffsetMismatch,
    ProtocolInvalid,
    Refusal,
    Refused,
    ShareSpent,
    StorageFull,
    TooLarge,
)
from schemas.next_steps import ASK, LATER, NOTHING, OPERATOR, READ_OFFSET, RESEND, UPLOAD_ANEW

UPLOAD_UNKNOWN = Refusal(
    "upload-unknown", NotFound, Level.INFO, "没有这个上传", "No such upload", *UPLOAD_ANEW
)
UPLOAD_EXPIRED = Refusal(
    "upload-expired", Gone, Level.INFO, "上传已结束", "The upload has ended", *UPLOAD_ANEW
)
UPLOAD_NUMBERS_USED_UP = Refusal(
    "upload-numbers-used-up",
    Gone,
    Level.ERROR,
    "该上传的分段编号已用完，无法继续",
    "The upload has used up its part numbers and cannot go on",
    *UPLOAD_ANEW,
)
UPLOAD_JUST_ENDED = Refusal(
    "upload-just-ended",
    Busy,
    Level.INFO,
    "该文件先前的上传刚刚结束",
    "The earlier upload of this file has just ended",
    *UPLOAD_ANEW,
)
UPLOAD_INCOMPLETE = Refusal(
    "upload-incomplete",
    Conflict,
    Level.DEBUG,
    "上传尚未完成",
    "The upload is not complete",
    "从 offset 继续发送",
    "go on from the offset",
)
UPLOAD_COMPLETE = Refusal(
    "upload-complete",
    Refused,
    Level.INFO,
    "已完成的上传不能删除",
    "A finished upload is never deleted",
    *NOTHING,
)
UPLOAD_PREEMPTED = Refusal(
    "upload-preempted",
    Conflict,
    Level.INFO,
    "较新的请求正在继续此上传",
    "A newer request continues this upload",
    *READ_OFFSET,
)
UPLOAD_LENGTH_DIFFERS = Refusal(
    "upload-length-differs",
    Conflict,
    Level.INFO,
    "同一文件声明了不同长度",
    "The same file was opened with another length",
    *RESEND,
)
UPLOAD_TOO_LARGE = Refusal(
    "upload-too-large", TooLarge, Level.INFO, "文件超过上限", "The file is over the limit", *ASK
)
UPLOADS_OPEN = Refusal(
    "uploads-open",
    ShareSpent,
    Level.WARNING,
    "该发送方未完成的上传过多",
    "This sender has too many unfinished uploads",
    "先完成已创建的上传，再创建新的",
    "finish the uploads that are open, then open new ones",
)
ROOM_PROMISED = Refusal(
    "room-promised",
    StorageFull,
    Level.WARNING,
    "剩余空间已预留给未完成的上传",
    "The room that is left is promised to unfinished uploads",
    "先完成已创建的上传；并通知系统管理员",
    "finish the uploads that are open, and tell the operator",
)
UPLOAD_PAST_LENGTH = Refusal(
    "upload-past-length",
    TooLarge,
    Level.INFO,
    "发送的字节超过声明的长度",
    "More bytes than the declared length",
    "多余部分未保留；检查文件后继续",
    "nothing of the excess is kept; check the file",
)
OFFSET_MISMATCH = Refusal(
    "offset-mismatch",
    OffsetMismatch,
    Level.DEBUG,
    "偏移量与服务器不一致",
    "The offset is not the server's",
    *READ_OFFSET,
)
METADATA_INVALID = Refusal(
    "metadata-invalid",
    Malformed,
    Level.INFO,
    "Upload-Metadata 格式错误",
    "Upload-Metadata is malformed",
    *RESEND,
)
DECLARATION_INVALID = Refusal(
    "declaration-invalid",
    Malformed,
    Level.INFO,
    "交来说明有误，未开始上传",
    "The declaration of the file breaks a rule; nothing was sent",
    "改正来源、制作人、时间、方式或文书类型后再交",
    "mend origin, maker, time, method or kind of document, then hand it in again",
)
DECLARATION_OF_DEVICE = Refusal(
    "declaration-of-device",
    Refused,
    Level.INFO,
    "设备用采集清单说明来源，不另作交来说明",
    "A device says where a file comes from by its manifest, not by a declaration",
    "去掉交来说明，随采集清单提交",
    "leave the declaration out, and submit the manifest",
)
METADATA_TOO_LARGE = Refusal(
    "metadata-too-large",
    HeadTooLarge,
    Level.INFO,
    "Upload-Metadata 过长",
    "Upload-Metadata is too long",
    "缩短后重新创建上传",
    "shorten it and create the upload again",
)
CHECKSUM_ALGORITHM = Refusal(
    "checksum-algorithm",
    Malformed,
    Level.INFO,
    "不支持的校验算法",
    "Unsupported checksum algorithm",
    "使用 sha1 或 sha256",
    "use sha1 or sha256",
)
CHECKSUM_INVALID = Refusal(
    "checksum-invalid",
    Malformed,
    Level.INFO,
    "Upload-Checksum 格式错误",
    "Upload-Checksum is malformed",
    *RESEND,
)
CHECKSUM_DIFFERS = Refusal(
    "checksum-differs",
    ChecksumMismatch,
    Level.INFO,
    "本次请求的数据与校验值不符，未保留",
    "The bytes of this request are not those of its checksum; none was kept",
    "从原偏移量重新发送",
    "send them again from the same offset",
)
CHECKSUM_TOO_LARGE = Refusal(
    "checksum-too-large",
    TooLarge,
    Level.INFO,
    "带校验值的请求不得超过 64 MiB",
    "A request with a checksum carries at most 64 MiB",
    "分成较小的请求，或不带 Upload-Checksum 发送",
    "send smaller requests, or none with Upload-Checksum",
)
TUS_VERSION = Refusal(
    "tus-version",
    ProtocolInvalid,
    Level.INFO,
    "不支持的 Tus-Resumable 版本",
    "Unsupported Tus-Resumable version",
    "使用 1.0.0",
    "use 1.0.0",
)
BUSY = Refusal("busy", Busy, Level.WARNING, "正在接收的上传过多", "Too many uploads at once", *LATER)
RECEIVE_TIMEOUT = Refusal(
    "receive-timeout",
    Busy,
    Level.INFO,
    "等待数据超时",
    "No bytes arrived in time",
    "从新的偏移量继续",
    "go on from the new offset",
)
PLACE_LOST = Refusal(
    "place-lost",
    Busy,
    Level.INFO,
    "其他发送方在等待，本次接收暂停；已收到的内容已保存",
    "Others wait, so this request ends here; what was received is kept",
    "稍后从新的偏移量继续",
    "go on from the new offset in a while",
)
SIZE_DISAGREES = Refusal(
    "size-disagrees",
    IntegrityBroken,
    Level.CRITICAL,
    "存储的长度不一致",
    "The stored size differs",
    *OPERATOR,
)
