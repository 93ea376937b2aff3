"""The summary procedure (arts 51 and 52): what may be decided on the spot, by whom, and what follows it."""

from schemas.errors import Conflict, Invalid, Level, Refusal, Refused, TransitionRefused

_ORDINARY = (
    "不适用简易程序的，由负责人立案，按普通程序办理（第五十四条）",
    "where the summary procedure does not apply, the head files the case, and it goes the ordinary way (art. 54)",
)
_SENT_AGAIN = ("核对决定书后改正，重新提交", "compare the written decision, correct it, and send again")

SUMMARY_KIND = Refusal(
    "summary-kind",
    Invalid,
    Level.INFO,
    "当场作出的行政处罚决定只能是警告、罚款，或者两者并处（行政处罚法第五十一条）",
    "On the spot nothing but a warning, a fine or both may be decided (Administrative Penalty Law, art. 51)",
    *_ORDINARY,
)
SUMMARY_FINE_HIGH = Refusal(
    "summary-fine-high",
    Invalid,
    Level.INFO,
    "罚款超过可以当场决定的数额：对公民二百元以下，对法人或者其他组织三千元以下；本单位规定更低的，从其规定（行政处罚法第五十一条）",
    "The fine is higher than may be decided on the spot: up to 200 yuan for a citizen, 3,000 for a legal person or another"
    " organisation, or less by a rule of the agency (Administrative Penalty Law, art. 51)",
    *_ORDINARY,
)
SUMMARY_PARTY = Refusal(
    "summary-party",
    Invalid,
    Level.INFO,
    "本案登记的当事人证件号码是公民身份号码，不能按法人或者其他组织的数额罚款（行政处罚法第五十一条）",
    "The party's code of this case is that of a citizen: the fine of an organisation does not apply (Administrative Penalty"
    " Law, art. 51)",
    "选择“公民”；证件号码登记有误的，先更正案件登记",
    "say that the party is a citizen, or correct the code of the case first",
)
SUMMARY_OFFICERS = Refusal(
    "summary-officers",
    Invalid,
    Level.INFO,
    "按执法证登记，当场处罚时具有行政执法资格的执法人员少于两人（行政处罚法第四十二条、第五十二条）",
    "By the register fewer than two of the officers that are named held a valid certificate of this agency at that time"
    " (Administrative Penalty Law, arts 42 and 52)",
    "核对两名执法人员和处罚时间；执法证登记有误的，由设备保管员更正",
    "check both officers and the time; a custodian corrects what is wrong in the register of certificates",
)
SUMMARY_EXCEPTION = Refusal(
    "summary-exception",
    Invalid,
    Level.INFO,
    "由一名执法人员作出决定，要有法律另有规定的条款，且该条款在处罚当时列于本单位的清单；两名执法人员的，不写条款（行政处罚法第四十二条）",
    "One officer alone decides by an article of another law that stood in the agency's list at that time; two cite none"
    " (Administrative Penalty Law, art. 42)",
    "选择清单中的条款，或者写明两名执法人员；条款由管理员在“参数设置”中维护",
    "choose an article of the list, or name two officers; an administrator keeps the list among the settings",
)
SUMMARY_TIME = Refusal(
    "summary-time",
    Invalid,
    Level.INFO,
    "当场处罚的时间晚于现在，或者早于登记的违法行为发生时间",
    "The penalty is dated later than now, or before the act happened as the case says",
    *_SENT_AGAIN,
)
SUMMARY_NONE = Refusal(
    "summary-none",
    TransitionRefused,
    Level.INFO,
    "本案没有当场作出的行政处罚决定",
    "No decision on the spot stands in this case",
    "刷新页面查看",
    "reload and read it",
)
SUMMARY_RECORDED = Refusal(
    "summary-recorded",
    TransitionRefused,
    Level.INFO,
    "当场处罚决定已经备案，不能再备案或者撤回登记",
    "The decision on the spot is filed with the agency: it is neither filed again nor taken back",
    "登记有误的，请行政机关负责人依法处理",
    "where something in it is wrong, the head of the agency deals with it by law",
)
SUMMARY_UNRECORDED = Refusal(
    "summary-unrecorded",
    TransitionRefused,
    Level.INFO,
    "当场处罚决定还没有报所属行政机关备案，不能结案（行政处罚法第五十二条）",
    "The decision on the spot is not filed with the agency yet: the case cannot be closed (Administrative Penalty Law,"
    " art. 52)",
    "请行政机关负责人办理备案",
    "the head of the agency files it",
)
SUMMARY_APART = Refusal(
    "summary-apart",
    Conflict,
    Level.INFO,
    "当场处罚的登记、备案和撤回须填写各自的内容，不能作为一般步骤提交",
    "A penalty on the spot, its filing and its taking back say more than a step does",
    "在案件页面的“当场处罚”中办理",
    "send it as a summary penalty of the case",
)
SUMMARY_OWN = Refusal(
    "summary-own",
    Refused,
    Level.INFO,
    "作出或者登记当场处罚决定的人不能自己备案",
    "Whoever made or entered a decision on the spot does not file it with the agency",
    "请其他负责人备案",
    "ask another head of the agency",
)
