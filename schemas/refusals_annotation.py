"""What keeps notes and tags from being written."""

from schemas.errors import Conflict, Level, NotFound, Refusal, Refused

NOTE_UNKNOWN = Refusal(
    "note-unknown",
    NotFound,
    Level.INFO,
    "没有这条备注",
    "There is no such note",
    "刷新页面后再看",
    "look at the page again",
)
NOTE_FOREIGN = Refusal(
    "note-foreign",
    Refused,
    Level.INFO,
    "备注由写它的人撤回",
    "A note is taken back by whoever wrote it",
    "有不同意见的，另写一条备注",
    "write a note of your own",
)
NOTE_OVER = Refusal(
    "note-over",
    Conflict,
    Level.INFO,
    "这条备注已经撤回",
    "The note was taken back already",
    "刷新页面后再看",
    "look at the page again",
)
TAG_STANDS = Refusal(
    "tag-stands",
    Conflict,
    Level.INFO,
    "已经有这个标签",
    "It has this tag already",
    "不需要再加",
    "nothing is left to do",
)
TAG_ABSENT = Refusal(
    "tag-absent",
    Conflict,
    Level.INFO,
    "没有这个标签",
    "It has no such tag",
    "刷新页面后再看",
    "look at the page again",
)
