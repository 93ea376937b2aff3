"""What a device is, how it was found, and who has it."""

from schemas.errors import Conflict, Invalid, Level, NotFound, Refusal
from schemas.next_steps import RELOAD

DEVICE_SERIAL_TAKEN = Refusal(
    "device-serial-taken",
    Conflict,
    Level.INFO,
    "同一厂商的这个出厂编号已登记在另一台在用设备上",
    "Another device in use is registered under this maker and serial number",
    "核对铭牌；同一台设备重新登记的，先注销原来的登记",
    "look at the plate; where it is the same device enrolled anew, revoke the old one first",
)
DEVICE_REASON = Refusal(
    "device-reason",
    Invalid,
    Level.INFO,
    "更正设备信息须写明原因",
    "A reason is said where what a device is is corrected",
    "写明为什么更正",
    "say why it is corrected",
)
HOLDING_OVERLAPS = Refusal(
    "holding-overlaps",
    Conflict,
    Level.INFO,
    "这台设备在该时间段内已由他人领用",
    "Somebody has the device within that time",
    "先登记归还，或更正时间",
    "enter its return first, or correct the times",
)
HOLDING_NONE = Refusal(
    "holding-none",
    Conflict,
    Level.INFO,
    "这台设备没有领出",
    "Nobody has the device",
    *RELOAD,
)
HOLDING_UNKNOWN = Refusal(
    "holding-unknown",
    NotFound,
    Level.INFO,
    "没有这次领用登记",
    "Nobody was handed the device so",
    *RELOAD,
)
HOLDING_TIMES = Refusal(
    "holding-times",
    Invalid,
    Level.INFO,
    "领用的起止时间不成立",
    "The times with the device cannot be",
    "领用须早于归还，且都不晚于现在；应归还时间须晚于领用时间；都不早于设备登记时间",
    "it begins before it ends, neither in the future; it is to be back after it is handed out; nothing before it enrolled",
)
HOLDING_PERSON = Refusal(
    "holding-person",
    Invalid,
    Level.INFO,
    "领用人须是设备所在单位在用账号的人员",
    "A device is handed to people of its agency with open accounts",
    "从名单中选择领用人",
    "choose somebody of the list",
)
HOLDING_REASON = Refusal(
    "holding-reason",
    Invalid,
    Level.INFO,
    "没有检查，或发放前检查不合格，须写明原因",
    "A reason is said where nobody looked at the device, or it was found unfit before it is handed out",
    "补充检查结果，或写明为什么仍然办理",
    "say how the device was found, or why it is done all the same",
)
