"""Sheets of people."""

from schemas.errors import Conflict, Invalid, Level, NotFound, Refusal

ROSTER_EMPTY = Refusal(
    "roster-empty",
    Invalid,
    Level.INFO,
    "表中没有人员",
    "The sheet holds nobody",
    "检查文件",
    "check the file",
)
ROSTER_HEADER = Refusal(
    "roster-header",
    Invalid,
    Level.INFO,
    "首行须有“姓名”“登录名”“单位代码”三列",
    "The first row names the columns name, login and agency",
    "补上表头后重新提交",
    "add them and send again",
)
ROSTER_LONG = Refusal(
    "roster-long",
    Invalid,
    Level.INFO,
    "一份名册最多 100000 人",
    "A sheet holds 100,000 people at most",
    "分成几个文件",
    "send several files",
)
ROSTER_MANY = Refusal(
    "roster-many",
    Invalid,
    Level.INFO,
    "超过 500 人的名册由后台导入",
    "A sheet of more than 500 people is imported in the background",
    "作为文件提交（POST /v1/rosters/sheets），检查后确认",
    "send it as a file (POST /v1/rosters/sheets) and confirm once it was looked at",
)
ROSTER_UNKNOWN = Refusal(
    "roster-unknown",
    NotFound,
    Level.INFO,
    "没有这份名册，或者不是您提交的",
    "No such roster, or somebody else sent it",
    "重新提交名册",
    "send the sheet again",
)
ROSTER_CRASHED = Refusal(
    "roster-crashed",
    Conflict,
    Level.INFO,
    "导入多次出错而停止，一个人也没有导入",
    "The import failed again and again; nobody was imported",
    "重新提交名册；仍然出错时请联系运维人员",
    "send the sheet again; where it fails again ask the operator",
)
ROSTER_UNREADABLE = Refusal(
    "roster-unreadable",
    Invalid,
    Level.INFO,
    "无法读取这个文件：须为 XLSX，或 UTF-8、GB18030 编码的 CSV",
    "The file cannot be read: it is neither XLSX nor CSV in UTF-8 or GB18030",
    "另存为其中一种后重新提交",
    "save it as one of them and send again",
)
ROSTER_FAULTY = Refusal(
    "roster-faulty",
    Invalid,
    Level.INFO,
    "有的行不合要求，一个人也没有导入",
    "Some rows are wrong; nobody was imported",
    "按每行的说明改正后重新提交",
    "correct each row as it says and send again",
)
