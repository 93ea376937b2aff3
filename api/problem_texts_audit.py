"""Problems of the supervision desk."""

from collections.abc import Mapping

from api.problem_text import OPERATOR, RESEND, ProblemText

_RELOAD = ("刷新页面", "reload the page")
_SOON = ("几秒后重试", "try again in a few seconds")

AUDIT: Mapping[str, ProblemText] = {
    "audit-unknown": ProblemText(404, "没有这次抽查", "No such audit", "检查编号", "check the id"),
    "agency-unknown": ProblemText(
        404,
        "监督范围内没有这个单位",
        "No such agency within your supervision",
        "检查单位",
        "check the agency",
    ),
    "member-unknown": ProblemText(404, "它没有被抽中", "This was not drawn", "检查编号", "check the id"),
    "inspector-unknown": ProblemText(
        404,
        "没有这名评查员，或其属于被查单位",
        "No such inspector, or one of the audited agency",
        "从名单中选择",
        "choose one of the list",
    ),
    "rectification-unknown": ProblemText(
        404, "没有这项整改", "No such rectification", "检查编号", "check the id"
    ),
    "population-empty": ProblemText(
        422,
        "该时段内没有可抽取的对象",
        "Nothing in the period can be drawn",
        "调整时段或单位",
        "change the period or the agency",
    ),
    "population-too-large": ProblemText(
        422, "总体过大", "The population is too large", "缩短时段", "shorten the period"
    ),
    "size-over-population": ProblemText(
        422,
        "抽样数超过总体",
        "The sample is larger than the population",
        "减少抽样数",
        "draw fewer",
    ),
    "population-duplicate": ProblemText(
        422, "总体中有重复编号", "An id stands twice in the population", *RESEND
    ),
    "population-changed": ProblemText(
        500,
        "抽样总体与冻结时不一致",
        "The population is not the one that was frozen",
        *OPERATOR,
    ),
    "randomness-too-near": ProblemText(
        422,
        "公开随机事件距冻结太近，冻结时可能已被知晓",
        "The public event is too near: it might be known at the freeze",
        "改选更晚的公开事件",
        "name a later event",
    ),
    "randomness-too-early": ProblemText(
        409,
        "公开随机事件尚未发生",
        "The public event has not taken place yet",
        "事件发生后再录入",
        "enter it after the event",
    ),
    "randomness-invalid": ProblemText(
        422,
        "随机值缺失、为空或格式不符",
        "A value is missing, empty or not of its form",
        "逐项按原样填写",
        "enter each as published",
    ),
    "randomness-differs": ProblemText(
        409,
        "与先前录入的值不一致，两次都不采信",
        "The value differs from the one that was entered; neither is believed",
        "核对公布结果后重新复核",
        "look at the published result and confirm again",
    ),
    "confirm-same-person": ProblemText(
        403,
        "录入与复核须由不同人员完成",
        "A second person confirms the value",
        "请另一人复核",
        "leave it to somebody else",
    ),
    "audit-not-frozen": ProblemText(
        409,
        "总体尚未冻结，不能录入随机值",
        "The population is not frozen yet: no value may be entered",
        "先冻结总体",
        "freeze the population first",
    ),
    "audit-not-logged": ProblemText(
        409, "前一步尚未进入已签署的日志", "The step before is not in the signed log yet", *_SOON
    ),
    "audit-order-broken": ProblemText(
        409, "日志位置与抽样顺序矛盾", "The log's positions contradict the order", *OPERATOR
    ),
    "audit-step-refused": ProblemText(
        409, "当前状态不允许此操作", "The audit's state does not allow this", *_RELOAD
    ),
    "audit-not-drawn": ProblemText(
        409, "尚未抽样", "Nothing is drawn yet", "先完成抽样", "draw the sample first"
    ),
    "recheck-waiting": ProblemText(
        409,
        "抽中的记录正在重新计算摘要，完成前不能打开",
        "The drawn recordings are still being re-hashed; it opens after that",
        *_SOON,
    ),
    "inspectors-complete": ProblemText(
        409, "两名评查员已经指派", "Two inspectors are assigned", "无需操作", "nothing to do"
    ),
    "inspector-took-part": ProblemText(
        403,
        "该评查员参与过被抽中案卷的采集、办理或审核",
        "The inspector captured, handled or reviewed something that was drawn",
        "改派他人",
        "assign somebody else",
    ),
    "scores-incomplete": ProblemText(
        422, "须为每一项打分且只打一次", "Every item is scored exactly once", *RESEND
    ),
    "score-out-of-range": ProblemText(422, "得分超过该项分值", "More points than the item has", *RESEND),
    "score-without-remark": ProblemText(
        422, "扣分须写明理由", "A deduction says why", "填写扣分理由", "write the reason"
    ),
    "scored-already": ProblemText(
        409, "您已评过，得分不能修改", "You have scored it; scores never change", *_RELOAD
    ),
    "item-unknown": ProblemText(422, "评查标准中没有这一项", "The standard has no such item", *RESEND),
    "rectification-step-refused": ProblemText(
        409, "当前状态不允许此操作", "The rectification's state does not allow this", *_RELOAD
    ),
    "rectification-own-answer": ProblemText(
        403,
        "不能核实自己的答复",
        "Nobody verifies their own answer",
        "请他人核实",
        "leave it to somebody else",
    ),
    "rectification-proof-invalid": ProblemText(
        422,
        "整改凭证不是记录编号",
        "The proof is no recording",
        "填写记录编号",
        "give a recording's id",
    ),
    "draw-invalid": ProblemText(422, "不是抽样文件", "Not a draw file", *RESEND),
    "plan-invalid": ProblemText(422, "不是抽样方案", "Not an audit plan", *RESEND),
}
