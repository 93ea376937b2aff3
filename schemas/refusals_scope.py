"""Whether a case needs legal review: answers, the head's agreement, and the way back."""

from schemas.errors import Invalid, Level, Refusal, Refused, TransitionRefused

SCOPE_UNANSWERED = Refusal(
    "scope-unanswered",
    Invalid,
    Level.INFO,
    "调查终结时须对行政处罚法第五十八条所列四种情形逐项回答“是”或“否”并写明理由",
    "Whoever closes the investigation answers each of the four kinds of art. 58 of the Administrative Penalty Law with"
    " yes or no, and says why",
    "逐项回答后重新提交",
    "answer each of them, and send again",
)
SCOPE_UNKNOWN = Refusal(
    "scope-unknown",
    TransitionRefused,
    Level.INFO,
    "本案调查终结时没有回答第五十八条所列四种情形，不能认定无须法制审核",
    "The four kinds of art. 58 were not answered when the investigation was closed, so nobody can say that no review is"
    " needed",
    "提交法制审核；或恢复调查，重新办理调查终结并逐项回答",
    "submit the case to legal review, or reopen the investigation and close it with the answers",
)
REVIEW_NEEDED = Refusal(
    "review-needed",
    TransitionRefused,
    Level.INFO,
    "本案属于应当进行法制审核的情形，未经法制审核不得作出决定（行政处罚法第五十八条）",
    "The case is of a kind that needs legal review before a decision (Administrative Penalty Law, art. 58)",
    "提交法制审核",
    "submit the case to legal review",
)
REVIEW_DEMANDED = Refusal(
    "review-demanded",
    TransitionRefused,
    Level.INFO,
    "本单位规定普通程序案件均须法制审核",
    "By a rule of the agency every case of the ordinary procedure passes legal review",
    "提交法制审核；规定见单位设置",
    "submit the case to legal review; the rule stands in the settings of the agency",
)
REVIEW_BEGUN = Refusal(
    "review-begun",
    TransitionRefused,
    Level.INFO,
    "本案已提交过法制审核，审核通过后才能作出决定（行政处罚法第五十八条）",
    "The case was submitted to legal review before, and is decided once it passes (Administrative Penalty Law, art. 58)",
    "补正后再次提交法制审核",
    "mend it and submit it again",
)
EXEMPTER_CONCLUDED = Refusal(
    "exempter-concluded",
    Refused,
    Level.INFO,
    "这些回答由您本人在调查终结时作出，不能由本人认定无须法制审核",
    "You gave these answers yourself when the investigation was closed, so you cannot agree to them",
    "请本单位其他负责人认定，或提交法制审核",
    "ask another head of the agency, or submit the case to legal review",
)
STEP_REASON_MISSING = Refusal(
    "step-reason-missing",
    Invalid,
    Level.INFO,
    "这一步须写明理由",
    "This step needs a reason",
    "写明理由后重新提交",
    "say why, and send again",
)
