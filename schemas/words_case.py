"""Words of cases and of their legal review."""

from schemas.acceptance import AcceptanceGround
from schemas.case import CaseState, CaseStep
from schemas.leaves_case import CaseField
from schemas.leaves_recusal import RecusalGround
from schemas.review import GroundItem, OpinionWord, ReviewState
from schemas.review_scope import ReviewRule, ScopeKind
from schemas.separation import Part
from schemas.words import vocabulary

CASE_STATES = vocabulary(
    CaseState,
    {
        CaseState.LEAD: ("线索（案源）", "Lead"),
        CaseState.FILED: ("已立案", "Filed"),
        CaseState.INVESTIGATING: ("调查取证", "Investigating"),
        CaseState.INVESTIGATION_CLOSED: ("调查终结", "Investigation closed"),
        CaseState.LEGAL_REVIEW: ("法制审核", "Legal review"),
        CaseState.REVIEW_NOT_NEEDED: ("无须法制审核", "No legal review needed"),
        CaseState.DECIDED: ("已作出决定", "Decided"),
        CaseState.CLOSED: ("已结案", "Closed"),
        CaseState.NOT_FILED: ("不予立案", "Not filed"),
        CaseState.ANNULLED: ("已撤销", "Annulled"),
    },
)

CASE_FIELDS = vocabulary(
    CaseField,
    {
        CaseField.MATTER: ("案由", "matter"),
        CaseField.OCCURRED_AT: ("违法行为发生时间", "time of the act"),
        CaseField.PARTY: ("当事人", "party"),
        CaseField.PARTY_CODE: ("信用代码或身份证号", "code of the party"),
        CaseField.PLACE: ("地点", "place"),
        CaseField.PLATES: ("号牌", "plates"),
        CaseField.POINT: ("坐标", "position"),
    },
)

CASE_STEPS = vocabulary(
    CaseStep,
    {
        CaseStep.FILE: ("立案", "File the case"),
        CaseStep.PENALISE: ("登记当场处罚", "Enter a penalty on the spot"),
        CaseStep.INVESTIGATE: ("开始调查", "Begin the investigation"),
        CaseStep.CONCLUDE: ("调查终结", "Close the investigation"),
        CaseStep.REOPEN: ("恢复调查", "Reopen the investigation"),
        CaseStep.EXEMPT: ("认定无须法制审核", "Agree that no legal review is needed"),
        CaseStep.SUBMIT: ("提交法制审核", "Submit to legal review"),
        CaseStep.PASS: ("审核通过", "Pass"),
        CaseStep.SUPPLEMENT: ("退回补充（补正）", "Supplement"),
        CaseStep.REJECT: ("审核不同意", "Reject"),
        CaseStep.DECIDE: ("作出决定", "Make the decision"),
        CaseStep.RECORD: ("备案", "File it with the agency"),
        CaseStep.RETRACT: ("撤回当场处罚登记", "Take the entry of the penalty back"),
        CaseStep.CLOSE: ("结案", "Close the case"),
        CaseStep.REFUSE: ("不予立案", "Do not file"),
        CaseStep.ANNUL: ("撤销案件", "Annul the case"),
        CaseStep.RESTORE: ("恢复办理", "Restore the case"),
    },
)

OPINIONS = vocabulary(
    OpinionWord,
    {
        OpinionWord.PASS: ("审核通过", "Pass"),
        OpinionWord.SUPPLEMENT: ("退回补充（补正）", "Supplement"),
        OpinionWord.REJECT: ("审核不同意", "Reject"),
    },
)

GROUND_ITEMS = vocabulary(
    GroundItem,
    {
        GroundItem.FACTS: ("事实", "Facts"),
        GroundItem.EVIDENCE: ("证据", "Evidence"),
        GroundItem.PROCEDURE: ("程序", "Procedure"),
        GroundItem.COMPETENCE: ("主体与职权", "Competence"),
        GroundItem.LAW: ("法律适用", "Law"),
        GroundItem.DISCRETION: ("裁量", "Discretion"),
        GroundItem.DOCUMENTS: ("文书", "Documents"),
        GroundItem.OTHER: ("其他", "Other"),
    },
)

ACCEPTANCE_GROUNDS = vocabulary(
    AcceptanceGround,
    {
        AcceptanceGround.ORIGINAL_SEEN: ("已与原件、原物核对无误", "Compared with the original"),
        AcceptanceGround.MAKER_CONFIRMS: ("制作人确认", "Whoever made it confirms it"),
        AcceptanceGround.PARTY_CONFIRMS: ("当事人认可", "The party accepts it"),
        AcceptanceGround.OTHER_EVIDENCE: ("其他证据相互印证", "Other evidence bears it out"),
        AcceptanceGround.BESIDE_THE_FACT: ("疑点不涉及所证事实", "What is doubtful does not touch the fact"),
        AcceptanceGround.OTHER: ("其他", "Other"),
    },
)

REVIEW_STATES = vocabulary(
    ReviewState,
    {
        ReviewState.OPEN: ("待审", "To review"),
        ReviewState.GIVEN: ("意见已给出", "Opinion given"),
    },
)

RECUSAL_GROUNDS = vocabulary(
    RecusalGround,
    {
        RecusalGround.OWN: ("自行回避", "By their own word"),
        RecusalGround.HEAD: ("负责人指令回避", "By the head"),
        RecusalGround.PARTY: ("当事人申请，负责人决定", "Asked for by a party, granted by the head"),
    },
)

SCOPE_KINDS = vocabulary(
    ScopeKind,
    {
        ScopeKind.PUBLIC_INTEREST: ("涉及重大公共利益", "It concerns major public interest"),
        ScopeKind.MAJOR_RIGHTS: (
            "直接关系当事人或者第三人重大权益，经过听证程序",
            "It directly affects major rights of the party or of others, and went through a hearing",
        ),
        ScopeKind.DIFFICULT: (
            "案件情况疑难复杂、涉及多个法律关系",
            "It is difficult and involves several legal relations",
        ),
        ScopeKind.OTHER_LAW: (
            "法律、法规规定应当进行法制审核的其他情形",
            "It is otherwise one of which a law or regulation asks for a review",
        ),
    },
)

REVIEW_RULES = vocabulary(
    ReviewRule, {ReviewRule.ORDINARY: ("普通程序案件", "Every case of the ordinary procedure")}
)

PARTS = vocabulary(
    Part,
    {
        Part.CAPTURED: ("参与采集", "captured evidence"),
        Part.HANDLES: ("承办本案", "handles the case"),
        Part.SUBMITTED: ("提交审核", "submitted it for review"),
        Part.CONCLUDED: ("办理调查终结", "closed the investigation"),
        Part.PENALISED: ("作出或登记当场处罚决定", "made or entered its decision on the spot"),
        Part.LED: (
            "批准立案、认定无须法制审核、作出决定或备案",
            "filed, exempted, decided or recorded the case",
        ),
        Part.JUDGED: ("对其非现场监管记录作过证据审核", "judged its monitoring record"),
        Part.AGREED: ("对其非现场监管记录作过法制复核", "reviewed its monitoring record"),
        Part.REVIEWED: ("作过法制审核", "gave a legal review of it"),
        Part.BARRED: ("须回避本案", "is barred from it"),
    },
)
