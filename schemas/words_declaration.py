"""What is said of a file at its hand-in, in words."""

from schemas.declaration import DocumentKind, HandInWay, Origin
from schemas.words import vocabulary

ORIGINS = vocabulary(
    Origin,
    {
        Origin.TAKEN: ("现场拍摄或制作", "Taken or made here"),
        Origin.COPIED: ("复制自其他来源", "Copied from elsewhere"),
    },
)

HAND_IN_WAYS = vocabulary(
    HandInWay,
    {
        HandInWay.BROWSER: ("本人登录后从浏览器交来", "Handed in by browser, under a log-in"),
        HandInWay.PROGRAM: ("本人登录后由程序交来", "Handed in by a program, under a log-in"),
    },
)

DOCUMENT_KINDS = vocabulary(
    DocumentKind,
    {
        DocumentKind.NOTICE: ("告知书", "Notice"),
        DocumentKind.SCENE_RECORD: ("现场笔录", "Record of the scene"),
        DocumentKind.INSPECTION_RECORD: ("检查（勘验）笔录", "Record of inspection"),
        DocumentKind.INTERVIEW_RECORD: ("询问笔录", "Record of interview"),
        DocumentKind.PLEA_RECORD: ("陈述申辩笔录", "Record of statement and plea"),
        DocumentKind.HEARING_RECORD: ("听证笔录", "Record of hearing"),
        DocumentKind.APPRAISAL: ("检验、检测、鉴定意见", "Appraisal"),
        DocumentKind.DECISION: ("处罚决定书", "Written decision"),
        DocumentKind.SERVICE_RECEIPT: ("送达回证", "Receipt of service"),
        DocumentKind.RECTIFICATION_REPORT: ("整改报告", "Report of rectification"),
        DocumentKind.VERIFICATION_CERTIFICATE: ("检定证书", "Verification certificate"),
        DocumentKind.IDENTITY: ("身份、资格证明", "Proof of identity or qualification"),
        DocumentKind.OTHER: ("其他文书", "Other document"),
        DocumentKind.PAYMENT_RECEIPT: ("缴款凭证", "Receipt of payment"),
        DocumentKind.ENFORCEMENT: ("催告、强制执行文书", "Paper of enforcement"),
    },
)
