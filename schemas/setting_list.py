"""Settings whose value is a list: what may stand in each, and what holds where no agency says anything.

How they are set, and which row counts, is `schemas.setting`: lists and numbers have one mechanism.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, NamedTuple

from pydantic import StringConstraints

from schemas.annotation import is_tag
from schemas.area import check_ring, is_corner
from schemas.as_of import AsOf
from schemas.case_number import is_number_pattern
from schemas.equipment import MANDATORY_KINDS, EquipmentKind
from schemas.look import LookReason
from schemas.name_profile import is_profile
from schemas.refusals_setting import SETTING_ITEM
from schemas.review_scope import ReviewRule
from schemas.third import ASSUMED, ScoreOfThree
from schemas.weight import is_weight
from schemas.words import Words


class ListSetting(StrEnum):
    """Every setting whose value is a list; a name is never a number's, too."""

    LOOK_REASONS = "look-reasons"
    OFFICER_EXCEPTIONS = "officer-exceptions"
    EQUIPMENT_KINDS = "equipment-kinds"
    CERTIFICATE_KINDS = "certificate-kinds"
    FINDING_WEIGHTS = "finding-weights"
    NAME_PROFILES = "name-profiles"
    REVIEW_SCOPE = "review-scope"
    CASE_NUMBERS = "case-number-patterns"
    TAGS = "tags"
    AREA = "area"
    SCORES_OF_THREE = "scores-of-three"


Items = tuple[str, ...]
MOST_ITEMS = 64
Item = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$"),
]
"""One item of a list: a name of a closed list, or words of one's own."""


def _any_order(_: Items) -> None:
    """Take any items in any order."""


class DeclaredList(NamedTuple):
    """A setting whose value is a list, as declared.

    Attributes:
        among: What may stand in it; None: words of one's own, of which `may_stand` says whether they mean something.
        default: What holds where nobody says anything: [D].
        least: So many items at least.
        words: What it is called.
        judged: Which time picks the row that counts.
        check_whole: Refuses items that may stand each, and mean nothing together.
    """

    among: type[StrEnum] | None
    default: Items
    least: int
    words: Words
    judged: AsOf
    may_stand: Callable[[str], bool] = bool
    check_whole: Callable[[Items], None] = _any_order


def _all(kind: type[StrEnum]) -> Items:
    return tuple(one.value for one in kind)


LISTS: Mapping[ListSetting, DeclaredList] = MappingProxyType(
    {
        ListSetting.LOOK_REASONS: DeclaredList(
            LookReason, _all(LookReason), 1, Words("查看事由", "Reasons to look"), AsOf.ACT
        ),
        # Art. 42: fewer than two where another law says so; none is assumed.
        ListSetting.OFFICER_EXCEPTIONS: DeclaredList(
            None,
            (),
            0,
            Words("可以少于两名执法人员的条款", "Articles by which fewer than two officers may act"),
            AsOf.CAPTURE,
        ),
        ListSetting.EQUIPMENT_KINDS: DeclaredList(
            EquipmentKind, _all(EquipmentKind), 1, Words("监控设备种类", "Kinds of equipment"), AsOf.ACT
        ),
        # Rules 7: 计量法 art. 9 asks a verification of what its mandatory list names, and of nothing else.
        ListSetting.CERTIFICATE_KINDS: DeclaredList(
            EquipmentKind,
            tuple(one.value for one in MANDATORY_KINDS),
            0,
            Words("须经检定的设备种类", "Kinds of equipment that need a verification certificate"),
            AsOf.CAPTURE,
        ),
        ListSetting.FINDING_WEIGHTS: DeclaredList(
            None, (), 0, Words("检查发现的轻重", "How much findings weigh"), AsOf.RECEIPT, is_weight
        ),
        # Rules 3: names vary by maker; what is shipped is read behind these.
        ListSetting.NAME_PROFILES: DeclaredList(
            None,
            (),
            0,
            Words("录像文件的命名规则", "How recorders name their files"),
            AsOf.CAPTURE,
            is_profile,
        ),
        # Art. 58 names four kinds; 优化营商环境条例 art. 58 asks for full coverage: an agency may say so.
        ListSetting.REVIEW_SCOPE: DeclaredList(
            ReviewRule, (), 0, Words("另须法制审核的案件", "Cases reviewed beyond the law"), AsOf.ACT
        ),
        ListSetting.CASE_NUMBERS: DeclaredList(
            None, (), 0, Words("案号的写法", "How case numbers are written"), AsOf.ACT, is_number_pattern
        ),
        # Offered, and no limit: other words may be typed.
        ListSetting.TAGS: DeclaredList(
            None, (), 0, Words("常用标签", "Tags that are offered"), AsOf.ACT, is_tag
        ),
        # An agency draws its own border; none is assumed.
        ListSetting.AREA: DeclaredList(
            None, (), 0, Words("辖区范围", "Area of the agency"), AsOf.CAPTURE, is_corner, check_ring
        ),
        # Rules 8 asks for a third where scores lie wide apart, and not whose count: [D].
        ListSetting.SCORES_OF_THREE: DeclaredList(
            ScoreOfThree,
            tuple(one.value for one in ASSUMED),
            1,
            Words("第三人评分后计入的得分", "Whose points count after a third inspector"),
            AsOf.FREEZE,
        ),
    }
)
"""Lists that may be set. What stands in published leaves stays what it is, whatever a list leaves out later."""


def check_items(known: DeclaredList, items: Items | None) -> None:
    """Refuse an item that cannot stand in its list, or too few.

    Raises:
        Invalid: slug `setting-item`, or that of the list.
    """
    if items is None:
        return
    allowed = None if known.among is None else _all(known.among)
    wrong = [one for one in items if not (known.may_stand(one) if allowed is None else one in allowed)]
    if wrong or len(items) < known.least:
        raise SETTING_ITEM("an item is unknown, or there are too few", items=wrong)
    known.check_whole(items)
