"""Settings of an agency: numbers and lists that somebody in office decides, as dated rows with a source.

One mechanism for all of them. A setting is declared once, here: name, unit, range, default, and which time of what is
judged picks its value. An agency says with a document what holds from when on; who says nothing takes what the agency
above it says, and at the top what the installation says. Nothing is deleted: of rows with the same beginning the one
that was known last counts, and what was concluded under another one is never judged again.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Generic, NamedTuple, Self, TypeVar, cast

from pydantic import Field, model_validator

from schemas.as_of import AsOf
from schemas.base import Frozen, Moment, Reason, WireIn
from schemas.ids import AgencyId, SettingId
from schemas.refusals_setting import SETTING_OUT_OF_RANGE
from schemas.setting_list import LISTS, MOST_ITEMS, Item, Items, ListSetting, check_items
from schemas.tolerance import TOLERANCES
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
    TRAINING_PUBLIC_LAW_HOURS = "training-public-law-hours"
    TRAINING_PROFESSIONAL_HOURS = "training-professional-hours"
    INSPECTORS = "inspectors"
    SCORE_GAP_POINTS = "score-gap-points"
    WARNING_DAYS = "warning-days"
    CERTIFICATE_VERIFY_DAYS = "certificate-verify-days"
    SEGMENT_GAP_SECONDS = "segment-gap-seconds"
    DRAWN_FRAMES_MINUTES = "drawn-frames-minutes"
    PLACE_APART_METRES = "place-apart-metres"
    TIME_APART_SECONDS = "time-apart-seconds"
    TIME_FAR_DAYS = "time-far-days"
    JUMP_SPEED_KMH = "jump-speed-kmh"
    JUMP_METRES = "jump-metres"
    AHEAD_SECONDS = "ahead-seconds"
    CLOCK_TRUSTED_SECONDS = "clock-trusted-seconds"
    TRACK_NEAR_METRES = "track-near-metres"
    TRACK_LATE_SECONDS = "track-late-seconds"
    TRACK_FAST_KMH = "track-fast-kmh"
    TRACK_IMPOSSIBLE_KMH = "track-impossible-kmh"
    TRACK_GAP_SECONDS = "track-gap-seconds"
    ROW_AHEAD_SECONDS = "row-ahead-seconds"
    CASE_RETENTION_MONTHS = "case-retention-months"
    SUMMARY_RETENTION_MONTHS = "summary-retention-months"
    SUMMARY_FINE_CITIZEN_YUAN = "summary-fine-citizen-yuan"
    SUMMARY_FINE_ORGANISATION_YUAN = "summary-fine-organisation-yuan"


Name = Setting | ListSetting


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


_CAPTURE, _RECEIPT, _OBSERVED, _ACT, _YEAR, _FREEZE, _NOW = AsOf

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
        # Rules 0: at least 20 and 40 a year by a plan of 2023, which is no law: what is missing is a warning.
        Setting.TRAINING_PUBLIC_LAW_HOURS: Declared(
            Unit.TRAINING_HOUR,
            20,
            0,
            400,
            Words("每年公共法律知识培训学时", "Training in public law a year"),
            _YEAR,
        ),
        Setting.TRAINING_PROFESSIONAL_HOURS: Declared(
            Unit.TRAINING_HOUR,
            40,
            0,
            400,
            Words("每年业务知识和技能培训学时", "Training of the profession a year"),
            _YEAR,
        ),
        # Rules 8: no file is scored by fewer than two; an agency may ask for more.
        Setting.INSPECTORS: Declared(
            Unit.PERSON, 2, 2, 9, Words("每件案卷的评查员人数", "Inspectors for each file"), _FREEZE
        ),
        # Rules 8: wider apart, somebody else looks.
        Setting.SCORE_GAP_POINTS: Declared(
            Unit.POINT, 10, 1, 100, Words("评分相差过大的界限", "Distance of scores that is wide"), _FREEZE
        ),
        # No law names it: what ends is renewed in weeks. Of the agency of whoever looks.
        Setting.WARNING_DAYS: Declared(
            Unit.DAY, 30, 1, 365, Words("到期前提示的时间", "Time before an end that it is warned of"), _NOW
        ),
        # Rules 0, from the plan: verified once a year; practice, no law.
        Setting.CERTIFICATE_VERIFY_DAYS: Declared(
            Unit.DAY,
            365,
            30,
            1830,
            Words("执法证年审的间隔", "Time between verifications of a certificate"),
            _NOW,
        ),
        # Rules 3, [D]: what is at most 2 s apart is joined.
        Setting.SEGMENT_GAP_SECONDS: Declared(
            Unit.SECOND,
            2,
            0,
            600,
            Words("分段录制视为连续的间隔", "Gap within which segments still follow each other"),
            _CAPTURE,
        ),
        # No law names it: a drawn film is decoded frame by frame, up to this length; 0 is none.
        Setting.DRAWN_FRAMES_MINUTES: Declared(
            Unit.MINUTE,
            30,
            0,
            1440,
            Words("抽中的录像逐帧检查的最长时长", "Longest drawn film that is examined frame by frame"),
            _ACT,
        ),
        # Rules 3, R2 [D]: 30 years; never under 5 years and 6 months, within which a suit may come.
        Setting.CASE_RETENTION_MONTHS: Declared(
            Unit.MONTH,
            360,
            66,
            1200,
            Words("结案后音像记录的保存期", "Retention of what a case rests on, from its closing"),
            _ACT,
        ),
        # Rules 3, R3 [D]: 10 years; the same floor.
        Setting.SUMMARY_RETENTION_MONTHS: Declared(
            Unit.MONTH,
            120,
            66,
            1200,
            Words(
                "当场处罚案件结案后音像记录的保存期",
                "Retention of what a summary case rests on, from its closing",
            ),
            _ACT,
        ),
        # Art. 51: an agency may let its officers fine less on the spot, never more.
        Setting.SUMMARY_FINE_CITIZEN_YUAN: Declared(
            Unit.YUAN,
            200,
            0,
            200,
            Words("对公民当场罚款的最高数额", "Highest fine on the spot for a citizen"),
            _ACT,
        ),
        Setting.SUMMARY_FINE_ORGANISATION_YUAN: Declared(
            Unit.YUAN,
            3000,
            0,
            3000,
            Words("对法人或者其他组织当场罚款的最高数额", "Highest fine on the spot for an organisation"),
            _ACT,
        ),
        **{Setting(name): Declared(*bound, _RECEIPT) for name, bound in TOLERANCES.items()},
    }
)
"""Numbers that may be set. Later issues add rows; `schemas/README.md` says which numbers are kept for them."""


class SettingIn(WireIn):
    """What an agency sets: a number or a list, or nothing where it takes again what stands above it; by which document.

    A number is said as `value`, a list as `items`; null takes what stands above.
    """

    name: Name
    value: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    items: Annotated[tuple[Item, ...], Field(max_length=MOST_ITEMS)] | None = None
    from_at: Moment
    source: Reason

    @model_validator(mode="after")
    def _says_its_own(self) -> Self:
        said = self.model_fields_set & {"value", "items"}
        if said != {"items" if isinstance(self.name, ListSetting) else "value"}:
            raise ValueError("a number is said as value, a list as items")
        if self.items is not None and len(set(self.items)) < len(self.items):
            raise ValueError("each item stands once")
        return self

    def check_range(self) -> None:
        """Refuse a number that is outside its declared range, or an item that cannot stand in its list.

        Raises:
            Invalid: it is (slugs `setting-out-of-range`, `setting-item`).
        """
        if isinstance(self.name, ListSetting):
            check_items(LISTS[self.name], self.items)
            return
        known = DECLARED[self.name]
        if self.value is not None and not known.least <= self.value <= known.most:
            raise SETTING_OUT_OF_RANGE(
                f"{self.name} lies between {known.least} and {known.most}",
                least=known.least,
                most=known.most,
            )


class SettingRow(Frozen):
    """What an agency said once: `value` or `items` holds from `valid_from` on, as known since `known_at`.

    Neither takes what is above.
    """

    id: SettingId
    agency_id: AgencyId
    name: Name
    value: int | None
    items: Items | None = None
    valid_from: datetime
    known_at: datetime

    @property
    def says(self) -> int | Items | None:
        """What it sets, of whichever kind."""
        return self.value if self.items is None else self.items


class SettingEntry(Frozen):
    """A row as people read it: by which document, entered by whom."""

    id: SettingId
    agency_id: AgencyId
    agency_name: str
    name: Name
    value: int | None
    items: Items | None
    valid_from: datetime
    known_at: datetime
    source: str
    setter: str


class Standing(NamedTuple):
    """A setting of an agency at a time: its value, and the entry that says it (None: the installation)."""

    name: Setting
    value: int
    entry: SettingEntry | None


class StandingList(NamedTuple):
    """A list of an agency at a time, and the entry that says it (None: the installation)."""

    name: ListSetting
    items: Items
    entry: SettingEntry | None


Value = TypeVar("Value", int, Items)


class InForce(NamedTuple, Generic[Value]):
    """A value at a time, and the row that says it; no row: the installation's."""

    value: Value
    row: SettingRow | None = None


def in_force(
    rows: Iterable[SettingRow],
    line: Sequence[AgencyId],
    at: datetime,
    *,
    installed: Value,
    known_at: datetime | None = None,
) -> InForce[Value]:
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
        if last is not None and last.says is not None:
            return InForce(cast("Value", last.says), last)
    return InForce(installed)
