"""What somebody says who follows a public log: of the log, and of the folder with what was seen of it."""

from schemas.errors import Conflict, IntegrityBroken, Invalid, Level, Refusal
from schemas.next_steps import OTHER_PLACE

_SHOW = (
    "保留证明文件，另寻途径告知监督机关和其他跟随者",
    "keep the file and show it to the supervisor and to whoever else follows this log, by another way",
)
_ASK = (
    "另寻途径向运营者和监督机关求证；其间不要相信此日志的新内容",
    "ask operator and supervisor by another way; believe nothing new of this log until then",
)

LOG_FORKED = Refusal(
    "log-forked",
    IntegrityBroken,
    Level.CRITICAL,
    "日志分叉：同一密钥签署了互相矛盾的两段历史",
    "The log is forked: its key signed two histories that contradict each other",
    *_SHOW,
)
LOG_SHRANK = Refusal(
    "log-shrank",
    IntegrityBroken,
    Level.CRITICAL,
    "日志变短：给出的检查点比已见过的旧",
    "The log shrank: it shows fewer entries than it had signed before",
    *_ASK,
)
LOG_FOREIGN = Refusal(
    "log-foreign",
    IntegrityBroken,
    Level.CRITICAL,
    "检查点不是此密钥以此名称签署的",
    "The checkpoint is not signed by this key under this origin",
    *_ASK,
)
LOG_UNPROVEN = Refusal(
    "log-unproven",
    IntegrityBroken,
    Level.CRITICAL,
    "日志数据与所签的检查点不符，或被扣留",
    "What the log serves does not lead to the checkpoint it signed, or is withheld",
    *_ASK,
)
FORK_UNPROVEN = Refusal(
    "fork-unproven",
    Invalid,
    Level.INFO,
    "这份文件不能证明分叉",
    "This file proves no fork",
    *OTHER_PLACE,
)
MONITOR_KEY_MISSING = Refusal(
    "monitor-key-missing",
    Invalid,
    Level.INFO,
    "没有给出日志的密钥",
    "Nothing says by which key the log signs",
    "用 --trust 或 --vkey 给出另行取得的密钥",
    "give a key that came another way: --trust or --vkey",
)
MONITOR_OF_ANOTHER = Refusal(
    "monitor-of-another",
    Conflict,
    Level.INFO,
    "此文件夹跟随的是另一日志或另一密钥",
    "This folder follows another log, or another key",
    "用 --state 换一个文件夹",
    "name another folder with --state",
)
MONITOR_BUSY = Refusal(
    "monitor-busy",
    Conflict,
    Level.INFO,
    "另一个 monitor 正在使用此文件夹",
    "Another monitor uses this folder",
    *OTHER_PLACE,
)
MONITOR_DAMAGED = Refusal(
    "monitor-damaged",
    Conflict,
    Level.INFO,
    "所保存的日志副本已损坏",
    "What was kept of the log is damaged",
    "保留此文件夹，另用 --state 重新开始",
    "keep this folder, and begin anew in another one with --state",
)
