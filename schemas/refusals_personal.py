"""Personal data that is kept sealed."""

from schemas.errors import Conflict, IntegrityBroken, Invalid, Level, Refusal, Unavailable
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
PERSONAL_KEY_BEFORE = Refusal(
    "personal-key-before",
    Invalid,
    Level.INFO,
    "此前的个人信息密钥不对",
    "Not the key that personal data was sealed under before",
    *OPERATOR,
)
PERSONAL_KEY_OTHERS = Refusal(
    "personal-key-others",
    Conflict,
    Level.INFO,
    "有进程不知道新密钥",
    "A process does not know the new key",
    *OPERATOR,
)
