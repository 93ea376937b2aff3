"""What an inspector is told before scoring a drawn file."""

from schemas.checks.rows import mismatch, not_checked
from schemas.integrity import Check, Severity
from schemas.words import Words

FIXITY = Check(
    name="fixity",
    version=1,
    title=Words("抽中记录复验", "Recheck of what was drawn"),
    proves=Words(
        "抽中的每份记录重新计算后与封存时一致。",
        "Every drawn recording re-hashes to what was sealed.",
    ),
    leaves=Words(
        "不说明封存之前的内容。",
        "Nothing about what was before the seal.",
    ),
    findings=(
        mismatch(
            "recheck-failed",
            zh="抽中的 {of} 份记录中有 {bad} 份重新计算后与封存时不一致。",
            en="{bad} of {of} drawn recordings do not re-hash to what was sealed.",
            then=(
                "请立即报告，保留现状，由系统管理员运行 fsck。",
                "Report it at once, change nothing, and let the operator run fsck.",
            ),
        ),
        not_checked(
            "recheck-incomplete",
            zh="抽中的 {of} 份记录中有 {open} 份未能重新计算，未检查不等于通过，也不等于不符。",
            en="{open} of {of} drawn recordings could not be re-hashed: neither passed nor found wrong.",
            then=(
                "请系统管理员查明存储为何没有应答，再行评查。",
                "Let the operator find out why the store did not answer, and audit again.",
            ),
            severity=Severity.WARN,
        ),
        not_checked(
            "fixity-nothing-drawn",
            zh="没有可供复验的记录。",
            en="There is no recording to re-hash.",
            then=("请评查员人工判断。", "The inspector judges by hand."),
        ),
    ),
)

TWO_OFFICERS = Check(
    name="two_officers",
    version=1,
    title=Words("两名执法人员", "Two officers"),
    proves=Words(
        "抽中的每份记录都写明两名以上执法人员。",
        "Every drawn recording names two or more officers.",
    ),
    leaves=Words(
        "不说明他们确在现场。",
        "Not that they were at the scene.",
    ),
    findings=(
        not_checked(
            "officers-without-manifest",
            zh="抽中的记录中有的没有采集清单，无法核对执法人员人数。",
            en="Some drawn recordings have no manifest: how many officers there were is not proven.",
            then=("请评查员人工判断。", "The inspector judges by hand."),
            severity=Severity.WARN,
        ),
        not_checked(
            "officers-nothing-drawn",
            zh="没有由执法人员采集的记录可供核对。",
            en="No recording by officers is there to look at.",
            then=("请评查员人工判断。", "The inspector judges by hand."),
        ),
    ),
)

HANDED_IN = Check(
    name="handed_in",
    version=1,
    title=Words("及时上交入库", "Handed in on time"),
    proves=Words(
        "抽中的每份记录都在拍摄后 24 小时内上交入库。",
        "Every drawn recording was handed in within 24 h.",
    ),
    leaves=Words(
        "不说明期间由谁保管。",
        "Not who kept it meanwhile.",
    ),
    findings=(
        not_checked(
            "capture-time-unknown",
            zh="记录没有声明拍摄时间，无法核对是否及时上交入库。",
            en="No capture time was declared, so the hand-in cannot be checked.",
            then=("请评查员人工判断。", "The inspector judges by hand."),
        ),
        not_checked(
            "hand-in-nothing-drawn",
            zh="没有由执法人员采集的记录可供核对。",
            en="No recording by officers is there to look at.",
            then=("请评查员人工判断。", "The inspector judges by hand."),
        ),
    ),
)


AUDIT = (
    FIXITY,
    TWO_OFFICERS,
    HANDED_IN,
)
