"""Whoever a capture names, and what they answer."""

from schemas.errors import Conflict, Level, NotFound, Refusal
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
