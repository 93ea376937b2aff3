"""Settings of an agency: numbers that somebody in office decides, as dated rows with a source.

One mechanism for all of them. A setting is declared once, here: name, unit, range, default, and which time of what is
judged picks its value. An agency says with a document what holds from when on; who says nothing takes what the agency
above it says, and at the top what the installation says. Nothing is deleted: of rows with the same beginning the one
that was known last counts, and what was concluded under another one is never judged again.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, NamedTuple

from pydantic import Field

from schemas.base import Frozen, Moment, Reason, WireIn
from schemas.ids import AgencyId, SettingId
from schemas.refusals_setting import SETTING_OUT_OF_RANGE
from schemas.words import Words
from schemas.words_unit import Unit


class Setting(StrEnum):
    """Every setting, by the name that its leaf states; a name never means another thing."""

    HAND_IN_HOURS = "hand-in-hours"
    CLOCK_GOOD_SECONDS = "clock-good-seconds"
    CLOCK_LARGE_SECONDS = "clock-large-seconds"
    RETENTION_MONTHS = "retention-months"
    LINK_RADIUS_METRES = "link-radius-metres"
    LINK_DAYS = "link-days"
    MONITORING_REVIEW_DAYS = "monitoring-review-days"
    LEGAL_REVIEW_DAYS = "legal-review-days"
    RECTIFICATION_DAYS = "rectification-days"


class AsOf(StrEnum):
    """Which time of what is judged picks the row that counts."""

    CAPTURE = "capture"
    RECEIPT = "receipt"
    OBSERVED = "observed"
    ACT = "act"


class Declared(NamedTuple):
    """A setting as declared.

    Attributes:
        unit: What its whole number counts.
        default: What holds where nobody says anything: rules.md, [D].
        least: The smallest number that may be set.
        most: The largest.
        words: What it is called.
        judged: Which time picks the row that counts.
    """

    unit: Unit
    default: int
    least: int
    most: int
    words: Words
    judged: AsOf


_CAPTURE, _RECEIPT, _OBSERVED, _ACT = AsOf.CAPTURE, AsOf.RECEIPT, AsOf.OBSERVED, AsOf.ACT

DECLARED: Mapping[Setting, Declared] = MappingProxyType(
    {
        # Rules 3: 24 h after duty; 48 h and longer are seen.
        Setting.HAND_IN_HOURS: Declared(
            Unit.HOUR, 24, 1, 720, Words("上交入库时限", "Time to hand in"), _CAPTURE
        ),
        # Rules 3: up to 5 s is good, beyond 60 s somebody explains.
        Setting.CLOCK_GOOD_SECONDS: Declared(
            Unit.SECOND, 5, 1, 60, Words("设备时钟允许误差", "Clock error that is good"), _CAPTURE
        ),
        Setting.CLOCK_LARGE_SECONDS: Declared(
            Unit.SECOND,
            60,
            5,
            3600,
            Words("设备时钟误差过大的界限", "Clock error that is large"),
            _CAPTURE,
        ),
        # Rules 3, R0: six calendar months are the floor of what was seen.
        Setting.RETENTION_MONTHS: Declared(
            Unit.MONTH,
            6,
            6,
            1200,
            Words("未关联记录的最短保存期", "Shortest retention of what is linked to nothing"),
            _RECEIPT,
        ),
        Setting.LINK_RADIUS_METRES: Declared(
            Unit.METRE,
            500,
            10,
            5000,
            Words("推荐关联的距离", "Distance within which a tie is suggested"),
            _OBSERVED,
        ),
        Setting.LINK_DAYS: Declared(
            Unit.DAY, 7, 1, 90, Words("推荐关联的时间", "Time within which a tie is suggested"), _OBSERVED
        ),
        # Rules 7: five working days, after 道路交通安全违法行为处理程序规定 art. 19.
        Setting.MONITORING_REVIEW_DAYS: Declared(
            Unit.WORKING_DAY,
            5,
            1,
            60,
            Words("非现场监管记录审核时限", "Time to review a monitoring record"),
            _ACT,
        ),
        Setting.LEGAL_REVIEW_DAYS: Declared(
            Unit.WORKING_DAY, 5, 1, 60, Words("法制审核时限", "Time for a legal review"), _ACT
        ),
        # Rules 6 and 8: no law names a number of days.
        Setting.RECTIFICATION_DAYS: Declared(
            Unit.DAY, 30, 1, 365, Words("整改时限", "Time to mend a finding"), _ACT
        ),
    }
)
"""What may be set. Later issues add rows; `schemas/README.md` says which numbers are kept for them."""


class SettingIn(WireIn):
    """What an agency sets: a number, or nothing where it takes again what stands above it; by which document, from when."""

    name: Setting
    value: Annotated[int, Field(ge=0, le=2**31 - 1)] | None
    from_at: Moment
    source: Reason

    def check_range(self) -> None:
        """Refuse a number that is outside its declared range.

        Raises:
            Invalid: it is (slug `setting-out-of-range`).
        """
        known = DECLARED[self.name]
        if self.value is not None and not known.least <= self.value <= known.most:
            raise SETTING_OUT_OF_RANGE(
                f"{self.name} lies between {known.least} and {known.most}",
                least=known.least,
                most=known.most,
            )


class SettingRow(Frozen):
    """What an agency said once: `value` holds from `valid_from` on, as known since `known_at`; None takes what is above."""

    id: SettingId
    agency_id: AgencyId
    name: Setting
    value: int | None
    valid_from: datetime
    known_at: datetime


class SettingEntry(Frozen):
    """A row as people read it: by which document, entered by whom."""

    id: SettingId
    agency_id: AgencyId
    agency_name: str
    name: Setting
    value: int | None
    valid_from: datetime
    known_at: datetime
    source: str
    setter: str


class Standing(NamedTuple):
    """A setting of an agency at a time: its value, and the entry that says it (None: the installation)."""

    name: Setting
    value: int
    entry: SettingEntry | None


class InForce(NamedTuple):
    """A value at a time, and the row that says it; no row: the installation's."""

    value: int
    row: SettingRow | None = None


def in_force(
    rows: Iterable[SettingRow],
    line: Sequence[AgencyId],
    at: datetime,
    *,
    installed: int,
    known_at: datetime | None = None,
) -> InForce:
    """Return what holds for the first agency of a line at a time.

    Args:
        rows: What was said of one setting by the agencies of the line.
        line: The agency, the one above it, and so on to the top.
        at: The time of what is judged.
        installed: What the installation says.
        known_at: As it was known then; None: as it is known now.
    """
    told = [row for row in rows if row.valid_from <= at and (known_at is None or row.known_at <= known_at)]
    for agency_id in line:
        own = [row for row in told if row.agency_id == agency_id]
        last = max(own, key=lambda row: (row.valid_from, row.known_at), default=None)
        if last is not None and last.value is not None:
            return InForce(last.value, last)
    return InForce(installed)
