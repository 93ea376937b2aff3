"""Words of supervision: audits of case files, what they score against, and what an agency mends."""

from schemas.audit import AuditKind, AuditState, AuditStep, RecheckOutcome
from schemas.randomness import SourceKind
from schemas.rectification import RectificationState, RectificationStep
from schemas.standard import AutoCheck
from schemas.third import ScoreOfThree
from schemas.words import vocabulary

AUDIT_KINDS = vocabulary(
    AuditKind,
    {
        AuditKind.CLOSED_CASES: ("已结案件", "Closed cases"),
        AuditKind.SEALED_RECORDINGS: ("已封存音像记录", "Sealed recordings"),
    },
)

SCORES_OF_THREE = vocabulary(
    ScoreOfThree,
    {
        ScoreOfThree.THIRD: ("第三名评查员", "The third inspector"),
        ScoreOfThree.NEARER: ("与第三人得分较近者", "Whoever is nearer to the third"),
        ScoreOfThree.FARTHER: ("与第三人得分较远者", "Whoever is farther from the third"),
    },
)

AUDIT_STATES = vocabulary(
    AuditState,
    {
        AuditState.DEFINED: ("已拟定", "Defined"),
        AuditState.DROPPED: ("已放弃", "Dropped"),
        AuditState.FROZEN: ("抽查范围已冻结", "Population frozen"),
        AuditState.ENTERED: ("随机值待核对", "Value to confirm"),
        AuditState.CONFIRMED: ("待抽样", "Ready to draw"),
        AuditState.DRAWN: ("评查中", "Being scored"),
        AuditState.CLOSED: ("已结束", "Closed"),
    },
)

AUDIT_STEPS = vocabulary(
    AuditStep,
    {
        AuditStep.AMEND: ("修改方案", "Amend the draft"),
        AuditStep.DROP: ("放弃评查", "Drop the audit"),
        AuditStep.FREEZE: ("冻结抽查范围", "Freeze the population"),
        AuditStep.ENTER: ("录入公开随机值", "Enter the public value"),
        AuditStep.RETRACT: ("撤回录入的值", "Take the value back"),
        AuditStep.MISMATCH: ("两次录入不一致", "The two values differ"),
        AuditStep.CONFIRM: ("第二人核对", "A second person confirms"),
        AuditStep.DRAW: ("抽样", "Draw"),
        AuditStep.CLOSE: ("结束评查", "End the audit"),
    },
)

SOURCE_KINDS = vocabulary(
    SourceKind,
    {
        SourceKind.LOTTERY: ("彩票开奖", "Lottery result"),
        SourceKind.DICE: ("公开掷骰", "Public dice"),
        SourceKind.DRAND: ("drand 公共随机数", "drand public randomness"),
        SourceKind.INDEX: ("指数收盘点位", "Closing index"),
        SourceKind.OTHER: ("其他公开事件", "Another public event"),
    },
)

RECHECKS = vocabulary(
    RecheckOutcome,
    {
        RecheckOutcome.WAITING: ("复验中", "Rechecking"),
        RecheckOutcome.VERIFIED: ("通过", "Verified"),
        RecheckOutcome.MISMATCH: ("不符", "Mismatch"),
        RecheckOutcome.NOT_CHECKED: ("未检查", "Not checked"),
    },
)

AUTO_CHECKS = vocabulary(
    AutoCheck,
    {
        AutoCheck.FIXITY: ("抽中记录复验", "Recheck of what was drawn"),
        AutoCheck.TWO_OFFICERS: ("执法人员不少于两人", "At least two officers"),
        AutoCheck.HAND_IN: ("及时上交入库", "Handed in on time"),
    },
)

RECTIFICATION_STATES = vocabulary(
    RectificationState,
    {
        RectificationState.RAISED: ("待答复", "To answer"),
        RectificationState.ANSWERED: ("待核实", "To verify"),
        RectificationState.RETURNED: ("已退回", "Returned"),
        RectificationState.VERIFIED: ("待销号", "To close"),
        RectificationState.CLOSED: ("已销号", "Closed"),
    },
)

RECTIFICATION_STEPS = vocabulary(
    RectificationStep,
    {
        RectificationStep.ANSWER: ("答复", "Answer"),
        RectificationStep.RETURN: ("退回", "Return"),
        RectificationStep.VERIFY: ("核实通过", "Verify"),
        RectificationStep.CLOSE: ("销号", "Close"),
    },
)
