"""By which time of what is judged a setting is picked."""

from enum import StrEnum


class AsOf(StrEnum):
    """Which time of what is judged picks the row that counts."""

    CAPTURE = "capture"
    RECEIPT = "receipt"
    OBSERVED = "observed"
    ACT = "act"
    YEAR = "year"
    FREEZE = "freeze"
    NOW = "now"
