"""Concatenation (tus 1.0): a file that is sent in pieces beside each other, and what may not be made of them."""

from schemas.errors import Busy, Conflict, Invalid, Level, Malformed, Refusal, Refused
from schemas.next_steps import NOTHING, RESEND, SOON

_NEXT_FINAL = ("用 Upload-Concat: final 合并各分片", "join the partial uploads by Upload-Concat: final")

CONCAT_INVALID = Refusal(
    "concat-invalid",
    Malformed,
    Level.INFO,
    "Upload-Concat 格式错误",
    "Upload-Concat is malformed",
    *RESEND,
)
CONCAT_MANIFEST = Refusal(
    "concat-manifest",
    Invalid,
    Level.INFO,
    "清单中的文件不能分片上传",
    "A file of a manifest is not sent in partial uploads",
    "把该文件作为一个上传发送",
    "send the file in one upload",
)
CONCAT_UNFINISHED = Refusal(
    "concat-unfinished",
    Conflict,
    Level.INFO,
    "有分片尚未传完",
    "A partial upload is not complete",
    "传完各分片后再合并",
    "finish the partial uploads, then join them",
)
CONCAT_USED = Refusal(
    "concat-used",
    Conflict,
    Level.INFO,
    "分片已用于合并",
    "A partial upload has been joined before",
    "重新上传该分片",
    "send that piece again in a partial upload of its own",
)
CONCAT_PARTIAL = Refusal(
    "concat-partial",
    Conflict,
    Level.INFO,
    "分片须合并后才成为记录",
    "A partial upload becomes a recording only with its final upload",
    *_NEXT_FINAL,
)
CONCAT_FINAL = Refusal(
    "concat-final",
    Refused,
    Level.INFO,
    "合并上传不接收数据",
    "A final upload takes no bytes",
    *NOTHING,
)
CONCAT_JOINING = Refusal(
    "concat-joining",
    Busy,
    Level.INFO,
    "正在合并分片",
    "The partial uploads are being joined",
    *SOON,
)
