"""Units that stand beside a number; KiB and MiB are written the same in every language."""

from enum import StrEnum

from schemas.words import vocabulary


class Unit(StrEnum):
    """Units of time, length and size that a page writes."""

    MONTH = "month"
    WORKING_DAY = "working-day"
    DAY = "day"
    HOUR = "hour"
    MINUTE = "minute"
    SECOND = "second"
    METRE = "metre"
    KILOMETRE = "kilometre"
    BYTE = "byte"


UNITS = vocabulary(
    Unit,
    {
        Unit.MONTH: ("个月", "months"),
        Unit.WORKING_DAY: ("个工作日", "working days"),
        Unit.DAY: ("天", "d"),
        Unit.HOUR: ("小时", "h"),
        Unit.MINUTE: ("分", "min"),
        Unit.SECOND: ("秒", "s"),
        Unit.METRE: ("米", "m"),
        Unit.KILOMETRE: ("千米", "km"),
        Unit.BYTE: ("字节", "B"),
    },
)
