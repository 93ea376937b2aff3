"""Single sign-on: an issuer that does not answer, tokens that do not hold, people whom nobody here knows."""

from schemas.errors import Level, NotFound, Refusal, Refused, Unavailable

_LOCAL = ("稍后再试；急用时凭本地账号和密码登录", "try again later; in a hurry log in by the local password")
_AGAIN = ("重新点“统一认证登录”", "begin the single sign-on again")
_OPERATOR = (
    "告诉运维人员；急用时凭本地账号和密码登录",
    "tell the operator; in a hurry log in by the local password",
)

SSO_ABSENT = Refusal(
    "sso-absent",
    NotFound,
    Level.INFO,
    "本服务器没有启用统一认证",
    "Single sign-on is not set up on this server",
    "凭本地账号和密码登录",
    "log in by the local password",
)
SSO_AWAY = Refusal(
    "sso-away", Unavailable, Level.ERROR, "统一认证没有应答", "The issuer does not answer", *_LOCAL
)
SSO_MISSET = Refusal(
    "sso-misset",
    Unavailable,
    Level.ERROR,
    "统一认证的应答与设置不符",
    "What the issuer says does not fit the settings of this server",
    *_OPERATOR,
)
SSO_STATE_UNKNOWN = Refusal(
    "sso-state-unknown",
    Refused,
    Level.INFO,
    "这次统一认证不是从本浏览器开始的、已用过或已过时",
    "This sign-on was not begun in this browser, was used before, or is too old",
    *_AGAIN,
)
SSO_DENIED = Refusal(
    "sso-denied",
    Refused,
    Level.INFO,
    "统一认证没有放行",
    "The issuer did not let you through",
    *_AGAIN,
)
SSO_TOKEN_MALFORMED = Refusal(
    "sso-token-malformed",
    Refused,
    Level.INFO,
    "统一认证的令牌无法读取",
    "The issuer's token cannot be read",
    *_OPERATOR,
)
SSO_TOKEN_ALGORITHM = Refusal(
    "sso-token-algorithm",
    Refused,
    Level.INFO,
    "统一认证的令牌没有签名，或签名算法不被接受",
    "The issuer's token is not signed, or by an algorithm that is not taken",
    *_OPERATOR,
)
SSO_TOKEN_SIGNATURE = Refusal(
    "sso-token-signature",
    Refused,
    Level.INFO,
    "统一认证的令牌签名不成立",
    "The signature of the issuer's token does not hold",
    *_OPERATOR,
)
SSO_TOKEN_ISSUER = Refusal(
    "sso-token-issuer",
    Refused,
    Level.INFO,
    "令牌来自另一个统一认证",
    "The token is of another issuer",
    *_OPERATOR,
)
SSO_TOKEN_AUDIENCE = Refusal(
    "sso-token-audience",
    Refused,
    Level.INFO,
    "令牌是发给其他系统的",
    "The token was made for another system",
    *_OPERATOR,
)
SSO_TOKEN_TIME = Refusal(
    "sso-token-time",
    Refused,
    Level.INFO,
    "令牌已过时或尚未生效，两边的时钟可能不一致",
    "The token has ended or has not begun: the two clocks may differ",
    *_OPERATOR,
)
SSO_TOKEN_NONCE = Refusal(
    "sso-token-nonce",
    Refused,
    Level.INFO,
    "令牌不是为这次登录签发的",
    "The token was not made for this sign-on",
    *_AGAIN,
)
SSO_CLAIM_MISSING = Refusal(
    "sso-claim-missing",
    Refused,
    Level.INFO,
    "统一认证没有给出用来对应账号的信息",
    "The issuer does not say what names the account",
    *_OPERATOR,
)
SSO_CLAIM_UNVERIFIED = Refusal(
    "sso-claim-unverified",
    Refused,
    Level.INFO,
    "统一认证没有核实过您的邮箱，不能凭它对应账号",
    "The issuer has not verified your e-mail address, so it names no account",
    *_OPERATOR,
)
SSO_ACCOUNT_MISSING = Refusal(
    "sso-account-missing",
    Refused,
    Level.INFO,
    "统一认证通过了，但本系统没有与您对应的在用账号",
    "The issuer knows you, but no open account here is yours",
    "请系统管理员开通或核对账号",
    "ask the administrator to open or check your account",
)
