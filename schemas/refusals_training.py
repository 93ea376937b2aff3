"""Training of people."""

from schemas.errors import Conflict, Invalid, Level, NotFound, Refusal
from schemas.next_steps import CHECK_ID, RELOAD

TRAINING_UNKNOWN = Refusal(
    "training-unknown", NotFound, Level.INFO, "没有这条培训登记", "No such entry of training", *CHECK_ID
)
TRAINING_WITHDRAWN = Refusal(
    "training-withdrawn",
    Conflict,
    Level.INFO,
    "这条培训登记已经撤回",
    "This entry of training was withdrawn",
    *RELOAD,
)
TRAINING_DAY = Refusal(
    "training-day",
    Invalid,
    Level.INFO,
    "培训日期在将来",
    "The day of the training lies in the future",
    "培训结束以后再登记",
    "enter it once the training is over",
)
TRAINING_CLOSED = Refusal(
    "training-closed",
    Conflict,
    Level.INFO,
    "此人的账号已停用",
    "This person's account is closed",
    "已登记的学时照常保留",
    "what was entered stays",
)
