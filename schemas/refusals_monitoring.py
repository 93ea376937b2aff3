"""Fixed equipment, its records and their opinions."""

from schemas.errors import Conflict, Invalid, Level, NotFound, Refusal, Refused, TooLarge, TransitionRefused
from schemas.next_steps import CHECK_ID, RELOAD, RESEND, TELL_VENDOR

_GATE = (
    "在设备登记册中补全所缺事实；采集时确实缺少的，该记录不得作为证据",
    "enter the missing fact in the register; what was truly missing at the capture keeps the record from being evidence",
)
INTAKE_INVALID = Refusal(
    "intake-invalid", Invalid, Level.INFO, "不是本系统的接收清单", "Not an intake manifest", *TELL_VENDOR
)
EQUIPMENT_UNKNOWN = Refusal(
    "equipment-unknown",
    NotFound,
    Level.INFO,
    "没有这台监控设备，或它没有绑定到该数据来源",
    "No such equipment, or it is not bound to this source",
    "核对设备编号，由保管员在登记册中绑定",
    "check the number, and let the custodian bind it in the register",
)
EQUIPMENT_NUMBER_TAKEN = Refusal(
    "equipment-number-taken",
    Conflict,
    Level.INFO,
    "本单位已有同号设备",
    "The agency has equipment of this number",
    "换一个编号",
    "use another number",
)
EQUIPMENT_STEP_REFUSED = Refusal(
    "equipment-step-refused",
    TransitionRefused,
    Level.INFO,
    "设备当前状态不允许此操作",
    "The equipment's state does not allow this",
    *RELOAD,
)
SOURCE_UNKNOWN = Refusal(
    "source-unknown",
    NotFound,
    Level.INFO,
    "本单位没有这个数据来源",
    "No such source in the agency",
    "先建立数据来源",
    "make the source first",
)
FACT_IN_FUTURE = Refusal(
    "fact-in-future",
    Invalid,
    Level.INFO,
    "时间在未来，不能登记",
    "It lies in the future",
    "发生之后再登记",
    "enter it once it has happened",
)
EQUIPMENT_FACT_UNKNOWN = Refusal(
    "equipment-fact-unknown",
    NotFound,
    Level.INFO,
    "没有这条登记，或已经登记为从未有过",
    "No such fact, or it is said never to have been",
    "刷新页面",
    "reload the page",
)
EQUIPMENT_CERTIFICATE_UNKNOWN = Refusal(
    "equipment-certificate-unknown",
    NotFound,
    Level.INFO,
    "这台设备现在没有这份检定证书，或已经撤销",
    "The equipment has no such verification certificate now, or it was annulled",
    "刷新页面",
    "reload the page",
)
CERTIFICATE_SCAN_UNKNOWN = Refusal(
    "certificate-scan-unknown",
    Invalid,
    Level.INFO,
    "扫描件须是本单位交来、已封存、文书类型为检定证书的文书",
    "The scan is a sealed document of the agency that was handed in as a verification certificate",
    "先从“交来材料”交来检定证书，封存后再选择",
    "hand the certificate in first, and choose it once it is sealed",
)
ANNUL_OUTSIDE_VALIDITY = Refusal(
    "annul-outside-validity",
    Invalid,
    Level.INFO,
    "失效时间要在证书有效期之内；自始无效的，不填时间",
    "A certificate is void from a time within its validity; leave the time out if it was void from the beginning",
    "改时间后重新提交",
    "choose another time",
)
ANNUL_CHANGED = Refusal(
    "annul-changed",
    Conflict,
    Level.INFO,
    "受影响的记录或案件与您看到的数目不同",
    "The number of records or cases it touches is not the one that you were shown",
    "再看一次影响，再确认",
    "look again at what it touches, then confirm",
)
EQUIPMENT_FACT_MEMBER = Refusal(
    "equipment-fact-member",
    Invalid,
    Level.INFO,
    "这种登记没有所更正的这一项",
    "A fact of this kind has no such member",
    "只更正它有的各项",
    "correct what it has",
)
EQUIPMENT_FACT_DATES = Refusal(
    "equipment-fact-dates",
    Invalid,
    Level.INFO,
    "结束要晚于开始",
    "A fact ends after it begins",
    "改时间后重新提交",
    "choose other times",
)
EQUIPMENT_FACT_SAME = Refusal(
    "equipment-fact-same",
    Conflict,
    Level.INFO,
    "已经是这样登记的",
    "This is what is said already",
    "刷新页面，核对各项",
    "reload the page, check what it says",
)
EQUIPMENT_FACT_SUSPENDED = Refusal(
    "equipment-fact-suspended",
    Conflict,
    Level.INFO,
    "设备现在正因此停用",
    "The equipment is suspended by it now",
    "先恢复使用，再更正结束时间或登记为从未停用",
    "put it back into service first, then correct the end or say that it never was",
)
EQUIPMENT_FACT_RESTED_ON = Refusal(
    "equipment-fact-rested-on",
    Conflict,
    Level.INFO,
    "有已认定有效的记录只凭这份证书",
    "Records that were found valid rest on this certificate alone",
    "那段时间另有证书的，先登记那份证书再更正；没有的，用“撤销检定证书”：这些记录要由两人重新审核",
    "enter the certificate that did cover that time first, then correct; where none did, annul it: both reviewers judge "
    "those records anew",
)
EQUIPMENT_DESCRIBED_SAME = Refusal(
    "equipment-described-same",
    Conflict,
    Level.INFO,
    "登记册已经是这样写的",
    "This is what the register says already",
    "刷新页面，核对各项；只填写有变化的各项",
    "reload the page, check what it says, and enter only what is different",
)
EQUIPMENT_DESCRIBED_REASON = Refusal(
    "equipment-described-reason",
    Invalid,
    Level.INFO,
    "更正以前的登记须写明理由",
    "A reason is said where what the register said is corrected",
    "写明为什么更正；设备变动的，填写变动的时间",
    "say why it is corrected; where the equipment itself changed, say from when on",
)
MONITORING_UNKNOWN = Refusal(
    "monitoring-unknown",
    NotFound,
    Level.INFO,
    "没有这条非现场监管记录",
    "No such monitoring record",
    *CHECK_ID,
)
CASE_NUMBER_UNKNOWN = Refusal(
    "case-number-unknown",
    Invalid,
    Level.INFO,
    "没有这个案号",
    "No case of this number",
    "核对案号后再关联",
    "check the number and link again",
)
BATCH_TOO_LARGE = Refusal(
    "batch-too-large",
    TooLarge,
    Level.INFO,
    "一批最多 1000 行、32 MiB，整批没有写入",
    "A batch has at most 1,000 rows and 32 MiB; nothing of it was written",
    "拆成多批发送",
    "send it in several batches",
)
BATCH_EMPTY = Refusal(
    "batch-empty", Invalid, Level.INFO, "批次中没有任何一行", "The batch holds no row", *RESEND
)
ROW_INVALID = Refusal(
    "row-invalid", Invalid, Level.INFO, "这一行不符合格式", "This row breaks the format", *RESEND
)
ROW_IN_FUTURE = Refusal(
    "row-in-future",
    Invalid,
    Level.INFO,
    "采集时间晚于服务器时间",
    "The capture lies in the future of the server's clock",
    "为设备校时后重新发送",
    "set the equipment's clock and send again",
)
UNIT_MIXED_UP = Refusal(
    "unit-mixed-up",
    Invalid,
    Level.INFO,
    "该数值不使用这个单位",
    "This quantity is not measured in that unit",
    "核对单位后重新发送",
    "check the unit and send again",
)
VALUE_IMPLAUSIBLE = Refusal(
    "value-implausible",
    Invalid,
    Level.INFO,
    "数值超出可能范围，单位可能弄混",
    "The value is not possible: units were probably mixed up",
    "核对数值与单位后重新发送",
    "check value and unit and send again",
)
INLINE_MEDIA_INVALID = Refusal(
    "inline-media-invalid",
    Invalid,
    Level.INFO,
    "内嵌图片须为不超过 256 KiB 的 JPEG（标准 base64）",
    "An inline picture is a JPEG of at most 256 KiB in standard base64",
    "较大的媒体请先上传再引用",
    "upload larger media first and refer to it",
)
RECORD_CONFLICT = Refusal(
    "record-conflict",
    Conflict,
    Level.INFO,
    "同一设备的同一记录号此前内容不同，原记录保留",
    "This record id of the equipment has other content; the first one stays",
    "查明设备为何重用记录号",
    "find out why the equipment used the id twice",
)
REVIEW_UNSEALED = Refusal(
    "review-unsealed",
    TransitionRefused,
    Level.INFO,
    "记录的媒体尚未核验封存，或已被隔离",
    "Media of the record has no verdict yet, or is quarantined",
    "等核验完成后再审核",
    "review it once the verification has ended",
)
REVIEW_CONCLUDED = Refusal(
    "review-concluded",
    TransitionRefused,
    Level.INFO,
    "这条记录的审核已经结束",
    "The review of this record has ended",
    *RELOAD,
)
REVIEW_SAME_PERSON = Refusal(
    "review-same-person",
    Refused,
    Level.INFO,
    "初审与复核须由不同人员作出",
    "Two different people review a record",
    "请由另一名审核人员审核",
    "leave it to another reviewer",
)
REASON_MISSING = Refusal(
    "reason-missing",
    Invalid,
    Level.INFO,
    "判定无效须从清单选择理由并写明情况",
    "Invalid needs a reason from the list and a sentence",
    "选择理由并补充说明",
    "choose a reason and say what you saw",
)
ARTICLE_41 = Refusal(
    "article-41",
    Conflict,
    Level.INFO,
    "依据行政处罚法第四十一条，该记录不得作为证据",
    "Article 41 of the Administrative Penalty Law forbids this record as evidence",
    *_GATE,
)
METROLOGY_9 = Refusal(
    "metrology-9",
    Conflict,
    Level.INFO,
    "依据计量法第九条，须经检定的设备采集时没有有效的检定证书，该记录不得作为证据",
    "The kind of equipment needs a verification certificate (Metrology Law, art. 9), and none was in force at the capture",
    "在设备登记册中补录采集时有效的检定证书；确实没有的，该记录不得作为证据",
    "enter the certificate that was in force at the capture; without one the record is no evidence",
)
NOTIFICATION_MISSING = Refusal(
    "notification-missing",
    Conflict,
    Level.INFO,
    "尚未登记告知当事人的情况（行政处罚法第四十一条）",
    "No attempt to notify the party is recorded (Administrative Penalty Law, art. 41)",
    "先登记告知的渠道、时间和凭证",
    "record channel, time and proof of an attempt first",
)
