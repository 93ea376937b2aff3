"""Supervision: draws, scores, rectifications."""

from schemas.errors import (
    Conflict,
    IntegrityBroken,
    Invalid,
    Level,
    NotFound,
    Refusal,
    Refused,
    TransitionRefused,
)
from schemas.next_steps import CHECK_ID, NOTHING, OPERATOR, RELOAD, RESEND, SOON

RECHECK_UNKNOWN = Refusal(
    "recheck-unknown", NotFound, Level.INFO, "没有这次复验", "No such recheck", *CHECK_ID
)
AUDIT_UNKNOWN = Refusal("audit-unknown", NotFound, Level.INFO, "没有这次案卷评查", "No such audit", *CHECK_ID)
AGENCY_UNKNOWN = Refusal(
    "agency-unknown",
    NotFound,
    Level.INFO,
    "监督范围内没有这个单位",
    "No such agency within your supervision",
    "检查单位",
    "check the agency",
)
MEMBER_UNKNOWN = Refusal(
    "member-unknown", NotFound, Level.INFO, "它没有被抽中", "This was not drawn", *CHECK_ID
)
INSPECTOR_UNKNOWN = Refusal(
    "inspector-unknown",
    NotFound,
    Level.INFO,
    "没有这名评查员，或其属于被查单位",
    "No such inspector, or one of the audited agency",
    "从名单中选择",
    "choose one of the list",
)
RECTIFICATION_UNKNOWN = Refusal(
    "rectification-unknown", NotFound, Level.INFO, "没有这项整改", "No such rectification", *CHECK_ID
)
POPULATION_EMPTY = Refusal(
    "population-empty",
    Invalid,
    Level.INFO,
    "该时段内没有可抽取的对象",
    "Nothing in the period can be drawn",
    "调整时段或单位",
    "change the period or the agency",
)
POPULATION_TOO_LARGE = Refusal(
    "population-too-large",
    Invalid,
    Level.INFO,
    "抽查范围过大",
    "The population is too large",
    "缩短时段",
    "shorten the period",
)
SIZE_OVER_POPULATION = Refusal(
    "size-over-population",
    Invalid,
    Level.INFO,
    "抽样数超过抽查范围",
    "The sample is larger than the population",
    "减少抽样数",
    "draw fewer",
)
POPULATION_DUPLICATE = Refusal(
    "population-duplicate",
    Invalid,
    Level.INFO,
    "抽查范围中有重复编号",
    "An id stands twice in the population",
    *RESEND,
)
POPULATION_CHANGED = Refusal(
    "population-changed",
    IntegrityBroken,
    Level.CRITICAL,
    "抽查范围与冻结时不一致",
    "The population is not the one that was frozen",
    *OPERATOR,
)
RANDOMNESS_TOO_NEAR = Refusal(
    "randomness-too-near",
    Invalid,
    Level.INFO,
    "公开随机事件距冻结太近，冻结时可能已被知晓",
    "The public event is too near: it might be known at the freeze",
    "先修改方案，改选更晚的公开事件，再冻结",
    "amend the draft with a later event, then freeze",
)
RANDOMNESS_TOO_EARLY = Refusal(
    "randomness-too-early",
    TransitionRefused,
    Level.INFO,
    "公开随机事件尚未发生",
    "The public event has not taken place yet",
    "事件发生后再录入",
    "enter it after the event",
)
RANDOMNESS_INVALID = Refusal(
    "randomness-invalid",
    Invalid,
    Level.INFO,
    "随机值缺失、为空，或不是这类公开事件的结果",
    "A value is missing, empty or not of the kind of its event",
    "逐项填写公布的结果：彩票和骰子只填号码，drand 填十六进制数，指数填数值",
    "enter each result as published: numbers alone of lotteries and dice, hex of drand, a number of an index",
)
RETRACT_NOT_OWN = Refusal(
    "retract-not-own",
    Refused,
    Level.INFO,
    "只有录入人本人可以撤回录入的值",
    "Only who entered a value takes it back",
    "由录入人撤回，或由第二人独立核对",
    "let who entered it take it back, or a second person enter what they read",
)
CONFIRM_SAME_PERSON = Refusal(
    "confirm-same-person",
    Refused,
    Level.INFO,
    "录入与核对须由不同人员完成",
    "A second person confirms the value",
    "请另一人核对",
    "leave it to somebody else",
)
AUDIT_NOT_FROZEN = Refusal(
    "audit-not-frozen",
    TransitionRefused,
    Level.INFO,
    "抽查范围尚未冻结，不能录入随机值",
    "The population is not frozen yet: no value may be entered",
    "先冻结抽查范围",
    "freeze the population first",
)
AUDIT_NOT_LOGGED = Refusal(
    "audit-not-logged",
    Conflict,
    Level.DEBUG,
    "前一步尚未进入已签署的日志",
    "The step before is not in the signed log yet",
    *SOON,
)
AUDIT_ORDER_BROKEN = Refusal(
    "audit-order-broken",
    Conflict,
    Level.ERROR,
    "日志位置与抽样顺序矛盾",
    "The log's positions contradict the order",
    *OPERATOR,
)
AUDIT_STEP_REFUSED = Refusal(
    "audit-step-refused",
    TransitionRefused,
    Level.INFO,
    "当前状态不允许此操作",
    "The audit's state does not allow this",
    *RELOAD,
)
AUDIT_CLOSE_UNSAID = Refusal(
    "audit-close-unsaid",
    Invalid,
    Level.INFO,
    "评查还有未完成的事项，须写明为何仍然结束",
    "Something is still missing: say why the audit ends all the same",
    "填写理由，或先完成评查",
    "write the reason, or finish first",
)
AUDIT_CLOSE_CHANGED = Refusal(
    "audit-close-changed",
    Conflict,
    Level.INFO,
    "您查看之后评查情况有变化",
    "What is missing is no longer what you were shown",
    "按现在的情况重新确认",
    "look again, and confirm what is so now",
)
AUDIT_NOT_DRAWN = Refusal(
    "audit-not-drawn",
    TransitionRefused,
    Level.INFO,
    "尚未抽样",
    "Nothing is drawn yet",
    "先完成抽样",
    "draw the sample first",
)
AUDIT_NOT_CLOSED = Refusal(
    "audit-not-closed",
    TransitionRefused,
    Level.INFO,
    "评查尚未结束，结束后被查单位可以看结果",
    "The audit is not closed: the audited agency sees its result then",
    *NOTHING,
)
RECHECK_WAITING = Refusal(
    "recheck-waiting",
    TransitionRefused,
    Level.INFO,
    "抽中的音像记录正在重新计算完整性校验值，完成前不能打开",
    "The drawn recordings are still being re-hashed; it opens after that",
    *SOON,
)
INSPECTORS_COMPLETE = Refusal(
    "inspectors-complete",
    TransitionRefused,
    Level.INFO,
    "评查员已经指派齐",
    "All inspectors are assigned",
    *NOTHING,
)
THIRD_NEEDLESS = Refusal(
    "third-needless",
    TransitionRefused,
    Level.INFO,
    "评查员尚未评完，或评分相差没有超过界限，不需要第三名评查员",
    "Not everybody has scored it, or the totals lie near enough: no third inspector is needed",
    *NOTHING,
)
THIRD_NAMED = Refusal(
    "third-named",
    Conflict,
    Level.INFO,
    "这份案卷已经指派第三名评查员",
    "A third inspector is named for this file",
    *RELOAD,
)
THIRD_UNFIT = Refusal(
    "third-unfit",
    Refused,
    Level.INFO,
    "第三名评查员须另有其人：不是这次评查的评查员，也不是能看到得分的监督人员",
    "A third inspector is somebody else: no inspector of this audit, and no supervisor, who sees the points",
    "从名单中选择",
    "choose one of the list",
)
INSPECTOR_TOOK_PART = Refusal(
    "inspector-took-part",
    Refused,
    Level.INFO,
    "该评查员参与过被抽中案卷的采集、办理、批准或审核",
    "The inspector captured, handled, led or reviewed something that was drawn",
    "改派他人",
    "assign somebody else",
)
SCORES_INCOMPLETE = Refusal(
    "scores-incomplete",
    Invalid,
    Level.INFO,
    "须为每一项打分且只打一次",
    "Every item is scored exactly once",
    *RESEND,
)
SCORE_OUT_OF_RANGE = Refusal(
    "score-out-of-range", Invalid, Level.INFO, "得分超过该项分值", "More points than the item has", *RESEND
)
SCORE_WITHOUT_REMARK = Refusal(
    "score-without-remark",
    Invalid,
    Level.INFO,
    "扣分须写明理由",
    "A deduction says why",
    "填写扣分理由",
    "write the reason",
)
SCORED_ALREADY = Refusal(
    "scored-already",
    Conflict,
    Level.INFO,
    "您已评过，得分不能修改",
    "You have scored it; scores never change",
    *RELOAD,
)
ITEM_UNKNOWN = Refusal(
    "item-unknown", Invalid, Level.INFO, "评查标准中没有这一项", "The standard has no such item", *RESEND
)
RECTIFICATION_STEP_REFUSED = Refusal(
    "rectification-step-refused",
    TransitionRefused,
    Level.INFO,
    "当前状态不允许此操作",
    "The rectification's state does not allow this",
    *RELOAD,
)
RECTIFICATION_OWN_ANSWER = Refusal(
    "rectification-own-answer",
    Refused,
    Level.INFO,
    "不能核实自己的答复",
    "Nobody verifies their own answer",
    "请他人核实",
    "leave it to somebody else",
)
DRAW_INVALID = Refusal("draw-invalid", Invalid, Level.INFO, "不是抽样文件", "Not a draw file", *RESEND)
PLAN_INVALID = Refusal("plan-invalid", Invalid, Level.INFO, "不是抽样方案", "Not an audit plan", *RESEND)
PLAN_BROKEN = Refusal(
    "plan-broken",
    IntegrityBroken,
    Level.CRITICAL,
    "所存抽样方案被改动",
    "A kept audit plan was altered",
    *OPERATOR,
)
