"""Settings of an agency."""

from schemas.errors import Invalid, Level, Refusal

SETTING_OUT_OF_RANGE = Refusal(
    "setting-out-of-range",
    Invalid,
    Level.INFO,
    "这个数值超出允许的范围",
    "The number is outside what may be set",
    "改为 least 与 most 之间的整数",
    "set a whole number between least and most",
)
SETTING_ITEM = Refusal(
    "setting-item",
    Invalid,
    Level.INFO,
    "清单中有不认识的项目，或项目太少",
    "An item of the list is unknown, or there are too few",
    "每行写一项；只能从所列的项目中选择的，照原样填写",
    "one item a line; where they are given, write them as they stand there",
)
SETTING_AREA = Refusal(
    "setting-area",
    Invalid,
    Level.INFO,
    "这些拐点围不成一个区域",
    "These corners enclose no area",
    "至少写三个不同的拐点，沿边界依次排列，边线不能相交",
    "write three different corners at least, in order along the border, so that no sides cross",
)
LOOK_REASON_UNLISTED = Refusal(
    "look-reason-unlisted",
    Invalid,
    Level.INFO,
    "您的单位不接受这个查看事由",
    "Your agency takes no such reason to look",
    "从清单中选择",
    "choose one of the list",
)
EQUIPMENT_KIND_UNLISTED = Refusal(
    "equipment-kind-unlisted",
    Invalid,
    Level.INFO,
    "您的单位不登记这种监控设备",
    "Your agency registers no equipment of this kind",
    "从清单中选择；需要时请系统管理员变更设置",
    "choose one of the list, or ask the administrator to change the setting",
)
