"""Packages of a case, built and read."""

from schemas.errors import (
    Busy,
    Conflict,
    IntegrityBroken,
    Invalid,
    Level,
    Misconfigured,
    NotFound,
    Refusal,
    ShareSpent,
)
from schemas.next_steps import OPERATOR, SOON, TELL_VENDOR

EXPORT_UNKNOWN = Refusal(
    "export-unknown", NotFound, Level.INFO, "没有这个导出", "No such export", "重新导出", "export again"
)
EXPORT_NOT_READY = Refusal(
    "export-not-ready",
    Conflict,
    Level.INFO,
    "导出包尚未生成",
    "The package is not ready",
    "查看进度后再下载",
    "watch its progress, then download",
)
EXPORTS_WAITING = Refusal(
    "exports-waiting",
    ShareSpent,
    Level.INFO,
    "您申请的导出尚在生成",
    "The exports you have asked for are still being built",
    "等其中一个生成后再申请",
    "wait for one of them, then ask again",
)
EXPORT_KEY_MISSING = Refusal(
    "export-key-missing", Misconfigured, Level.ERROR, "未配置导出密钥", "The export key is not set", *OPERATOR
)
INDEX_INVALID = Refusal("index-invalid", Invalid, Level.ERROR, "索引无效", "The index is invalid", *OPERATOR)
ENTRIES_INVALID = Refusal(
    "entries-invalid",
    Invalid,
    Level.INFO,
    "导出包中的存证记录表无效",
    "The package's list of custody entries is invalid",
    *TELL_VENDOR,
)
LOG_NOT_OPEN = Refusal(
    "log-not-open",
    Busy,
    Level.INFO,
    "存证日志尚未启用",
    "The custody log is not open yet",
    *SOON,
)
PACKAGE_UNFIT = Refusal(
    "package-unfit",
    IntegrityBroken,
    Level.CRITICAL,
    "案件的存证记录前后不符，不能成包",
    "The record of the case contradicts itself and cannot be packed",
    *OPERATOR,
)
CONTAINER_BROKEN = Refusal(
    "container-broken",
    Invalid,
    Level.INFO,
    "导出包的容器结构被破坏",
    "The package's container is broken",
    *TELL_VENDOR,
)
CONTENT_CHANGED = Refusal(
    "content-changed", IntegrityBroken, Level.CRITICAL, "内容已改变", "The content changed", *OPERATOR
)
