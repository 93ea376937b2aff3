"""Every problem slug with its status and its sentences: what is wrong, and what to do next.

The status lives here and in `problems.py`, nowhere else. A slug that is missing here fails a test.
"""

from collections.abc import Mapping
from types import MappingProxyType

from api.problem_text import ASK, KEPT, LATER, LOGIN, OPERATOR, RELOAD, RESEND, ProblemText
from api.problem_texts_audit import AUDIT
from api.problem_texts_monitoring import MONITORING
from api.problem_texts_review import REVIEW

_LINE: dict[str, ProblemText] = {
    "evidence-error": ProblemText(500, "未预料的错误", "Unexpected fault", *OPERATOR),
    "internal": ProblemText(500, "系统内部错误", "Internal fault", *OPERATOR),
    "not-found": ProblemText(404, "没有找到", "Not found", "检查编号", "check the id"),
    "upload-unknown": ProblemText(
        404, "没有这个上传", "No such upload", "重新创建上传", "create the upload again"
    ),
    "recording-unknown": ProblemText(404, "没有这条记录", "No such recording", "检查编号", "check the id"),
    "case-unknown": ProblemText(404, "没有这个案件", "No such case", "检查案号", "check the case number"),
    "case-link-unknown": ProblemText(
        404, "记录与案件没有关联", "The recording is not linked to the case", "刷新页面", "reload the page"
    ),
    "export-unknown": ProblemText(404, "没有这个导出", "No such export", "重新导出", "export again"),
    "entry-unknown": ProblemText(
        404, "没有这条保管记录", "No such custody entry", "检查编号", "check the id"
    ),
    "object-not-found": ProblemText(404, "没有这个对象", "No such object", *OPERATOR),
    "parts-unknown": ProblemText(
        404, "没有这个分段上传", "No such multipart", "重新创建上传", "create the upload again"
    ),
    "proof-pending": ProblemText(
        404, "证明尚未生成", "The proof is not there yet", "几秒后重试", "try again in a few seconds"
    ),
    "refused": ProblemText(403, "不允许", "Refused", *ASK),
    "permission-missing": ProblemText(403, "缺少权限", "A permission is missing", *ASK),
    "form-foreign": ProblemText(
        403, "表单来自其他网站，没有执行", "The form was sent by another site; nothing was done", *RELOAD
    ),
    "form-stale": ProblemText(
        403, "表单已过期，没有执行", "The form is of a session that has ended; nothing was done", *RELOAD
    ),
    "enrolment-code-invalid": ProblemText(
        403,
        "注册码无效、已使用或已过期",
        "The enrolment code is unknown, used or expired",
        "向保管员索取新的注册码",
        "ask the custodian for a new code",
    ),
    "cross-site": ProblemText(
        403,
        "请求来自其他网站",
        "The request came from another site",
        "在控制台内操作",
        "use the console itself",
    ),
    "upload-complete": ProblemText(
        403, "已完成的上传不能删除", "A finished upload is never deleted", "无需操作", "nothing to do"
    ),
    "not-authenticated": ProblemText(
        401, "未登录或令牌已失效", "Not logged in, or the token has ended", *LOGIN
    ),
    "login-failed": ProblemText(
        401, "账号或密码错误", "Wrong login or password", "检查后重试", "check both and try again"
    ),
    "login-locked": ProblemText(
        401,
        "密码错误次数过多，暂时锁定",
        "Too many wrong passwords",
        "十五分钟后重试",
        "try again in 15 minutes",
    ),
    "device-key-unknown": ProblemText(401, "设备密钥未注册", "The device key is not registered", *ASK),
    "device-key-revoked": ProblemText(422, "设备密钥已吊销", "The device key was revoked", *KEPT),
    "device-revoked": ProblemText(401, "设备已被吊销", "The device was revoked", *ASK),
    "assertion-invalid": ProblemText(401, "设备断言无效", "The assertion is invalid", *RESEND),
    "assertion-expired": ProblemText(
        401,
        "设备断言已过期或设备时钟错误",
        "The assertion has expired or the clock is wrong",
        "用 server_time 校准时钟",
        "set the clock by server_time",
    ),
    "assertion-replayed": ProblemText(
        401, "设备断言已使用过", "The assertion was used before", "生成新的断言", "sign a new assertion"
    ),
    "conflict": ProblemText(
        409, "与当前状态冲突", "Conflicts with the present state", "刷新后重试", "reload and retry"
    ),
    "offset-mismatch": ProblemText(
        409,
        "偏移量与服务器不一致",
        "The offset is not the server's",
        "用 HEAD 取得偏移量后继续",
        "ask for the offset with HEAD and go on",
    ),
    "transition-refused": ProblemText(
        409, "当前状态不允许", "The state does not allow it", "刷新后重试", "reload and retry"
    ),
    "already-sealed": ProblemText(409, "记录已封存", "The recording is sealed", "无需操作", "nothing to do"),
    "version-conflict": ProblemText(
        412,
        "其他人刚刚修改过，您的提交没有执行",
        "Somebody else has just changed it; nothing was done",
        "刷新页面，看清变化后再提交",
        "reload, look at what changed, then send again",
    ),
    "if-match-required": ProblemText(
        428,
        "缺少 If-Match：须说明修改依据的版本",
        "If-Match is missing: a change must say which version it was based on",
        "先读取，再以其 ETag 提交",
        "read it first, then send its ETag",
    ),
    "if-match-invalid": ProblemText(
        400, "If-Match 不是本系统给出的 ETag", "If-Match is not an ETag of ours", *RESEND
    ),
    "upload-incomplete": ProblemText(
        409, "上传尚未完成", "The upload is not complete", "从 offset 继续发送", "go on from the offset"
    ),
    "upload-preempted": ProblemText(
        409,
        "较新的请求正在继续此上传",
        "A newer request continues this upload",
        "用 HEAD 取得偏移量后继续",
        "ask for the offset with HEAD",
    ),
    "upload-length-differs": ProblemText(
        409, "同一文件声明了不同长度", "The same file was opened with another length", *RESEND
    ),
    "upload-expired": ProblemText(
        410, "上传已过期", "The upload has expired", "重新创建上传", "create the upload again"
    ),
    "size-disagrees": ProblemText(409, "存储的长度不一致", "The stored size differs", *OPERATOR),
    "device-enrolled-already": ProblemText(
        409, "该密钥已注册", "The key is registered already", "无需再次注册", "no need to enrol again"
    ),
    "case-number-taken": ProblemText(
        409, "案号已存在", "The case number is taken", "使用其他案号", "use another number"
    ),
    "object-exists": ProblemText(409, "对象已存在且内容不同", "The object holds other bytes", *OPERATOR),
    "object-locked": ProblemText(409, "对象已锁定", "The object is locked", "无需操作", "nothing to do"),
    "retention-shorten": ProblemText(
        409, "保管期只能延长", "A lock is never shortened", "无需操作", "nothing to do"
    ),
    "parts-differ": ProblemText(409, "分段不一致", "The parts differ", *OPERATOR),
    "export-not-ready": ProblemText(
        409,
        "案件包尚未生成",
        "The package is not ready",
        "查看进度后再下载",
        "watch its progress, then download",
    ),
    "lease-lost": ProblemText(
        409, "任务已由他人接管", "Somebody else holds the job", "无需操作", "nothing to do"
    ),
    "invalid": ProblemText(422, "内容不符合规则", "The content breaks a rule", *RESEND),
    "request-invalid": ProblemText(422, "请求格式错误", "The request is malformed", *RESEND),
    "metadata-invalid": ProblemText(422, "Upload-Metadata 格式错误", "Upload-Metadata is malformed", *RESEND),
    "manifest-invalid": ProblemText(422, "采集清单不符合规则", "The manifest breaks a rule", *KEPT),
    "manifest-not-json": ProblemText(422, "采集清单不是 JSON", "The manifest is not JSON", *KEPT),
    "manifest-duplicate-key": ProblemText(
        422, "采集清单有重复的键", "A key stands twice in the manifest", *KEPT
    ),
    "manifest-float": ProblemText(422, "采集清单含有小数", "The manifest holds a float", *KEPT),
    "manifest-null": ProblemText(422, "采集清单含有 null", "The manifest holds a null", *KEPT),
    "manifest-integer-range": ProblemText(422, "采集清单整数过大", "An integer does not fit 53 bits", *KEPT),
    "manifest-not-canonical": ProblemText(
        422, "采集清单不是规范形式（RFC 8785）", "The manifest is not canonical (RFC 8785)", *KEPT
    ),
    "manifest-field-missing": ProblemText(
        422, "采集清单缺少字段", "A field of the manifest is missing", *KEPT
    ),
    "manifest-field-unknown": ProblemText(
        422, "采集清单有未知字段", "The manifest has an unknown field", *KEPT
    ),
    "manifest-field-invalid": ProblemText(
        422, "采集清单字段值无效", "A field of the manifest is invalid", *KEPT
    ),
    "manifest-crit-unknown": ProblemText(
        422, "采集清单含有不理解的必需扩展", "A critical extension is not understood", *KEPT
    ),
    "manifest-device-differs": ProblemText(
        422, "采集清单的设备与密钥不符", "Device and key of the manifest differ", *KEPT
    ),
    "manifest-signature-invalid": ProblemText(
        422, "采集清单签名无效", "The manifest's signature is invalid", *KEPT
    ),
    "manifest-signature-too-large": ProblemText(413, "签名过长", "The signature is too long", *RESEND),
    "manifest-replayed": ProblemText(422, "采集清单属于其他设备", "The manifest is another device's", *KEPT),
    "manifest-too-large": ProblemText(
        413, "采集清单超过 64 KiB", "The manifest is over 64 KiB", "拆分后重新签名", "split it and sign again"
    ),
    "digest-mismatch": ProblemText(422, "摘要不符", "The digest does not match", *RESEND),
    "signature-invalid": ProblemText(422, "签名无效", "The signature is invalid", *RESEND),
    "key-malformed": ProblemText(422, "密钥格式错误", "The key is malformed", *RESEND),
    "too-large": ProblemText(413, "内容过大", "Too large", "减小后重新提交", "send less"),
    "body-too-large": ProblemText(413, "请求过大", "The request is too large", "减小后重新提交", "send less"),
    "upload-too-large": ProblemText(413, "文件超过上限", "The file is over the limit", *ASK),
    "upload-past-length": ProblemText(
        413,
        "发送的字节超过声明的长度",
        "More bytes than the declared length",
        "多余部分未保留；检查文件后继续",
        "nothing of the excess is kept; check the file",
    ),
    "object-key-invalid": ProblemText(422, "对象键无效", "The object key is invalid", *OPERATOR),
    "event-unknown": ProblemText(422, "未知的保管事件", "Unknown custody event", *OPERATOR),
    "leaf-too-long": ProblemText(422, "保管记录过长", "The custody entry is too long", *OPERATOR),
    "leaf-invalid": ProblemText(422, "保管记录无效", "The custody entry is invalid", *OPERATOR),
    "note-malformed": ProblemText(422, "签名便笺格式错误", "The note is malformed", *OPERATOR),
    "note-unverified": ProblemText(422, "签名便笺未通过验证", "The note does not verify", *OPERATOR),
    "vkey-invalid": ProblemText(422, "验证密钥无效", "The verifier key is invalid", *OPERATOR),
    "checkpoint-malformed": ProblemText(422, "检查点格式错误", "The checkpoint is malformed", *OPERATOR),
    "checkpoint-differs": ProblemText(422, "检查点不一致", "The checkpoint differs", *OPERATOR),
    "proof-invalid": ProblemText(422, "证明无效", "The proof is invalid", *OPERATOR),
    "index-invalid": ProblemText(422, "索引无效", "The index is invalid", *OPERATOR),
    "tus-version": ProblemText(
        412, "不支持的 Tus-Resumable 版本", "Unsupported Tus-Resumable version", "使用 1.0.0", "use 1.0.0"
    ),
    "content-type": ProblemText(
        415,
        "内容类型错误",
        "Wrong content type",
        "使用 application/offset+octet-stream",
        "use application/offset+octet-stream",
    ),
    "header-invalid": ProblemText(400, "请求头缺失或无效", "A header is missing or invalid", *RESEND),
    "method-not-allowed": ProblemText(
        405, "不支持的方法", "Method not allowed", "查看接口说明", "see the contract"
    ),
    "range-invalid": ProblemText(
        416, "范围无效", "The range is not satisfiable", "检查文件长度", "check the size"
    ),
    "grant-unsupported": ProblemText(400, "不支持的 grant_type", "Unsupported grant_type", *RESEND),
    "unavailable": ProblemText(503, "依赖的服务没有应答", "A dependency does not answer", *LATER),
    "database-unavailable": ProblemText(503, "数据库没有应答", "The database does not answer", *LATER),
    "objects-unavailable": ProblemText(503, "证据存储没有应答", "The object store does not answer", *LATER),
    "export-key-missing": ProblemText(503, "未配置导出密钥", "The export key is not set", *OPERATOR),
    "object-broken": ProblemText(
        500, "证据对象与记录不一致", "A stored object differs from its record", *OPERATOR
    ),
    "objects-denied": ProblemText(503, "证据存储拒绝了请求", "The object store refused", *OPERATOR),
    "objects-unversioned": ProblemText(
        503, "证据存储未开启版本", "The object store has no versions", *OPERATOR
    ),
    "file-changed": ProblemText(422, "文件在发送时被修改", "The file changed while it was sent", *RESEND),
    "busy": ProblemText(503, "正在接收的上传过多", "Too many uploads at once", *LATER),
    "receive-timeout": ProblemText(
        503, "等待数据超时", "No bytes arrived in time", "从新的偏移量继续", "go on from the new offset"
    ),
    "storage-full": ProblemText(507, "存储空间不足", "No room is left", *LATER),
    "scratch-full": ProblemText(507, "临时空间不足", "The scratch folder is full", *LATER),
    "integrity-broken": ProblemText(
        500, "所存内容与记录不一致", "What is held differs from what was recorded", *OPERATOR
    ),
    "objects-damaged": ProblemText(500, "证据存储的内容已损坏", "The stored object is damaged", *OPERATOR),
    "content-changed": ProblemText(500, "内容已改变", "The content changed", *OPERATOR),
    "leaf-broken": ProblemText(500, "保管记录被改动", "A custody entry was altered", *OPERATOR),
    "tile-broken": ProblemText(500, "日志树被改动", "The log's tree was altered", *OPERATOR),
    "checkpoint-broken": ProblemText(500, "检查点被改动", "A checkpoint was altered", *OPERATOR),
    "log-rolled-back": ProblemText(500, "日志被回退", "The log was rolled back", *OPERATOR),
    "log-rewritten": ProblemText(500, "日志被改写", "The log was rewritten", *OPERATOR),
    "log-key-differs": ProblemText(500, "日志密钥不一致", "The log key differs", *OPERATOR),
}

PROBLEMS: Mapping[str, ProblemText] = MappingProxyType({**_LINE, **MONITORING, **REVIEW, **AUDIT})
