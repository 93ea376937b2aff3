"""Problems of cases and their legal review."""

from collections.abc import Mapping

from api.problem_text import ProblemText

REVIEW: Mapping[str, ProblemText] = {
    "case-step-refused": ProblemText(
        409,
        "案件当前状态不能进行这一步",
        "The case's state does not allow this step",
        "刷新页面，按流程办理",
        "reload and follow the order of the steps",
    ),
    "case-under-review": ProblemText(
        409,
        "案件已提交法制审核或已作出决定，证据和登记事项不能再改动",
        "The case is under legal review or decided: its evidence and facts stand",
        "需要补正的，由审核人退回补充后再改",
        "to change something, the reviewer must return the case first",
    ),
    "case-facts-missing": ProblemText(
        409,
        "没有列明待证事实，不能提交法制审核",
        "No fact to be proven is named; the case cannot be submitted",
        "先列明待证事实，再提交",
        "name the facts to be proven, then submit",
    ),
    "case-grounds-unanswered": ProblemText(
        409,
        "上一轮审核意见还有未答复的理由",
        "Grounds of the last review are not answered yet",
        "逐条答复后再提交",
        "answer every ground, then submit again",
    ),
    "case-not-passed": ProblemText(
        409,
        "法制审核未通过，不得作出决定（行政处罚法第五十八条）",
        "Legal review has not passed it, so no decision may be made (Administrative Penalty Law, art. 58)",
        "等待审核意见",
        "wait for the reviewer's opinion",
    ),
    "fact-unproven": ProblemText(
        409,
        "有待证事实没有有效证据，不得通过或作出决定（行政处罚法第四十条）",
        "A fact has no evidence that holds: no pass, no decision (Administrative Penalty Law, art. 40)",
        "退回补充，为该事实关联已封存且相符的证据",
        "return it, and prove the fact by evidence that is sealed and holds",
    ),
    "account-unknown": ProblemText(
        404,
        "本单位没有这个承办人账号",
        "The agency has no handler of this login",
        "核对登录名",
        "check the login name",
    ),
}
