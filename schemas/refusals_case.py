"""Cases, the facts they prove, and their legal review."""

from schemas.errors import Conflict, Invalid, Level, NotFound, Refusal, Refused, TransitionRefused
from schemas.next_steps import CHECK_ID, RELOAD

CASE_UNKNOWN = Refusal(
    "case-unknown", NotFound, Level.INFO, "没有这个案件", "No such case", "检查案号", "check the case number"
)
CASE_LINK_UNKNOWN = Refusal(
    "case-link-unknown",
    NotFound,
    Level.INFO,
    "音像记录与案件没有关联",
    "The recording is not linked to the case",
    *RELOAD,
)
CASE_NUMBER_TAKEN = Refusal(
    "case-number-taken",
    Conflict,
    Level.INFO,
    "案号已存在（括号、全角半角和空格的写法不同也算同一个案号）",
    "The case number is taken; brackets, widths and blanks that are typed otherwise make no other number",
    "先查看已有的同号案件；确是另一件的，使用其他案号",
    "look at the case that has it; use another number where yours is another matter",
)
CASE_NUMBER_UNUSUAL = Refusal(
    "case-number-unusual",
    Invalid,
    Level.INFO,
    "案号与本单位登记的写法都不同",
    "The case number is like none of those that the agency has set",
    "逐字核对；确实这样写的，确认后再提交（接口：number_is_sure 为 true）",
    "check it sign by sign; where it is written so, say so and send again (API: number_is_sure true)",
)
CASE_UNCHANGED = Refusal(
    "case-unchanged",
    Invalid,
    Level.INFO,
    "没有改动任何一项，没有登记",
    "Nothing is changed, so nothing was entered",
    "改正要更正的内容后再提交，或取消",
    "change what is to be corrected and send again, or cancel",
)
PARTY_CODE_WRONG = Refusal(
    "party-code-wrong",
    Invalid,
    Level.INFO,
    "统一社会信用代码或身份证号有一位不对，校验不符",
    "A character of the unified social credit code or of the identity number is wrong",
    "对照证照逐位核对；证照上就是这样的，先不填代码",
    "check it against the document; where the document itself says so, leave the code out",
)
REVIEW_UNKNOWN = Refusal(
    "review-unknown", NotFound, Level.INFO, "没有这一轮审核", "No such review", *CHECK_ID
)
REVIEW_GIVEN = Refusal(
    "review-given",
    TransitionRefused,
    Level.INFO,
    "这一轮的审核意见已经给出，不能再改",
    "The opinion of this round was given and never changes",
    "刷新页面查看意见",
    "reload and read the opinion",
)
REVIEWER_TOOK_PART = Refusal(
    "reviewer-took-part",
    Refused,
    Level.INFO,
    "您参与了本案的采集、证据审核、办理或批准，不能审核本案（行政处罚法第五十八条）",
    "You captured or judged evidence of this case, handle or lead it, so you cannot review it (Administrative"
    " Penalty Law, art. 58)",
    "请由未参与本案的法制审核人员审核",
    "leave it to a legal reviewer who took no part",
)
REVIEWER_UNQUALIFIED = Refusal(
    "reviewer-unqualified",
    Refused,
    Level.INFO,
    "初次从事行政处罚决定法制审核的人员须取得国家统一法律职业资格（行政处罚法第五十八条），登记中没有",
    "Whoever is new to legal review holds the national qualification of the legal profession (Administrative Penalty"
    " Law, art. 58); the register has none",
    "请采集/档案管理员登记法律职业资格；此前已从事法制审核的，登记“非初次从事法制审核”",
    "let the custodian enter the qualification, or that the reviewer gave legal reviews before",
)
HANDLER_REVIEWED = Refusal(
    "handler-reviewed",
    Refused,
    Level.INFO,
    "该人员对本案作过法制审核，不能再承办本案",
    "This person gave a legal review of the case, so they cannot handle it",
    "请指派其他承办人",
    "appoint somebody else",
)
OPINION_WITHOUT_GROUNDS = Refusal(
    "opinion-without-grounds",
    Invalid,
    Level.INFO,
    "审核意见没有说明，或退回补充、审核不同意时没有列明理由",
    "The opinion has no statement, or it returns the case without a ground",
    "写明意见，并逐条列明理由",
    "state the opinion, and give at least one ground",
)
GROUND_SUBJECT_UNKNOWN = Refusal(
    "ground-subject-unknown",
    Invalid,
    Level.INFO,
    "理由所指的记录或事实不属于本案",
    "A ground is about something that does not belong to this case",
    "从本案的证据和事实中选择",
    "choose from the evidence and facts of the case",
)
GROUND_UNKNOWN = Refusal(
    "ground-unknown", NotFound, Level.INFO, "审核意见没有这一条理由", "The review has no such ground", *RELOAD
)
GROUND_ANSWERED = Refusal(
    "ground-answered",
    Conflict,
    Level.INFO,
    "这一条理由已经答复，答复不能再改",
    "This ground was answered, and an answer never changes",
    "刷新页面查看答复",
    "reload and read the answer",
)
FACT_UNKNOWN = Refusal(
    "fact-unknown", NotFound, Level.INFO, "本案没有这项待证事实", "The case has no such fact", *RELOAD
)
PROOF_UNKNOWN = Refusal(
    "proof-unknown",
    NotFound,
    Level.INFO,
    "这份材料不是该事实的证据",
    "This is not named as evidence of the fact",
    *RELOAD,
)
EVIDENCE_NOT_LINKED = Refusal(
    "evidence-not-linked",
    Conflict,
    Level.INFO,
    "这份材料没有关联到本案，不能作为本案事实的证据",
    "It is not linked to the case, so it cannot prove a fact of it",
    "先关联到本案",
    "link it to the case first",
)
CASE_STEP_REFUSED = Refusal(
    "case-step-refused",
    TransitionRefused,
    Level.INFO,
    "案件当前状态不能进行这一步",
    "The case's state does not allow this step",
    "刷新页面，按流程办理",
    "reload and follow the order of the steps",
)
CASE_UNDER_REVIEW = Refusal(
    "case-under-review",
    TransitionRefused,
    Level.INFO,
    "案件已提交法制审核、已认定无须法制审核或已作出行政处罚决定，证据和登记事项不能再改动",
    "The case is under legal review, exempt from it or decided: its evidence and facts stand",
    "需要补正的，由审核人退回补充、或恢复调查后再改",
    "to change something, the reviewer must return the case, or its investigation be reopened, first",
)
CASE_FACTS_MISSING = Refusal(
    "case-facts-missing",
    TransitionRefused,
    Level.INFO,
    "没有列明待证事实，不能提交法制审核或作出决定",
    "No fact to be proven is named; the case cannot be reviewed or decided",
    "先增加待证事实",
    "name the facts to be proven first",
)
CASE_GROUNDS_UNANSWERED = Refusal(
    "case-grounds-unanswered",
    TransitionRefused,
    Level.INFO,
    "上一轮审核意见还有未答复的理由",
    "Grounds of the last review are not answered yet",
    "逐条答复后再提交",
    "answer every ground, then submit again",
)
CASE_NOT_PASSED = Refusal(
    "case-not-passed",
    TransitionRefused,
    Level.INFO,
    "法制审核未通过，不得作出行政处罚决定（行政处罚法第五十八条）",
    "Legal review has not passed it, so no decision may be made (Administrative Penalty Law, art. 58)",
    "等待审核意见",
    "wait for the reviewer's opinion",
)
FACT_UNPROVEN = Refusal(
    "fact-unproven",
    TransitionRefused,
    Level.INFO,
    "有待证事实没有有效证据，不得审核通过或作出行政处罚决定（行政处罚法第四十条）",
    "A fact has no evidence that holds: no pass, no decision (Administrative Penalty Law, art. 40)",
    "退回补充或恢复调查，为该事实补充核验通过的证据，或由承办人写明理由采信已有证据",
    "return or reopen it, then add evidence that is verified, or let the handler accept what there is and say why",
)
ACCEPTANCE_NEEDLESS = Refusal(
    "acceptance-needless",
    Conflict,
    Level.INFO,
    "这份证据无须采信：核验已通过，或已按现在的结论采信",
    "This evidence needs no acceptance: it is verified, or was accepted as it stands",
    "刷新页面查看现在的结论",
    "reload to see how it stands",
)
ACCEPTANCE_IMPOSSIBLE = Refusal(
    "acceptance-impossible",
    Conflict,
    Level.INFO,
    "这份证据不能采信：尚在核验，或收到的内容与申报的不符、已隔离",
    "This evidence cannot be accepted: it is being verified, or its bytes are not those declared and it is quarantined",
    "等待核验结束；已隔离的，请补充其他证据",
    "wait until it is verified; if it is quarantined, bring other evidence",
)
ACCOUNT_UNKNOWN = Refusal(
    "account-unknown",
    NotFound,
    Level.INFO,
    "本单位没有这个承办人账号",
    "The agency has no handler of this login",
    "核对登录名",
    "check the login name",
)
