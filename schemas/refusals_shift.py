"""Duties."""

from schemas.errors import Conflict, Invalid, Level, NotFound, Refusal
from schemas.next_steps import CHECK_ID

DUTY_UNKNOWN = Refusal("duty-unknown", NotFound, Level.INFO, "没有这次勤务", "No such duty", *CHECK_ID)
DUTY_OVERLAPS = Refusal(
    "duty-overlaps",
    Conflict,
    Level.INFO,
    "这台设备在该时间段内已有勤务",
    "The device is on another duty within that time",
    "先结束那次勤务，或更正时间；别人的勤务请联系其本人或设备保管员",
    "end the other duty first or correct the times; of others' duties ask them, or the custodian",
)
DUTY_OVER = Refusal(
    "duty-over",
    Conflict,
    Level.INFO,
    "这次勤务已经结束，不能再更改",
    "This duty is over and does not change any more",
    "如实说明情况；需要时另行登记勤务",
    "explain what happened; enter another duty where one is missing",
)
DUTY_TIMES = Refusal(
    "duty-times",
    Invalid,
    Level.INFO,
    "勤务的起止时间不成立",
    "The times of the duty cannot be",
    "开始须早于结束，且都不晚于现在",
    "it begins before it ends, and neither lies in the future",
)
DUTY_PEOPLE = Refusal(
    "duty-people",
    Invalid,
    Level.INFO,
    "勤务须有一至两名本单位在用账号的持证人员",
    "One or two people of the agency, with open accounts and certificates, are on a duty",
    "核对执法证号，并确认其账号在用、属于设备所在单位",
    "check the numbers of the certificates, and that their accounts are open in the device's agency",
)
