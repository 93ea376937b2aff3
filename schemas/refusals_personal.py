"""Personal data that is kept sealed."""

from schemas.errors import IntegrityBroken, Level, Refusal, Unavailable
from schemas.next_steps import OPERATOR

PERSONAL_KEY_MISSING = Refusal(
    "personal-key-missing",
    Unavailable,
    Level.ERROR,
    "本服务器没有个人信息的密钥",
    "This server has no key for personal data",
    *OPERATOR,
)
PERSONAL_UNREADABLE = Refusal(
    "personal-unreadable",
    IntegrityBroken,
    Level.CRITICAL,
    "保存的个人信息无法解密",
    "Personal data that is kept does not open",
    *OPERATOR,
)
