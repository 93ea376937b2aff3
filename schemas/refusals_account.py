"""People and their accounts: links by which they come in, passwords, roles, sessions."""

from schemas.errors import Conflict, Gone, Invalid, Level, NotFound, Refusal, Refused, TransitionRefused
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
AGENCY_NAME_MISSING = Refusal(
    "agency-name-missing",
    Invalid,
    Level.INFO,
    "还没有任何单位：需要填写单位名称",
    "There is no agency yet: its name is needed",
    "填写单位名称后重新提交",
    "give the agency's name and send again",
)
AGENCY_CODE_TAKEN = Refusal(
    "agency-code-taken",
    Conflict,
    Level.INFO,
    "已有单位使用这个代码",
    "Another agency has this code",
    "核对统一社会信用代码",
    "check the code",
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
CERTIFICATE_UNKNOWN = Refusal(
    "certificate-unknown", NotFound, Level.INFO, "没有这个执法证", "No such certificate", *CHECK_ID
)
CERTIFICATE_NUMBER_TAKEN = Refusal(
    "certificate-number-taken",
    Conflict,
    Level.INFO,
    "这个执法证号已登记给他人，或已登记过",
    "A certificate of this number is registered already",
    "核对执法证号；换发新证时用新号",
    "check the number; a new certificate has a new one",
)
CERTIFICATE_HOLDER_CLOSED = Refusal(
    "certificate-holder-closed",
    Conflict,
    Level.INFO,
    "持证人的账号已停用",
    "The account of the holder is closed",
    "需要时请系统管理员开通新账号",
    "let the administrator open another account where one is needed",
)
CERTIFICATE_STEP_REFUSED = Refusal(
    "certificate-step-refused",
    TransitionRefused,
    Level.INFO,
    "执法证当前的状态不能这样办理",
    "The certificate's state does not allow this",
    "刷新页面，查看当前状态",
    "reload the page and look at its state",
)
CERTIFICATE_TIME = Refusal(
    "certificate-time",
    Invalid,
    Level.INFO,
    "时间不在执法证的有效期内，或在将来",
    "The time lies outside the certificate's dates, or in the future",
    "改正时间后重新提交；还没有发生的事，发生后再登记",
    "correct the time; what has not happened yet is entered when it has",
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
SESSION_UNKNOWN = Refusal(
    "session-unknown",
    NotFound,
    Level.INFO,
    "没有这个会话，或已经结束",
    "No such session, or it has ended",
    "刷新页面",
    "reload the page",
)
AGENCY_NOT_FOUND = Refusal(
    "agency-not-found", NotFound, Level.INFO, "没有这个单位", "No such agency", *CHECK_ID
)
AGENCY_CODE_WRONG = Refusal(
    "agency-code-wrong",
    Invalid,
    Level.INFO,
    "统一社会信用代码的校验位不对",
    "The last character of the unified social credit code does not check the others",
    "核对后重新提交；没有代码的队、所可用自编的短代码",
    "check it and send again; a unit without one may have a short code of its own",
)
AGENCY_CYCLE = Refusal(
    "agency-cycle",
    Conflict,
    Level.INFO,
    "不能把单位移到自己或自己的下级之下",
    "An agency cannot lie below itself or below what lies below it",
    "选择别的上级单位",
    "choose another agency above it",
)
AGENCY_STANDING = Refusal(
    "agency-standing",
    Conflict,
    Level.INFO,
    "单位里还有人员、设备、未结案件或下级单位，不能停用",
    "People, devices, open cases or units still stand in the agency, so it cannot be closed",
    "先停用账号、注销设备和登记码、办结案件、移走或停用下级单位",
    "close the accounts, revoke devices and codes, end the cases, move or close the units below",
)
AGENCY_CLOSED = Refusal(
    "agency-closed",
    Conflict,
    Level.INFO,
    "单位已停用：不能再变更，也不能接收人员或下级单位",
    "The agency is closed: it is not changed any more and takes in nobody and no unit",
    "选择在用的单位",
    "choose one that is open",
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
AGENCY_TOP = Refusal(
    "agency-top",
    Conflict,
    Level.INFO,
    "最上级的单位不能移动",
    "The agency at the top stays there",
    "移动它下面的单位",
    "move the units below it",
)
ROSTER_EMPTY = Refusal(
    "roster-empty",
    Invalid,
    Level.INFO,
    "表中没有人员",
    "The sheet holds nobody",
    "检查文件",
    "check the file",
)
ROSTER_HEADER = Refusal(
    "roster-header",
    Invalid,
    Level.INFO,
    "首行须有“姓名”“登录名”“单位代码”三列",
    "The first row names the columns name, login and agency",
    "补上表头后重新提交",
    "add them and send again",
)
ROSTER_LONG = Refusal(
    "roster-long",
    Invalid,
    Level.INFO,
    "一份名册最多 100000 人",
    "A sheet holds 100,000 people at most",
    "分成几个文件",
    "send several files",
)
ROSTER_MANY = Refusal(
    "roster-many",
    Invalid,
    Level.INFO,
    "超过 500 人的名册由后台导入",
    "A sheet of more than 500 people is imported in the background",
    "作为文件提交（POST /v1/rosters/sheets），检查后确认",
    "send it as a file (POST /v1/rosters/sheets) and confirm once it was looked at",
)
ROSTER_UNKNOWN = Refusal(
    "roster-unknown",
    NotFound,
    Level.INFO,
    "没有这份名册，或者不是您提交的",
    "No such roster, or somebody else sent it",
    "重新提交名册",
    "send the sheet again",
)
ROSTER_CRASHED = Refusal(
    "roster-crashed",
    Conflict,
    Level.INFO,
    "导入多次出错而停止，一个人也没有导入",
    "The import failed again and again; nobody was imported",
    "重新提交名册；仍然出错时请联系运维人员",
    "send the sheet again; where it fails again ask the operator",
)
ROSTER_UNREADABLE = Refusal(
    "roster-unreadable",
    Invalid,
    Level.INFO,
    "无法读取这个文件：须为 XLSX，或 UTF-8、GB18030 编码的 CSV",
    "The file cannot be read: it is neither XLSX nor CSV in UTF-8 or GB18030",
    "另存为其中一种后重新提交",
    "save it as one of them and send again",
)
ROSTER_FAULTY = Refusal(
    "roster-faulty",
    Invalid,
    Level.INFO,
    "有的行不合要求，一个人也没有导入",
    "Some rows are wrong; nobody was imported",
    "按每行的说明改正后重新提交",
    "correct each row as it says and send again",
)
