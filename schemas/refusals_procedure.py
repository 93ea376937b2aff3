"""Duties of procedure: documents that show them, and what an act of the case must say where they are not recorded."""

from schemas.errors import Conflict, Invalid, Level, NotFound, Refusal, TransitionRefused
from schemas.next_steps import CHECK_ID

DOCUMENT_UNKNOWN = Refusal(
    "document-unknown",
    NotFound,
    Level.INFO,
    "本案没有这份程序文书",
    "The case has no such document",
    *CHECK_ID,
)
DOCUMENT_WITHDRAWN = Refusal(
    "document-withdrawn",
    Conflict,
    Level.INFO,
    "这份程序文书已经撤回",
    "This document was withdrawn already",
    "刷新页面查看",
    "reload and read it",
)
DOCUMENT_FUTURE = Refusal(
    "document-future",
    Invalid,
    Level.INFO,
    "文书日期晚于今天",
    "The document is dated later than today",
    "填写文书上写明的日期",
    "give the day that stands on the document",
)
DOCUMENT_COMPUTED = Refusal(
    "document-computed",
    Invalid,
    Level.INFO,
    "这一程序事项由立案和决定时间计算，不登记文书",
    "This duty is computed from the times of filing and decision; no document shows it",
    "选择其他程序事项",
    "choose another duty",
)
DOCUMENT_CASE_CLOSED = Refusal(
    "document-case-closed",
    TransitionRefused,
    Level.INFO,
    "案件已经结案，不再登记或撤回程序文书",
    "The case is closed: documents are neither filed nor withdrawn any more",
    "查看已登记的程序事项",
    "read what was recorded",
)
TIE_NOT_LATER = Refusal(
    "tie-not-later",
    TransitionRefused,
    Level.INFO,
    "案件已作出行政处罚决定：只能再关联决定之后依法形成的文书",
    "The case is decided: only papers that the law has made after the decision are tied to it",
    "文书（决定书、送达回证、缴款凭证、催告和强制执行文书、整改报告）交来时选对文书类型；其他证据不能再补",
    "choose the kind of paper as it is handed in (decision, service, payment, enforcement, rectification)",
)
FORMALITY_UNSAID = Refusal(
    "formality-unsaid",
    Invalid,
    Level.INFO,
    "有程序事项未记录，也没有写明理由",
    "A duty of procedure is not recorded, and no reason is given",
    "登记文书，或者逐项写明理由；不适用的，写“不适用：……”",
    "file its document, or give a reason for each; where one does not apply, say so",
)
FORMALITY_RECORDED = Refusal(
    "formality-recorded",
    Conflict,
    Level.INFO,
    "其中的程序事项已登记文书，或者不由这一步列明，不再需要理由",
    "One of these duties is recorded, or is not answered for by this step: no reason is needed",
    "刷新页面，核对后重新提交",
    "reload, check the list, and send it again",
)
DECISION_DIFFERS = Refusal(
    "decision-differs",
    Invalid,
    Level.INFO,
    "决定与承办人调查终结时的建议不同，没有写明理由",
    "The decision differs from what the handler proposed at the end of the investigation, and no reason is given",
    "在“说明”中写明理由后重新提交",
    "say why, and send it again",
)
CASE_STEP_LISTED = Refusal(
    "case-step-listed",
    TransitionRefused,
    Level.INFO,
    "作出决定、结案须逐项列明程序事项",
    "A decision and the end of a case list the duties of procedure",
    "在案件页面逐项填写后提交",
    "send it as a decision, or as a closing, with its lines",
)
