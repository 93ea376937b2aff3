"""What any request may meet: its form, its origin, its version."""

from schemas.errors import (
    Conflict,
    EvidenceError,
    HeadTooLarge,
    Invalid,
    Level,
    Malformed,
    MediaTypeInvalid,
    MethodInvalid,
    Misdirected,
    NotFound,
    PreconditionRequired,
    RangeInvalid,
    Refusal,
    Refused,
    TooLarge,
    TooSlow,
    VersionConflict,
)
from schemas.next_steps import CHECK_ID, OPERATOR, REOPEN, RESEND

INTERNAL = Refusal("internal", EvidenceError, Level.ERROR, "系统内部错误", "Internal fault", *OPERATOR)
NOT_FOUND = Refusal("not-found", NotFound, Level.INFO, "没有找到", "Not found", *CHECK_ID)
REQUEST_INVALID = Refusal(
    "request-invalid", Invalid, Level.INFO, "请求格式错误", "The request is malformed", *RESEND
)
REQUEST_UNREADABLE = Refusal(
    "request-unreadable",
    Malformed,
    Level.INFO,
    "无法读取请求内容",
    "The body of the request cannot be read",
    *RESEND,
)
HOST_UNKNOWN = Refusal(
    "host-unknown",
    Misdirected,
    Level.INFO,
    "服务器不以此名称应答",
    "The server does not answer to this name",
    "使用系统管理员给出的地址；管理员可在 API_HOSTS 中加入此名称",
    "use the address the operator gave; the operator can add this name to API_HOSTS",
)
TLS_REQUIRED = Refusal(
    "tls-required",
    Refused,
    Level.INFO,
    "此端口只指路，内容须经 TLS 传送",
    "This port only shows the way: what is sent goes over TLS",
    "改用 https 地址；首次使用先在 /ca 安装证书",
    "use the https address; install the certificate from /ca first",
)
HEADER_INVALID = Refusal(
    "header-invalid", Malformed, Level.INFO, "请求头缺失或无效", "A header is missing or invalid", *RESEND
)
CONTENT_TYPE = Refusal(
    "content-type",
    MediaTypeInvalid,
    Level.INFO,
    "内容类型错误",
    "Wrong content type",
    "使用 application/offset+octet-stream",
    "use application/offset+octet-stream",
)
METHOD_NOT_ALLOWED = Refusal(
    "method-not-allowed",
    MethodInvalid,
    Level.INFO,
    "不支持的方法",
    "Method not allowed",
    "查看接口说明",
    "see the contract",
)
RANGE_INVALID = Refusal(
    "range-invalid",
    RangeInvalid,
    Level.INFO,
    "范围无效",
    "The range is not satisfiable",
    "检查文件长度",
    "check the size",
)
BODY_TOO_LARGE = Refusal(
    "body-too-large",
    TooLarge,
    Level.INFO,
    "请求过大",
    "The request is too large",
    "减小后重新提交",
    "send less",
)
HEAD_TOO_LARGE = Refusal(
    "head-too-large",
    HeadTooLarge,
    Level.INFO,
    "请求头过大",
    "The head of the request is too large",
    "减小请求头后重新提交",
    "send shorter headers",
)
HEAD_TIMEOUT = Refusal(
    "head-timeout",
    TooSlow,
    Level.INFO,
    "请求头没有按时发完",
    "The head of the request was not sent in time",
    *RESEND,
)
BODY_TIMEOUT = Refusal(
    "body-timeout",
    TooSlow,
    Level.INFO,
    "请求内容没有按时发完，没有执行",
    "The body was not sent in time; nothing was done",
    "网络好转后整体重发，或分成几次发送",
    "send all of it again on a better line, or in several smaller requests",
)
CURSOR_INVALID = Refusal(
    "cursor-invalid",
    Invalid,
    Level.INFO,
    "翻页位置无效",
    "The cursor is not one of ours",
    "从第一页重新打开",
    "open the first page again",
)
VALUE_UNSTORABLE = Refusal(
    "value-unstorable",
    Invalid,
    Level.INFO,
    "文字含有空字符或不完整的字符，或数字超出范围",
    "A text holds a NUL or half a character, or a number is out of range",
    *RESEND,
)
ALREADY_THERE = Refusal(
    "already-there",
    Conflict,
    Level.INFO,
    "相同的内容刚刚已由他人提交，您的提交没有执行",
    "Somebody has just made the same; nothing was done",
    "刷新后查看；没有时重新提交",
    "look again, and send again if it is not there",
)
IDEMPOTENCY_KEY_REUSED = Refusal(
    "idempotency-key-reused",
    Conflict,
    Level.INFO,
    "Idempotency-Key 已用于另一个请求，没有执行",
    "The Idempotency-Key was used for another request; nothing was done",
    "每个新请求使用新的 Idempotency-Key；重复同一请求时原样发送",
    "use a new key for a new request; repeat a request just as it was",
)
IF_MATCH_REQUIRED = Refusal(
    "if-match-required",
    PreconditionRequired,
    Level.INFO,
    "缺少 If-Match：须说明修改依据的版本",
    "If-Match is missing: a change must say which version it was based on",
    "先读取，再以其 ETag 提交",
    "read it first, then send its ETag",
)
IF_MATCH_INVALID = Refusal(
    "if-match-invalid",
    Malformed,
    Level.INFO,
    "If-Match 不是本系统给出的 ETag",
    "If-Match is not an ETag of ours",
    *RESEND,
)
VERSION_CONFLICT = Refusal(
    "version-conflict",
    VersionConflict,
    Level.INFO,
    "打开这一页之后内容已被修改（别人，或您在另一个窗口），您的提交没有执行",
    "It was changed since this page was opened, by somebody else or by you in another window; nothing was done",
    "看清下面的新内容后再提交；您填写的没有丢",
    "look at what stands now, then send again; what you typed is not lost",
)
FORM_FOREIGN = Refusal(
    "form-foreign",
    Refused,
    Level.INFO,
    "表单来自其他网站，没有执行",
    "The form was sent by another site; nothing was done",
    *REOPEN,
)
FORM_STALE = Refusal(
    "form-stale",
    Refused,
    Level.INFO,
    "表单已过期，没有执行",
    "The form is of a session that has ended; nothing was done",
    *REOPEN,
)
FORM_SENT = Refusal(
    "form-sent",
    Conflict,
    Level.INFO,
    "这张表已经提交过，已办理一次，没有重复办理",
    "This form was sent before and was done once; it was not done again",
    "内容只在第一次显示；返回后查看办理结果，还要再办的，在重新打开的页面上办理",
    "what it showed is shown once; go back to see what was done, and open the page anew to do another",
)
CROSS_SITE = Refusal(
    "cross-site",
    Refused,
    Level.INFO,
    "请求来自其他网站",
    "The request came from another site",
    "在控制台内操作",
    "use the console itself",
)
