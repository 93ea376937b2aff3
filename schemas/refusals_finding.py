"""What people say to findings."""

from schemas.errors import Conflict, Level, Refusal

FINDING_ABSENT = Refusal(
    "finding-absent",
    Conflict,
    Level.INFO,
    "这份音像记录没有这项需要说明的发现",
    "The recording has no such finding that asks for an explanation",
    "刷新页面后再看",
    "look at the recording again",
)
FINDING_ANSWERED = Refusal(
    "finding-answered",
    Conflict,
    Level.INFO,
    "您已经说明过这项发现",
    "You have explained this finding already",
    "说明不能更改；需要补充的请写入案卷",
    "an explanation stays as it is; what is to be added belongs into the case",
)
