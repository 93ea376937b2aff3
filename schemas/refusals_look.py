"""Looks at evidence: content is given to whoever has said why, and as long as the look lasts."""

from schemas.errors import Level, NotFound, PreconditionRequired, Refusal
from schemas.next_steps import CHECK_ID

_OPEN = (
    "先说明事由打开查看（POST …/looks），再用其编号取内容",
    "open a look with its reason (POST …/looks), then name its id when asking for content",
)

LOOK_NEEDED = Refusal(
    "look-needed",
    PreconditionRequired,
    Level.INFO,
    "查看内容前须说明事由并留下记录",
    "Content is shown to whoever has said why: the reason is logged first",
    *_OPEN,
)
LOOK_ENDED = Refusal(
    "look-ended",
    PreconditionRequired,
    Level.INFO,
    "本次查看已结束",
    "This look has ended",
    "再次说明事由后继续查看",
    "say why once more to go on",
)
LOOK_UNKNOWN = Refusal("look-unknown", NotFound, Level.INFO, "没有这次查看", "No such look", *CHECK_ID)
