"""Who acts: log-in, token, permission; devices and their keys."""

from schemas.errors import (
    Busy,
    Conflict,
    IntegrityBroken,
    Level,
    Malformed,
    NotAuthenticated,
    NotFound,
    Refusal,
    Refused,
    SignatureInvalid,
)
from schemas.next_steps import ASK, CHECK_ID, KEPT, LOGIN, OPERATOR, RESEND, ROLE, SOON

PERMISSION_MISSING = Refusal(
    "permission-missing", Refused, Level.INFO, "缺少权限", "A permission is missing", *ROLE
)
NOT_AUTHENTICATED = Refusal(
    "not-authenticated",
    NotAuthenticated,
    Level.DEBUG,
    "未登录或令牌已失效",
    "Not logged in, or the token has ended",
    *LOGIN,
)
LOGIN_FAILED = Refusal(
    "login-failed",
    NotAuthenticated,
    Level.INFO,
    "账号或密码错误",
    "Wrong login or password",
    "检查后重试",
    "check both and try again",
)
LOGIN_LOCKED = Refusal(
    "login-locked",
    NotAuthenticated,
    Level.INFO,
    "此处密码错误次数过多，暂不接受尝试",
    "Too many wrong passwords from here",
    "十五分钟后重试，或换到曾经登录过的浏览器",
    "try again in 15 minutes, or use a browser that logged in before",
)
LOGIN_GUARDED = Refusal(
    "login-guarded",
    NotAuthenticated,
    Level.INFO,
    "该账号近一小时密码错误次数过多，只接受曾经登录过的浏览器",
    "Too many wrong passwords for this account in the last hour: only browsers that logged in before are accepted",
    "换到曾经登录过的浏览器，或一小时后重试",
    "use a browser that logged in before, or try again in an hour",
)
LOGIN_BUSY = Refusal(
    "login-busy",
    Busy,
    Level.WARNING,
    "登录人数过多，密码没有核对，也不计次数",
    "Too many people are logging in; the password was not checked and nothing was counted",
    *SOON,
)
GRANT_UNSUPPORTED = Refusal(
    "grant-unsupported", Malformed, Level.INFO, "不支持的 grant_type", "Unsupported grant_type", *RESEND
)
ENROLMENT_CODE_INVALID = Refusal(
    "enrolment-code-invalid",
    Refused,
    Level.INFO,
    "注册码无效、已使用或已过期",
    "The enrolment code is unknown, used or expired",
    "向保管员索取新的注册码",
    "ask the custodian for a new code",
)
ENROLMENT_CODE_UNKNOWN = Refusal(
    "enrolment-code-unknown",
    NotFound,
    Level.INFO,
    "没有这个注册码",
    "No such enrolment code",
    *CHECK_ID,
)
ENROLMENT_CODE_ENDED = Refusal(
    "enrolment-code-ended",
    Conflict,
    Level.INFO,
    "注册码已使用、已收回或已过期",
    "The enrolment code was used or taken back, or has expired",
    "刷新页面",
    "reload the page",
)
DEVICE_ENDED = Refusal(
    "device-ended",
    Conflict,
    Level.INFO,
    "这台设备已注销",
    "This device was revoked",
    "重新登记设备后再办理",
    "enrol the device anew",
)
DEVICE_UNKNOWN = Refusal("device-unknown", NotFound, Level.INFO, "没有这台设备", "No such device", *CHECK_ID)
DEVICE_ENROLLED_ALREADY = Refusal(
    "device-enrolled-already",
    Conflict,
    Level.INFO,
    "该密钥已登记",
    "The key is registered already",
    "无需再次登记",
    "no need to enrol again",
)
DEVICE_REVOKED = Refusal(
    "device-revoked", NotAuthenticated, Level.INFO, "设备已注销", "The device was revoked", *ASK
)
DEVICE_KEY_UNKNOWN = Refusal(
    "device-key-unknown",
    SignatureInvalid,
    Level.INFO,
    "签名所用的设备密钥未在本机关登记",
    "No device of this agency has registered the key that signed it",
    *KEPT,
)
DEVICE_KEY_REVOKED = Refusal(
    "device-key-revoked",
    SignatureInvalid,
    Level.INFO,
    "设备已注销，密钥失效",
    "The device key was revoked",
    *KEPT,
)
ASSERTION_KEY_UNKNOWN = Refusal(
    "assertion-key-unknown",
    NotAuthenticated,
    Level.INFO,
    "设备密钥未登记",
    "The device key is not registered",
    *ASK,
)
ASSERTION_INVALID = Refusal(
    "assertion-invalid", NotAuthenticated, Level.INFO, "设备断言无效", "The assertion is invalid", *RESEND
)
ASSERTION_EXPIRED = Refusal(
    "assertion-expired",
    NotAuthenticated,
    Level.INFO,
    "设备断言已过期或设备时钟错误",
    "The assertion has expired or the clock is wrong",
    "用 server_time 校准时钟",
    "set the clock by server_time",
)
ASSERTION_REPLAYED = Refusal(
    "assertion-replayed",
    NotAuthenticated,
    Level.INFO,
    "设备断言已使用过",
    "The assertion was used before",
    "生成新的断言",
    "sign a new assertion",
)
KEY_BROKEN = Refusal(
    "key-broken",
    IntegrityBroken,
    Level.CRITICAL,
    "所存设备密钥被改动",
    "A registered device key was altered",
    *OPERATOR,
)
