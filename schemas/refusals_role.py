"""Roles: given, corrected, ended."""

from schemas.errors import Conflict, Invalid, Level, NotFound, Refusal, Refused
from schemas.next_steps import CHECK_ID

ROLE_OWN = Refusal(
    "role-own",
    Refused,
    Level.INFO,
    "不能变更自己的角色，也不能停用自己的账号",
    "Nobody changes the own roles or closes the own account",
    "请另一位系统管理员办理",
    "ask another administrator",
)
ROLE_APART = Refusal(
    "role-apart",
    Conflict,
    Level.INFO,
    "管理类角色（系统、安全、审计）不能兼任业务角色",
    "Whoever administers holds no role of the work",
    "另开一个账号，或先撤销已有角色",
    "open another account, or end the other roles first",
)
ROLE_HELD = Refusal(
    "role-held",
    Conflict,
    Level.INFO,
    "这段时间内已有这个角色",
    "The account holds this role within that time",
    "先撤销已有的授予，或改日期",
    "end the other grant first, or choose other days",
)
ROLE_PAST = Refusal(
    "role-past",
    Invalid,
    Level.INFO,
    "角色不能从过去的时间开始，也不能已经结束",
    "A role begins now or later, and ends in the future",
    "改日期后重新提交",
    "choose other days",
)
ROLE_ENDED = Refusal(
    "role-ended", Conflict, Level.INFO, "角色已经结束", "The role has ended", "刷新页面", "reload the page"
)
ROLE_DATES = Refusal(
    "role-dates",
    Invalid,
    Level.INFO,
    "角色的结束要晚于开始",
    "A role ends after it begins",
    "改时间后重新提交",
    "choose other times",
)
ROLE_SAME = Refusal(
    "role-same",
    Conflict,
    Level.INFO,
    "角色的任期已经是这样登记的",
    "This is what is said of the role already",
    "刷新页面，核对时间",
    "reload the page, check the times",
)
ROLE_OVER = Refusal(
    "role-over",
    Conflict,
    Level.INFO,
    "角色已经结束：更正后的结束时间不能晚于现在",
    "The role is over: its end can be corrected to a time that has passed",
    "需要时重新授予角色",
    "give the role anew where it is needed",
)
ROLE_UNKNOWN = Refusal("role-unknown", NotFound, Level.INFO, "没有这个角色", "No such role", *CHECK_ID)
