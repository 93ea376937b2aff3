"""Problems of the monitoring desk."""

from collections.abc import Mapping

from api.problem_text import RESEND, ProblemText

_GATE = (
    "在设备登记册中补全所缺事实；采集时确实缺少的，该记录不得作为证据",
    "enter the missing fact in the register; what was truly missing at the capture keeps the record from being evidence",
)

MONITORING: Mapping[str, ProblemText] = {
    "equipment-unknown": ProblemText(
        404,
        "没有这台监控设备，或它没有绑定到该数据来源",
        "No such equipment, or it is not bound to this source",
        "核对设备编号，由保管员在登记册中绑定",
        "check the number, and let the custodian bind it in the register",
    ),
    "equipment-number-taken": ProblemText(
        409,
        "本单位已有同号设备",
        "The agency has equipment of this number",
        "换一个编号",
        "use another number",
    ),
    "equipment-step-refused": ProblemText(
        409,
        "设备当前状态不允许此操作",
        "The equipment's state does not allow this",
        "刷新页面",
        "reload the page",
    ),
    "source-unknown": ProblemText(
        404,
        "本单位没有这个数据来源",
        "No such source in the agency",
        "先建立数据来源",
        "make the source first",
    ),
    "fact-in-future": ProblemText(
        422,
        "时间在未来，不能登记",
        "It lies in the future",
        "发生之后再登记",
        "enter it once it has happened",
    ),
    "monitoring-unknown": ProblemText(
        404, "没有这条监控记录", "No such monitoring record", "检查编号", "check the id"
    ),
    "case-number-unknown": ProblemText(
        422, "没有这个案号", "No case of this number", "核对案号后再关联", "check the number and link again"
    ),
    "batch-too-large": ProblemText(
        413,
        "一批最多 1000 行、32 MiB，整批没有写入",
        "A batch has at most 1,000 rows and 32 MiB; nothing of it was written",
        "拆成多批发送",
        "send it in several batches",
    ),
    "batch-empty": ProblemText(422, "批次中没有任何一行", "The batch holds no row", *RESEND),
    "row-invalid": ProblemText(422, "这一行不符合格式", "This row breaks the format", *RESEND),
    "row-in-future": ProblemText(
        422,
        "采集时间晚于服务器时间",
        "The capture lies in the future of the server's clock",
        "为设备校时后重新发送",
        "set the equipment's clock and send again",
    ),
    "unit-mixed-up": ProblemText(
        422,
        "该数值不使用这个单位",
        "This quantity is not measured in that unit",
        "核对单位后重新发送",
        "check the unit and send again",
    ),
    "value-implausible": ProblemText(
        422,
        "数值超出可能范围，单位可能弄混",
        "The value is not possible: units were probably mixed up",
        "核对数值与单位后重新发送",
        "check value and unit and send again",
    ),
    "inline-media-invalid": ProblemText(
        422,
        "内嵌图片须为不超过 256 KiB 的 JPEG（标准 base64）",
        "An inline picture is a JPEG of at most 256 KiB in standard base64",
        "较大的媒体请先上传再引用",
        "upload larger media first and refer to it",
    ),
    "record-conflict": ProblemText(
        409,
        "同一设备的同一记录号此前内容不同，原记录保留",
        "This record id of the equipment has other content; the first one stays",
        "查明设备为何重用记录号",
        "find out why the equipment used the id twice",
    ),
    "review-unsealed": ProblemText(
        409,
        "记录的媒体尚未核验封存，或已被隔离",
        "Media of the record has no verdict yet, or is quarantined",
        "等核验完成后再审核",
        "review it once the verification has ended",
    ),
    "review-concluded": ProblemText(
        409, "这条记录的审核已经结束", "The review of this record has ended", "刷新页面", "reload the page"
    ),
    "review-same-person": ProblemText(
        403,
        "一审与二审须由不同人员作出",
        "Two different people review a record",
        "请由另一名审核人员审核",
        "leave it to another reviewer",
    ),
    "reason-missing": ProblemText(
        422,
        "判定无效须从清单选择理由并写明情况",
        "Invalid needs a reason from the list and a sentence",
        "选择理由并补充说明",
        "choose a reason and say what you saw",
    ),
    "article-41": ProblemText(
        409,
        "依据行政处罚法第四十一条，该记录不得作为证据",
        "Article 41 of the Administrative Penalty Law forbids this record as evidence",
        *_GATE,
    ),
    "notification-missing": ProblemText(
        409,
        "尚未登记告知当事人的情况（行政处罚法第四十一条）",
        "No attempt to notify the party is recorded (Administrative Penalty Law, art. 41)",
        "先登记告知的渠道、时间和凭证",
        "record channel, time and proof of an attempt first",
    ),
}
