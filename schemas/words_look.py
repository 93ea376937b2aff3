"""Words for looks at evidence: what is done, by which door, and why."""

from schemas.look import LookKind, LookReason, LookWay
from schemas.words import vocabulary

LOOK_KINDS = vocabulary(
    LookKind,
    {
        LookKind.OPEN: ("查看内容", "Content opened"),
        LookKind.DOWNLOAD: ("下载原件", "Original downloaded"),
        LookKind.PRINT: ("打印", "Printed"),
        LookKind.FETCH: ("取走导出包", "Package fetched"),
    },
)

LOOK_WAYS = vocabulary(
    LookWay,
    {
        LookWay.CONSOLE: ("网页", "Page"),
        LookWay.API: ("程序接口", "Program"),
    },
)

LOOK_REASONS = vocabulary(
    LookReason,
    {
        LookReason.CASE_HANDLING: ("办理案件", "Handling a case"),
        LookReason.EVIDENCE_CHECK: ("核对证据", "Checking evidence"),
        LookReason.LEGAL_REVIEW: ("法制审核", "Legal review"),
        LookReason.SUPERVISION: ("执法监督、案卷评查", "Supervision or inspection"),
        LookReason.DISPUTE: ("投诉举报、复议、诉讼", "Complaint, reconsideration or litigation"),
        LookReason.QUALITY_CHECK: ("采集质量检查", "Quality of captures"),
        LookReason.OTHER: ("其他（请写明）", "Other (say which)"),
    },
)
