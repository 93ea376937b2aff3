"""What an audit scores against: a versioned list of items, some of which the system answers by itself.

The demo standard below is ours. It is *not* DB32/T 4181, whose items, weights and vetoes have not been verified
and are loaded as data once they are.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from schemas.base import Frozen, WireIn
from schemas.canonical import canonical_bytes
from schemas.digest import sha256_hex
from schemas.refusals_audit import SCORE_OUT_OF_RANGE, SCORE_WITHOUT_REMARK, SCORES_INCOMPLETE


class AutoCheck(StrEnum):
    """Pre-checks that need no opinion; the inspector sees their evidence beside the item."""

    FIXITY = "fixity"
    TWO_OFFICERS = "two_officers"
    HAND_IN = "hand_in"


class StandardItem(Frozen):
    """One item and the points it is worth."""

    code: Annotated[str, Field(pattern=r"^[A-Z][0-9]{1,2}$")]
    zh: str
    en: str
    points: Annotated[int, Field(ge=1, le=100)]
    auto: AutoCheck | None = None


class Standard(Frozen):
    """A standard of one version; `sha256` of its bytes is part of an audit's plan.

    `passing` is from how many points on a file passes; a standard that does not say it has no rate of passing.
    """

    code: str
    version: int
    zh: str
    en: str
    is_demo: bool
    passing: Annotated[int, Field(ge=1)] | None = None
    items: tuple[StandardItem, ...]

    @classmethod
    def of_kept(cls, *, code: str, version: int, name: str, is_demo: bool, document: Any) -> "Standard":  # noqa: ANN401 - whatever JSON is kept
        """Return a standard from its columns and the `document` beside them.

        Raises:
            LookupError, TypeError, ValueError: the document is none of a standard.
        """
        return cls(
            code=code,
            version=version,
            zh=name,
            en=document["en"],
            is_demo=is_demo,
            passing=document.get("passing"),
            items=tuple(StandardItem.model_validate(item, strict=False) for item in document["items"]),
        )

    @property
    def document(self) -> dict[str, object]:
        """What is kept as JSON beside the columns: the English name, the items, and from how many points a file passes."""
        said: dict[str, object] = {
            "en": self.en,
            "items": [item.model_dump(mode="json") for item in self.items],
        }
        return said if self.passing is None else {**said, "passing": self.passing}

    @property
    def sha256(self) -> str:
        """The digest of the standard's RFC 8785 bytes."""
        return sha256_hex(canonical_bytes(_without_none(self)))

    @property
    def total(self) -> int:
        """The most points a file can have."""
        return sum(item.points for item in self.items)


def _without_none(standard: Standard) -> Mapping[str, object]:
    return standard.model_dump(mode="json", exclude_none=True)


class ItemScore(WireIn):
    """What an inspector gives for one item; a deduction needs a remark."""

    code: Annotated[str, Field(max_length=4)]
    points: Annotated[int, Field(ge=0, le=100)]
    remark: Annotated[str, Field(max_length=500)] = ""


def check_scores(standard: Standard, scores: Sequence[ItemScore]) -> None:
    """Refuse scores that are not one for each item within its points.

    Raises:
        Invalid: slug `scores-incomplete`, `score-out-of-range` or `score-without-remark`; the fact `item`.
    """
    items = {item.code: item for item in standard.items}
    given = [score.code for score in scores]
    if sorted(given) != sorted(items):
        missing = sorted(set(items) - set(given))
        raise SCORES_INCOMPLETE("every item is scored exactly once", missing=missing)
    for score in scores:
        item = items[score.code]
        if score.points > item.points:
            raise SCORE_OUT_OF_RANGE(f"{score.code} is worth {item.points}", item=score.code)
        if score.points < item.points and not score.remark.strip():
            raise SCORE_WITHOUT_REMARK(f"{score.code} loses points and says not why", item=score.code)


DEMO_STANDARD = Standard(
    code="DEMO",
    version=2,
    zh="示例评查标准（非 DB32/T 4181，仅供演示）",
    en="Demo standard (not DB32/T 4181; for demonstration)",
    is_demo=True,
    passing=80,
    items=(
        StandardItem(
            code="A1", zh="抽中记录的完整性校验值（哈希值）重新计算，与封存时一致",
            en="Drawn recordings re-hash to their sealed digest",
            points=20, auto=AutoCheck.FIXITY,
        ),
        StandardItem(
            code="A2", zh="执法人员不少于两人并持有效证件（行政处罚法第四十二条）",
            en="At least two officers with valid certificates (APL art. 42)", points=15, auto=AutoCheck.TWO_OFFICERS,
        ),
        StandardItem(
            code="A3", zh="拍摄后 24 小时内上交入库", en="Handed in within 24 hours after capture",
            points=10, auto=AutoCheck.HAND_IN,
        ),
        StandardItem(code="B1", zh="亮明身份并说明事由，全程可见可听", en="Identity and reason are shown", points=10),
        StandardItem(code="B2", zh="关键环节无无故中断", en="Key steps are recorded without unexplained breaks", points=10),
        StandardItem(code="B3", zh="音像记录与文字记录相互印证", en="Audio-visual and text records agree", points=10),
        StandardItem(code="B4", zh="待证事实均有证据支持", en="Every fact to be proven has evidence", points=10),
        StandardItem(code="B5", zh="法制审核意见已逐项答复", en="Every ground of the legal review is answered", points=10),
        StandardItem(code="B6", zh="画面、声音清晰可辨", en="Picture and sound are clear", points=5),
    ),
)  # fmt: skip
"""Nine items, 100 points, 80 to pass, the first three pre-checked by the system. Version 1 said nothing of passing."""
