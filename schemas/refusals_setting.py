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
