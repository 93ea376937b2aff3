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
TRAINING_SHEET_EMPTY = Refusal(
    "training-sheet-empty",
    Invalid,
    Level.INFO,
    "表中没有培训登记",
    "The sheet holds no entry of training",
    "检查文件",
    "check the file",
)
TRAINING_SHEET_HEADER = Refusal(
    "training-sheet-header",
    Invalid,
    Level.INFO,
    "首行须有“登录名”或“执法证号”，以及“培训日期”“培训类别”“学时”“培训内容”",
    "The first row names login or certificate, and the columns date, kind, hours and subject",
    "补上表头后重新提交",
    "add them and send again",
)
TRAINING_SHEET_LONG = Refusal(
    "training-sheet-long",
    Invalid,
    Level.INFO,
    "一份培训表最多 2000 行",
    "A sheet of training holds 2,000 rows at most",
    "分成几个文件",
    "send several files",
)
TRAINING_SHEET_FAULTY = Refusal(
    "training-sheet-faulty",
    Invalid,
    Level.INFO,
    "有的行不合要求，一行也没有登记",
    "Some rows are wrong; none was entered",
    "按每行的说明改正后重新提交",
    "correct each row as it says and send again",
)
