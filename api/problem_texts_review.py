"""Problems of cases and their legal review."""

from collections.abc import Mapping

from api.problem_text import ProblemText

REVIEW: Mapping[str, ProblemText] = {
    "review-unknown": ProblemText(404, "没有这一轮审核", "No such review", "检查编号", "check the id"),
    "review-given": ProblemText(
        409,
        "这一轮的审核意见已经给出，不能再改",
        "The opinion of this round was given and never changes",
        "刷新页面查看意见",
        "reload and read the opinion",
    ),
    "reviewer-took-part": ProblemText(
        403,
        "您参与了本案的采集或办理，不能审核本案（行政处罚法第五十八条）",
        "You captured evidence of this case or handle it, so you cannot review it (Administrative Penalty Law,"
        " art. 58)",
        "请由未参与本案的法制审核人员审核",
        "leave it to a legal reviewer who took no part",
    ),
    "opinion-without-grounds": ProblemText(
        422,
        "审核意见没有说明，或补充、退回没有列明理由",
        "The opinion has no statement, or it returns the case without a ground",
        "写明意见，并逐条列明理由",
        "state the opinion, and give at least one ground",
    ),
    "ground-subject-unknown": ProblemText(
        422,
        "理由所指的记录或事实不属于本案",
        "A ground is about something that does not belong to this case",
        "从本案的证据和事实中选择",
        "choose from the evidence and facts of the case",
    ),
    "cursor-invalid": ProblemText(
        422, "翻页位置无效", "The cursor is not one of ours", "从第一页重新打开", "open the first page again"
    ),
    "ground-unknown": ProblemText(
        404, "审核意见没有这一条理由", "The review has no such ground", "刷新页面", "reload the page"
    ),
    "ground-answered": ProblemText(
        409,
        "这一条理由已经答复，答复不能再改",
        "This ground was answered, and an answer never changes",
        "刷新页面查看答复",
        "reload and read the answer",
    ),
    "fact-unknown": ProblemText(
        404, "本案没有这项待证事实", "The case has no such fact", "刷新页面", "reload the page"
    ),
    "proof-unknown": ProblemText(
        404,
        "这份材料不是该事实的证据",
        "This is not named as evidence of the fact",
        "刷新页面",
        "reload the page",
    ),
    "evidence-not-linked": ProblemText(
        409,
        "这份材料没有关联到本案，不能作为本案事实的证据",
        "It is not linked to the case, so it cannot prove a fact of it",
        "先关联到本案",
        "link it to the case first",
    ),
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
