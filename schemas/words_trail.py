"""Words of the access trail: what was done or tried, what came of it, why a session ended."""

from schemas.policy import Action
from schemas.refusals import REFUSALS
from schemas.trail import FactorDeed, LoginWay, SessionEnd, TrailEvent, TrailResult
from schemas.words import Words, vocabulary
from schemas.words_people import ACTIONS

TRAIL_EVENTS = vocabulary(
    TrailEvent,
    {
        TrailEvent.LOGIN: ("登录", "Log-in"),
        TrailEvent.PASSWORD: ("更换密码", "Password change"),
        TrailEvent.TOKEN: ("设备接入", "Device connects"),
        TrailEvent.ACCESS: ("访问被拒", "Access refused"),
        TrailEvent.LINK_MADE: ("签发一次性链接", "One-time link handed out"),
        TrailEvent.LINK_USE: ("使用一次性链接", "One-time link used"),
        TrailEvent.CODE_MADE: ("发放注册码", "Enrolment code handed out"),
        TrailEvent.CODE_USE: ("使用注册码", "Enrolment code used"),
        TrailEvent.PARTNER_CODE_MADE: ("出示同伴确认码", "Partner's code shown"),
        TrailEvent.PARTNER_CODE_VOID: ("作废同伴确认码", "Partner's code taken back"),
        TrailEvent.PARTNER_CODE_USE: ("使用同伴确认码", "Partner's code used"),
        TrailEvent.UNLOCK: ("解除登录限制", "Log-ins unlocked"),
        TrailEvent.FACTOR: ("两步验证", "Second factor"),
        TrailEvent.SESSION_END: ("会话结束", "Session ended"),
        TrailEvent.EXPORT: ("导出访问日志", "Trail exported"),
    },
)

TRAIL_RESULTS = vocabulary(
    TrailResult,
    {
        TrailResult.DONE: ("成功", "Done"),
        TrailResult.FAILED: ("失败", "Failed"),
        TrailResult.REFUSED: ("拒绝", "Refused"),
    },
)

SESSION_ENDS = vocabulary(
    SessionEnd,
    {
        SessionEnd.LOGOUT: ("本人退出", "Logged out"),
        SessionEnd.IDLE: ("长时间未使用", "Not used"),
        SessionEnd.EXPIRED: ("到期", "Time was up"),
        SessionEnd.BY_OWNER: ("本人在另一会话中结束", "By its owner elsewhere"),
        SessionEnd.BY_ADMIN: ("管理员结束", "By an administrator"),
        SessionEnd.CLOSED: ("账号停用", "Account closed"),
        SessionEnd.ROLE: ("角色变更", "Roles changed"),
        SessionEnd.PASSWORD: ("密码更换", "Password changed"),
        SessionEnd.FACTOR: ("两步验证变更", "Second factor changed"),
        SessionEnd.TOO_MANY: ("会话过多", "Too many sessions"),
    },
)

LOGIN_WAYS = vocabulary(
    LoginWay,
    {
        LoginWay.PASSWORD: ("凭密码", "By password"),
        LoginWay.CODE: ("凭密码和验证码", "By password and code"),
        LoginWay.RECOVERY: ("凭密码和恢复码", "By password and recovery code"),
        LoginWay.SSO: ("凭统一认证", "By single sign-on"),
        LoginWay.ENROLMENT: ("凭密码，随即启用两步验证", "By password, and set up a second factor"),
    },
)

FACTOR_DEEDS = vocabulary(
    FactorDeed,
    {
        FactorDeed.ENROLLED: ("启用", "Set up"),
        FactorDeed.REPLACED: ("更换", "Replaced"),
        FactorDeed.REMOVED: ("停用", "Removed"),
    },
)

_OTHER = Words("其他原因", "Another reason")


def why_words(event: TrailEvent, code: str) -> Words | None:
    """Return why or how it came so: of a session's end, a log-in, a second factor, else what the refusal says.

    None where there is nothing to say.
    """
    if not code:
        return None
    if event is TrailEvent.SESSION_END:
        return SESSION_ENDS[SessionEnd(code)] if code in set(SessionEnd) else _OTHER
    if event is TrailEvent.LOGIN and code in set(LoginWay):
        return LOGIN_WAYS[LoginWay(code)]
    if event is TrailEvent.FACTOR and code in set(FactorDeed):
        return FACTOR_DEEDS[FactorDeed(code)]
    found = REFUSALS.get(code)
    return _OTHER if found is None else Words(found.zh, found.en)


def asked_words(asked: str) -> Words | None:
    """Return the permission that was missing; None where an address was asked for, or nothing."""
    return ACTIONS[Action(asked)] if asked in set(Action) else None
