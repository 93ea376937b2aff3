"""Units that stand beside a number; KiB and MiB are written the same in every language."""

from enum import StrEnum

from schemas.words import vocabulary


class Unit(StrEnum):
    """Units that a page writes beside a number."""

    MONTH = "month"
    WORKING_DAY = "working-day"
    DAY = "day"
    HOUR = "hour"
    MINUTE = "minute"
    SECOND = "second"
    TRAINING_HOUR = "training-hour"
    PERSON = "person"
    POINT = "point"
    YUAN = "yuan"
    METRE = "metre"
    KILOMETRE = "kilometre"
    KMH = "kilometre-an-hour"
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
        Unit.TRAINING_HOUR: ("学时", "training hours"),
        Unit.PERSON: ("人", "people"),
        Unit.POINT: ("分值", "points"),
        Unit.YUAN: ("元", "yuan"),
        Unit.METRE: ("米", "m"),
        Unit.KILOMETRE: ("千米", "km"),
        Unit.KMH: ("千米/小时", "km/h"),
        Unit.BYTE: ("字节", "B"),
    },
)
