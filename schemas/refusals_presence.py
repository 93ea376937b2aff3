"""Whoever a capture names, and what they answer."""

from schemas.errors import Conflict, Level, NotFound, Refusal, Refused
from schemas.next_steps import RELOAD

PRESENCE_UNASKED = Refusal(
    "presence-unasked",
    NotFound,
    Level.INFO,
    "没有写明您在场的这份采集清单",
    "No capture of this id names you",
    "只有采集清单写明的本人可以回答",
    "only whoever a capture names may answer",
)
PRESENCE_ANSWERED = Refusal(
    "presence-answered",
    Conflict,
    Level.INFO,
    "您已经回答过；确认以后仍可否认，否认以后不能改为确认",
    "You have answered; what was confirmed may yet be denied, what was denied not confirmed",
    *RELOAD,
)
DENIAL_UNKNOWN = Refusal(
    "denial-unknown",
    NotFound,
    Level.INFO,
    "没有这项否认，或已经处理",
    "No such denial, or it was settled",
    *RELOAD,
)
PARTNER_CODE_UNNAMED = Refusal(
    "partner-code-unnamed",
    Conflict,
    Level.INFO,
    "您名下没有执法证，采集清单不会写明您",
    "You hold no certificate, so no capture names you",
    "请设备保管员登记执法证",
    "ask the custodian to enter your certificate",
)
PARTNER_CODE_UNKNOWN = Refusal(
    "partner-code-unknown",
    NotFound,
    Level.INFO,
    "没有这个同伴确认码",
    "No such partner's code",
    "核对八位字符，或请同伴重新出示",
    "compare the eight characters, or ask your partner for a new one",
)
PARTNER_CODE_ENDED = Refusal(
    "partner-code-ended",
    Conflict,
    Level.INFO,
    "同伴确认码已过期、已作废，或您已用它确认过",
    "The partner's code has expired, was taken back, or you have confirmed by it",
    "请同伴重新出示，或登录后在“您在场吗”中逐次确认",
    "ask your partner for a new one, or confirm each capture on your own page",
)
PARTNER_CODE_OWN = Refusal(
    "partner-code-own",
    Conflict,
    Level.INFO,
    "这是您自己出示的码，须由同伴扫描",
    "You showed this code yourself; your partner scans it",
    "请同伴用本人手机登录后扫描",
    "let your partner scan it, logged in on their own phone",
)
PARTNER_CODE_FOREIGN = Refusal(
    "partner-code-foreign",
    Conflict,
    Level.INFO,
    "你们本次共同勤务（没有共同勤务的，近 24 小时）中没有同时写明两人、待您确认的采集",
    "No capture of your duty together, or without one of the last 24 hours, names both of you and waits for your answer",
    "采集上传以后再扫描，或登录后在“您在场吗”中逐次确认",
    "scan again once the captures were handed in, or confirm each on your own page",
)
PARTNER_CODE_TRIES_SPENT = Refusal(
    "partner-code-tries-spent",
    Refused,
    Level.INFO,
    "无效的同伴确认码试得太多，暂不接受尝试",
    "Too many codes that are none; none is looked at for now",
    "十五分钟后重试，或登录后在“您在场吗”中逐次确认",
    "try again in 15 minutes, or confirm each capture on your own page",
)
