"""Words for people: their roles, what they may do, and what waits for them."""

from schemas.account import AccountNeed, AccountState
from schemas.actor import ActorKind
from schemas.agency import Standing
from schemas.approval import ApprovalState
from schemas.certificate import CertificateNeed, CertificateStep
from schemas.duty import Duty
from schemas.leaves_account import AccountKind
from schemas.leaves_agency import AgencyKind
from schemas.leaves_certificate import CertificateState
from schemas.leaves_certificate_issue import CertificateKind
from schemas.leaves_presence import PresenceWay
from schemas.login import LoginOutcome
from schemas.policy import Action
from schemas.presence import PresenceState
from schemas.roster import RosterFault, RosterState
from schemas.training import MOST_HOURS
from schemas.training_sheet import TrainingFault
from schemas.words import vocabulary

ACTOR_KINDS = vocabulary(
    ActorKind,
    {
        ActorKind.ACCOUNT: ("人员", "Person"),
        ActorKind.DEVICE: ("执法记录设备", "Device"),
        ActorKind.SERVICE: ("系统", "System"),
    },
)

ACTIONS = vocabulary(
    Action,
    {
        Action.RECORDING_SUBMIT: ("上交音像记录", "Hand in recordings"),
        Action.RECORDING_COUNT: ("查看音像记录数量", "See how many recordings there are"),
        Action.RECORDING_VIEW: ("查看音像记录的事实和结论", "See facts and verdicts of recordings"),
        Action.RECORDING_WATCH: ("查看音像记录内容", "Watch recordings"),
        Action.APPROVAL_ASK: ("申请查看音像记录内容", "Ask to watch a recording"),
        Action.APPROVAL_GIVE: ("批准查看音像记录内容", "Approve that a recording is watched"),
        Action.CASE_OPEN: ("登记线索（案源）", "Register a lead"),
        Action.CASE_VIEW: ("查看案件", "See cases"),
        Action.CASE_PARTY: ("查看案件当事人的姓名和证件号码", "See names and codes of a case's parties"),
        Action.CASE_LINK: ("关联证据", "Link evidence"),
        Action.CASE_EXPORT: ("导出案件", "Export a case"),
        Action.CASE_RUN: ("办理案件", "Run a case"),
        Action.CASE_DECIDE: ("批准立案、作出决定", "File a case and make its decision"),
        Action.CASE_REVIEW: ("法制审核", "Give a legal review"),
        Action.EQUIPMENT_VIEW: ("查看监控设备", "See equipment"),
        Action.EQUIPMENT_KEEP: ("管理监控设备", "Keep equipment"),
        Action.MONITORING_SUBMIT: ("送交非现场监管记录", "Hand in monitoring records"),
        Action.MONITORING_VIEW: ("查看非现场监管记录", "See monitoring records"),
        Action.MONITORING_PARTY: (
            "查看非现场监管记录当事人的姓名和证件号码",
            "See names and codes of a record's parties",
        ),
        Action.MONITORING_REVIEW_FIRST: ("初审（证据审核）", "First review (evidence)"),
        Action.MONITORING_REVIEW_SECOND: ("复核（法制审核）", "Second review (legal)"),
        Action.MONITORING_NOTIFY: ("告知当事人", "Notify the party"),
        Action.MONITORING_LINK: ("关联非现场监管记录", "Link monitoring records"),
        Action.AUDIT_VIEW: ("查看案卷评查", "See audits"),
        Action.AUDIT_DEFINE: ("组织案卷评查", "Run audits"),
        Action.AUDIT_CONFIRM: ("核对公开随机值", "Confirm a public value"),
        Action.AUDIT_SCORE: ("案卷评查打分", "Score drawn files"),
        Action.AUDIT_RESULT: ("查看评查结果", "See results of audits"),
        Action.RECTIFICATION_VIEW: ("查看整改", "See rectifications"),
        Action.RECTIFICATION_ANSWER: ("答复整改", "Answer rectifications"),
        Action.RECTIFICATION_VERIFY: ("核实整改", "Verify rectifications"),
        Action.CERTIFICATE_VIEW: ("查看执法证", "See certificates of people"),
        Action.CERTIFICATE_KEEP: ("管理执法证", "Keep certificates of people"),
        Action.DEVICE_VIEW: ("查看执法记录设备", "See devices"),
        Action.DEVICE_ENROL: ("登记执法记录设备", "Enrol devices"),
        Action.DEVICE_REVOKE: ("注销执法记录设备", "Revoke devices"),
        Action.RECORDING_EXAMINE: ("重新检查音像记录", "Examine recordings again"),
        Action.RETENTION_MARK: ("标记永久保存", "Mark recordings to be kept for ever"),
        Action.DEVICE_KEEP: ("办理设备领用和归还", "Hand out devices and take them back"),
        Action.CUSTODY_VIEW: ("查看存证日志", "See the custody log"),
        Action.ACCOUNT_VIEW: ("查看账号及其登录情况", "See accounts and their log-ins"),
        Action.ACCOUNT_KEEP: ("管理账号", "Keep accounts"),
        Action.ACCOUNT_UNLOCK: ("解除登录限制", "Unlock accounts"),
        Action.ROLE_GRANT: ("授予和撤销角色", "Grant and end roles"),
        Action.AGENCY_KEEP: ("管理单位", "Keep agencies"),
        Action.DUTY_KEEP: ("登记勤务", "Open and end duties"),
        Action.DUTY_VIEW: ("查看本单位的勤务", "See the duties of an agency"),
        Action.FINDING_ANSWER: ("说明发现的问题", "Explain findings"),
        Action.NOTE_KEEP: ("写备注和标签", "Write notes and tags"),
        Action.SETTING_VIEW: ("查看单位设置", "See settings of agencies"),
        Action.SETTING_KEEP: ("变更单位设置", "Change settings of agencies"),
        Action.WORK_VIEW: ("查看运行状况", "See how the work stands"),
        Action.LOOK_VIEW: ("查看谁看过证据", "See who looked at evidence"),
        Action.LIKENESS_VIEW: ("查看相似画面提示", "See which pictures look alike"),
        Action.TRAIL_VIEW: ("查看访问日志", "See the access trail"),
    },
)

APPROVAL_STATES = vocabulary(
    ApprovalState,
    {
        ApprovalState.ASKED: ("待批准", "Waits for the head"),
        ApprovalState.STANDING: ("已批准", "Granted"),
        ApprovalState.OVER: ("已结束", "Over"),
    },
)

ACCOUNT_STATES = vocabulary(
    AccountState,
    {
        AccountState.INVITED: ("待本人设置密码", "To be entered"),
        AccountState.ACTIVE: ("在用", "In use"),
        AccountState.CLOSED: ("已停用", "Closed"),
    },
)

ACCOUNT_NEEDS = vocabulary(
    AccountNeed,
    {
        AccountNeed.LOCKED: ("登录受限", "Locked"),
        AccountNeed.ROLELESS: ("没有角色", "Without a role"),
        AccountNeed.ENDING: ("角色将到期", "A role ends soon"),
    },
)

ACCOUNT_KINDS = vocabulary(
    AccountKind,
    {AccountKind.PERSON: ("个人账号", "A person"), AccountKind.MACHINE: ("数据来源的账号", "A machine")},
)

LOGIN_OUTCOMES = vocabulary(
    LoginOutcome,
    {
        LoginOutcome.WRONG: ("密码错误", "Wrong password"),
        LoginOutcome.RIGHT: ("已登录", "Logged in"),
        LoginOutcome.REFUSED: ("未核对即拒绝", "Refused without a look"),
        LoginOutcome.UNLOCKED: ("已解除限制", "Unlocked"),
    },
)

DUTIES = vocabulary(
    Duty,
    {
        Duty.CONFIRM_PRESENCE: ("写明您在场，待您确认或否认", "Captures that name you: were you there?"),
        Duty.EXPLAIN_LATE: ("迟交的音像记录，等您说明", "Recordings that came late, to be explained"),
        Duty.STORE_FAULT: (
            "存储内容与登记不一致，或核验中断的音像记录",
            "Recordings whose stored bytes differ, or whose verification stopped",
        ),
        Duty.END_DUTY: ("超过一天没有结束的勤务", "Duties that nobody has ended for more than a day"),
        Duty.SETTLE_DENIAL: ("写明的人员否认在场，待处理", "People named who deny that they were there"),
        Duty.REVIEW_FIRST: (
            "非现场监管记录待初审（证据审核）",
            "Monitoring records: first (evidence) review",
        ),
        Duty.REVIEW_SECOND: ("非现场监管记录待复核（法制审核）", "Monitoring records: second (legal) review"),
        Duty.LINK_RECORD: ("有效的非现场监管记录待关联案件", "Valid monitoring records without a case"),
        Duty.RUN_CASE: ("在办案件", "Cases you run"),
        Duty.ANSWER_REVIEW: ("法制审核意见待答复", "Grounds of a legal review to answer"),
        Duty.FILE_CASE: ("线索（案源）待立案", "Leads to be filed"),
        Duty.GRANT_APPROVAL: ("待批准的查看申请", "Requests to watch a recording"),
        Duty.EXEMPT_CASE: ("调查终结，待认定无须法制审核", "Cases to exempt from legal review"),
        Duty.DECIDE_CASE: ("审核已通过，待作出决定", "Passed cases to decide"),
        Duty.DECIDE_EXEMPT: ("无须法制审核，待作出决定", "Cases to decide without legal review"),
        Duty.RECORD_SUMMARY: ("当场处罚决定待备案", "Penalties on the spot to file with the agency"),
        Duty.REVIEW_CASE: ("案件待法制审核", "Cases to review"),
        Duty.ANSWER_RECTIFICATION: ("整改待答复", "Rectifications to answer"),
        Duty.VERIFY_RECTIFICATION: ("整改待核实或销号", "Rectifications to verify or close"),
        Duty.ADVANCE_AUDIT: ("案卷评查待推进", "Audits to take further"),
        Duty.CONFIRM_AUDIT: ("公开随机值待核对", "Public values to confirm"),
        Duty.SCORE_MEMBER: ("抽中案卷待评查", "Drawn files to score"),
        Duty.RENEW_CERTIFICATE: (
            "检定证书已到期或即将到期",
            "Verification certificates that have ended or end soon",
        ),
        Duty.RENEW_OFFICER: (
            "执法证即将到期，或一年内没有年审",
            "Certificates of people that end soon, or were not verified for a year",
        ),
        Duty.EVIDENCE_WORSE: (
            "已决定案件的证据重新检查后变差",
            "Decided cases whose evidence was found worse",
        ),
        Duty.REVIEWED_WORSE: (
            "您审核过的案件，证据重新检查后变差",
            "Cases you reviewed whose evidence was found worse",
        ),
        Duty.EVIDENCE_REOPENED: (
            "已决定案件依据的非现场监管记录须重新审核",
            "Decided cases that rest on monitoring records to be judged anew",
        ),
        Duty.RECHECK_FAILED: ("抽中记录复验未通过", "Drawn recordings whose recheck failed"),
        Duty.EXPORT_FAILED: ("导出失败", "Exports that failed"),
        Duty.UNLOCK_ACCOUNT: ("账号因密码错误过多受限", "Accounts locked by too many wrong passwords"),
        Duty.FOLLOW_LINK: ("已开通，本人还没有设置密码", "Opened accounts whose owner has set no password"),
        Duty.GIVE_ROLE: ("账号没有任何角色", "Accounts without any role"),
        Duty.RENEW_ROLE: ("角色即将到期", "Roles that end soon"),
    },
)

PRESENCE_WAYS = vocabulary(
    PresenceWay,
    {
        PresenceWay.LOGIN: ("本人登录", "Own log-in"),
        PresenceWay.SCAN: ("现场扫同伴出示的码", "Scanned a colleague's code on the spot"),
    },
)

PRESENCE_STATES = vocabulary(
    PresenceState,
    {
        PresenceState.NAMED: ("写明，本人未确认", "Named, not confirmed"),
        PresenceState.CONFIRMED: ("本人确认在场", "Confirmed in person"),
        PresenceState.DENIED: ("本人否认在场", "Denied in person"),
        PresenceState.UNKNOWN: ("证号无人持有", "Nobody holds the number"),
    },
)

TRAINING_FAULTS = vocabulary(
    TrainingFault,
    {
        TrainingFault.PERSON: (
            "本单位没有这个登录名或执法证号",
            "Nobody of the agency has this log-in name or certificate",
        ),
        TrainingFault.PERSONS_DIFFER: (
            "登录名和执法证号不是同一人",
            "Log-in name and certificate are of two people",
        ),
        TrainingFault.CLOSED: ("此人的账号已停用", "The account of this person is closed"),
        TrainingFault.DAY: ("培训日期写法不对（如 2026-12-31）", "No day of training, such as 2026-12-31"),
        TrainingFault.FUTURE: ("培训日期在将来", "The day lies in the future"),
        TrainingFault.KIND: (
            "培训类别须为公共法律知识、业务知识和技能之一",
            "The kind is neither public law nor the profession",
        ),
        TrainingFault.HOURS: (
            f"学时须为 1 至 {MOST_HOURS} 的整数",
            f"Hours are a whole number from 1 to {MOST_HOURS}",
        ),
        TrainingFault.TOPIC: ("培训内容缺失，或超过 500 字", "The subject is missing, or longer than 500"),
        TrainingFault.TWICE: ("与表中另一行相同", "Another row of the sheet says the same"),
    },
)

CERTIFICATE_KINDS = vocabulary(
    CertificateKind,
    {
        CertificateKind.ENFORCEMENT: ("行政执法证", "Enforcement certificate"),
        CertificateKind.AUXILIARY: ("辅助人员证", "Auxiliary's certificate"),
        CertificateKind.SUPERVISION: ("行政执法监督证", "Supervision certificate"),
        CertificateKind.LEGAL: ("国家统一法律职业资格", "Qualification of the legal profession"),
        CertificateKind.LEGAL_BEFORE: ("非初次从事法制审核", "Gave legal reviews before"),
    },
)

CERTIFICATE_STATES = vocabulary(
    CertificateState,
    {
        CertificateState.VALID: ("有效", "Valid"),
        CertificateState.SUSPENDED: ("暂扣", "Suspended"),
        CertificateState.WITHDRAWN: ("收回", "Withdrawn"),
        CertificateState.CANCELLED: ("注销", "Cancelled"),
    },
)

CERTIFICATE_STEPS = vocabulary(
    CertificateStep,
    {
        CertificateStep.SUSPEND: ("暂扣", "Suspend"),
        CertificateStep.RESTORE: ("恢复", "Restore"),
        CertificateStep.WITHDRAW: ("收回", "Withdraw"),
        CertificateStep.CANCEL: ("注销", "Cancel"),
    },
)

CERTIFICATE_NEEDS = vocabulary(
    CertificateNeed,
    {
        CertificateNeed.ENDING: ("即将到期", "Ends soon"),
        CertificateNeed.UNVERIFIED: ("一年内没有年审", "Not verified for a year"),
    },
)

STANDING = vocabulary(
    Standing,
    {
        Standing.PEOPLE: ("在用账号", "Open accounts"),
        Standing.DEVICES: ("未注销设备", "Devices in use"),
        Standing.CODES: ("未用登记码", "Unused enrolment codes"),
        Standing.CASES: ("未结案件", "Open cases"),
        Standing.UNITS: ("在用下级单位", "Open units below"),
        Standing.ENTRUSTED: ("受其委托的组织", "Bodies that it entrusts"),
    },
)

AGENCY_KINDS = vocabulary(
    AgencyKind,
    {
        AgencyKind.AGENCY: ("行政机关", "Administrative agency"),
        AgencyKind.AUTHORISED: ("授权组织", "Authorised body"),
        AgencyKind.ENTRUSTED: ("受委托组织", "Entrusted body"),
    },
)

ROSTER_STATES = vocabulary(
    RosterState,
    {
        RosterState.LOOKED: ("已检查", "Looked at"),
        RosterState.TAKING: ("导入中", "Being imported"),
        RosterState.TAKEN: ("已导入", "Imported"),
        RosterState.FAILED: ("没有导入", "Not imported"),
    },
)

ROSTER_FAULTS = vocabulary(
    RosterFault,
    {
        RosterFault.NAME: ("姓名缺失或过长", "The name is missing or too long"),
        RosterFault.LOGIN: ("登录名不合要求（小写字母开头，可含数字、点、下划线、连字符）", "No log-in name"),
        RosterFault.LOGIN_TWICE: ("登录名在表中重复", "The log-in name stands twice in the sheet"),
        RosterFault.LOGIN_TAKEN: ("登录名已被使用", "The log-in name is taken"),
        RosterFault.AGENCY: ("管理范围内没有这个单位代码或名称", "No such agency within your reach"),
        RosterFault.ROLE: ("角色不认识或重复", "A role is unknown, or stands twice"),
        RosterFault.ROLE_APART: (
            "管理类角色（系统、安全、审计）不能兼任业务角色",
            "Whoever administers holds no role of the work",
        ),
        RosterFault.DAY: ("日期写法不对（如 2026-12-31）", "No day, such as 2026-12-31"),
        RosterFault.PERIOD: ("结束早于开始，或已经过去", "It ends before it begins, or has ended"),
    },
)
