"""Second factors: the code of a log-in, setting one up, giving one up."""

from schemas.errors import (
    Conflict,
    IntegrityBroken,
    Level,
    NotAuthenticated,
    Refusal,
    Refused,
    Unavailable,
)
from schemas.next_steps import OPERATOR

LOGIN_CODE_NEEDED = Refusal(
    "login-code-needed",
    NotAuthenticated,
    Level.INFO,
    "密码正确，还需要验证码",
    "The password is right; a code is needed too",
    "连同验证码再次登录",
    "log in again with the code",
)
LOGIN_CODE_WRONG = Refusal(
    "login-code-wrong",
    NotAuthenticated,
    Level.INFO,
    "验证码不正确，或已过时",
    "The code is wrong, or too old",
    "核对手机时间后输入新的验证码，也可以用一个恢复码",
    "check the phone's clock and type the next code, or use a recovery code",
)
LOGIN_CODE_USED = Refusal(
    "login-code-used",
    NotAuthenticated,
    Level.INFO,
    "这个验证码已经用过",
    "This code was used before",
    "等下一个验证码出现后输入",
    "wait for the next one",
)
LOGIN_HALFWAY_OVER = Refusal(
    "login-halfway-over",
    NotAuthenticated,
    Level.INFO,
    "没有在时限内完成登录",
    "The log-in was not finished in time",
    "从密码开始重新登录",
    "begin again with the password",
)
LOGIN_FACTOR_NEEDED = Refusal(
    "login-factor-needed",
    NotAuthenticated,
    Level.INFO,
    "按规定须先启用两步验证",
    "A second factor has to be set up first",
    "在控制台登录并按提示启用",
    "log in to the console, which shows how",
)
LINK_IN_CONSOLE = Refusal(
    "link-in-console",
    Conflict,
    Level.INFO,
    "该账号需要两步验证，链接只能在控制台使用",
    "The account needs a second factor: the link counts in the console alone",
    "用浏览器打开链接",
    "open the link in a browser",
)
OWN_PASSWORD_WRONG = Refusal(
    "own-password-wrong",
    Refused,
    Level.INFO,
    "密码不正确",
    "The password is wrong",
    "重新输入",
    "type it again",
)
FACTOR_CODE_WRONG = Refusal(
    "factor-code-wrong",
    Refused,
    Level.INFO,
    "验证码不正确，或已过时",
    "The code is wrong, or too old",
    "核对手机时间后输入新的验证码",
    "check the phone's clock and type the next code",
)
FACTOR_CODE_USED = Refusal(
    "factor-code-used",
    Refused,
    Level.INFO,
    "这个验证码已经用过",
    "This code was used before",
    "等下一个验证码出现后输入",
    "wait for the next one",
)
FACTOR_OFFER_OVER = Refusal(
    "factor-offer-over",
    Conflict,
    Level.INFO,
    "显示的密钥已过时",
    "The secret that was shown counts no more",
    "重新打开页面，再扫一次",
    "open the page again, and scan once more",
)
FACTOR_ABSENT = Refusal(
    "factor-absent",
    Conflict,
    Level.INFO,
    "该账号没有启用两步验证",
    "The account has no second factor",
    "刷新页面",
    "reload the page",
)
FACTOR_DEMANDED = Refusal(
    "factor-demanded",
    Conflict,
    Level.INFO,
    "您的角色必须启用两步验证，只能更换",
    "Your roles need a second factor: it can only be replaced",
    "换到新的验证器应用",
    "set up another authenticator in its place",
)
FACTOR_OWN = Refusal(
    "factor-own",
    Refused,
    Level.INFO,
    "自己的两步验证在“我的账号”里停用",
    "The own second factor is removed on the own account page",
    "打开“我的账号”",
    "open the own account page",
)
FACTOR_KEY_MISSING = Refusal(
    "factor-key-missing",
    Unavailable,
    Level.ERROR,
    "本服务器没有两步验证的密钥",
    "This server has no key for second factors",
    *OPERATOR,
)
FACTOR_UNREADABLE = Refusal(
    "factor-unreadable",
    IntegrityBroken,
    Level.CRITICAL,
    "保存的两步验证密钥无法读取",
    "The kept secret of a second factor does not open",
    *OPERATOR,
)
