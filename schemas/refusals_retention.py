"""What is said of for how long a recording is kept."""

from schemas.errors import Conflict, Level, Refusal

RETENTION_MARKED = Refusal(
    "retention-marked",
    Conflict,
    Level.INFO,
    "这份音像记录已经标记为永久保存",
    "The recording is marked to be kept for ever already",
    "无须重复标记",
    "nothing is left to do",
)
RETENTION_UNMARKED = Refusal(
    "retention-unmarked",
    Conflict,
    Level.INFO,
    "这份音像记录没有标记为永久保存",
    "The recording is not marked to be kept for ever",
    "刷新页面后再看",
    "look at the recording again",
)
