"""People and their accounts: links by which they come in, passwords, roles, sessions."""

from schemas.errors import Conflict, Gone, Invalid, Level, NotFound, Refusal, Refused
from schemas.next_steps import CHECK_ID

_NEW_LINK = ("向系统管理员索取新链接", "ask the administrator for a new link")
_ADMIT_AGAIN = (
    "请运维人员运行 quancheng admit 重新签发",
    "the operator runs `quancheng admit` to hand out another",
)
_OTHER = ("换一个密码", "choose another password")

LINK_UNKNOWN = Refusal(
    "link-unknown",
    NotFound,
    Level.INFO,
    "链接不正确，或已被更新的链接取代",
    "The link is not right, or a newer one took its place",
    "核对完整的链接；仍不行时索取新链接",
    "check that the link is whole; else ask for a new one",
)
LINK_USED = Refusal(
    "link-used", Gone, Level.INFO, "链接已使用过", "The link was used before", "直接登录", "log in"
)
LINK_EXPIRED = Refusal("link-expired", Gone, Level.INFO, "链接已过期", "The link has expired", *_NEW_LINK)
ADMISSION_EXPIRED = Refusal(
    "admission-expired",
    Gone,
    Level.INFO,
    "管理员入口链接已过期",
    "The administrator's link has expired",
    *_ADMIT_AGAIN,
)
ADMINISTRATOR_THERE = Refusal(
    "administrator-there",
    Conflict,
    Level.INFO,
    "已经有人先成为首位系统管理员，这条链接不再有效",
    "Somebody else became the first administrator; this link no longer counts",
    "请该管理员为您开通账号",
    "ask that administrator to open an account for you",
)
PASSWORD_SHORT = Refusal(
    "password-short",
    Invalid,
    Level.INFO,
    "密码太短：至少 12 个字符，或 8 个以上汉字的短语",
    "The password is too short: 12 characters, or a phrase of 8 Chinese characters",
    *_OTHER,
)
PASSWORD_SIMPLE = Refusal(
    "password-simple",
    Invalid,
    Level.INFO,
    "密码太简单：只有数字，或是重复、连续的字符",
    "The password is too simple: digits alone, repeated signs or runs of the keyboard",
    *_OTHER,
)
PASSWORD_KNOWN = Refusal(
    "password-known",
    Invalid,
    Level.INFO,
    "密码是常见密码，最先被猜到",
    "The password is a common one, guessed first",
    *_OTHER,
)
PASSWORD_PERSONAL = Refusal(
    "password-personal",
    Invalid,
    Level.INFO,
    "密码主要由登录名、姓名或单位名称组成",
    "The password is mostly the log-in name, the name or the agency",
    *_OTHER,
)
PASSWORD_OLD_WRONG = Refusal(
    "password-old-wrong",
    Refused,
    Level.INFO,
    "原密码不正确",
    "The old password is wrong",
    "重新输入；忘记时请系统管理员签发重设链接",
    "type it again; if it is forgotten ask the administrator for a link",
)
PASSWORD_TRIES_SPENT = Refusal(
    "password-tries-spent",
    Refused,
    Level.INFO,
    "密码错误次数过多，暂不接受尝试",
    "Too many wrong passwords; none is looked at for now",
    "十五分钟后重试",
    "try again in 15 minutes",
)
LOGIN_TAKEN = Refusal(
    "login-taken",
    Conflict,
    Level.INFO,
    "登录名已被使用",
    "The log-in name is taken",
    "换一个登录名",
    "choose another one",
)
ACCOUNT_NOT_FOUND = Refusal(
    "account-not-found", NotFound, Level.INFO, "没有这个账号", "No such account", *CHECK_ID
)
ACCOUNT_AGENCY_UNKNOWN = Refusal(
    "account-agency-unknown",
    NotFound,
    Level.INFO,
    "管理范围内没有这个单位",
    "No such agency within your reach",
    "从列表中选择单位",
    "choose an agency from the list",
)
ACCOUNT_CLOSED = Refusal(
    "account-closed",
    Conflict,
    Level.INFO,
    "账号已停用",
    "The account is closed",
    "需要时开通新账号",
    "open another account where one is needed",
)
ACCOUNT_MACHINE = Refusal(
    "account-machine",
    Conflict,
    Level.INFO,
    "这是数据来源的账号，没有控制台",
    "This is the account of a machine: it has no console",
    "由设备保管员管理",
    "the custodian keeps it",
)
ADMINISTRATOR_LAST = Refusal(
    "administrator-last",
    Conflict,
    Level.INFO,
    "这是最后一位系统管理员，不能停用或撤销",
    "This is the last administrator: it can neither be closed nor lose the role",
    "先开通另一位系统管理员",
    "open the account of another administrator first",
)
SESSION_UNKNOWN = Refusal(
    "session-unknown",
    NotFound,
    Level.INFO,
    "没有这个会话，或已经结束",
    "No such session, or it has ended",
    "刷新页面",
    "reload the page",
)
TRANSFER_SAME = Refusal(
    "transfer-same",
    Conflict,
    Level.INFO,
    "此人在那个时间已经属于这个单位",
    "The person belongs to that agency at that time already",
    "刷新页面，核对单位和时间",
    "reload the page, check the agency and the time",
)
TRANSFER_HOLDING = Refusal(
    "transfer-holding",
    Conflict,
    Level.INFO,
    "此人还领用着原单位的执法记录设备，不能调动",
    "The person still has devices of the agency, and is not moved",
    "请设备管理员先办理归还",
    "let the custodian take them back first",
)
TRANSFER_FUTURE = Refusal(
    "transfer-future",
    Invalid,
    Level.INFO,
    "调动时间不能晚于现在",
    "Nobody is moved in advance",
    "到那一天再登记；不填时间就是现在",
    "enter it on that day; without a time it is now",
)
