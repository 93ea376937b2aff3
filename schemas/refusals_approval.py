"""Approvals to watch one recording."""

from schemas.errors import Conflict, Level, NotFound, Refusal, Refused
from schemas.next_steps import CHECK_ID

APPROVAL_UNKNOWN = Refusal(
    "approval-unknown", NotFound, Level.INFO, "没有这份查看申请", "No such approval", *CHECK_ID
)
APPROVAL_NEEDLESS = Refusal(
    "approval-needless",
    Conflict,
    Level.INFO,
    "您本来就可以查看这份音像记录",
    "You may watch this recording already",
    "直接打开查看",
    "open it",
)
APPROVAL_STANDS = Refusal(
    "approval-stands",
    Conflict,
    Level.INFO,
    "您对这份音像记录的申请还没有结束",
    "What you asked for about this recording is not over",
    "等待负责人批准，或先撤回再重新申请",
    "wait for the head, or withdraw it and ask again",
)
APPROVAL_OVER = Refusal(
    "approval-over",
    Conflict,
    Level.INFO,
    "这份查看申请已批准、终止或到期",
    "This approval was granted, has ended or has run out",
    "需要时请重新申请",
    "ask again where it is needed",
)
APPROVAL_OWN = Refusal(
    "approval-own",
    Refused,
    Level.INFO,
    "不能批准自己的查看申请",
    "Nobody grants what they asked for themselves",
    "请本单位另一位负责人批准",
    "ask another head of the agency",
)
