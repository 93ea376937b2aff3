"""The forms of an audit: its definition, the public values, its inspectors, and what a drawn member is given."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import Field, TypeAdapter

from api.audit import AssignIn, ValuesIn
from api.console.typed import (
    Change,
    Fault,
    Forms,
    Mistaken,
    Typed,
    Versioned,
    change_of,
    day_at,
    into,
    label,
    labels,
    read,
    seen,
    time_at,
)
from schemas.audit import MAX_SOURCES, AuditIn

_PERCENT = TypeAdapter[Decimal](Annotated[Decimal, Field(ge=Decimal("0.1"), le=100)])
_CONFIDENCE = TypeAdapter[Decimal](Annotated[Decimal, Field(ge=50, le=Decimal("99.9"))])


class AuditForm(Typed[AuditIn]):
    """A new audit with one source of randomness; rates in per cent, days in UTC+8."""

    title: str = label("名称")
    target: str = label("被查单位")
    kind: str = label("抽查范围")
    from_day: str = label("时段从")
    until_day: str = label("到（含当日）")
    defect: str = label("假定的不合格率（%）")
    confidence: str = label("置信度：至少抽中一件不合格的概率（%）")
    size: str = label("抽样数（不填则按上面两项计算）")
    source: str = label("公开随机事件的名称")
    source_kind: str = label("种类")
    happens_at: str = label("公开事件的时间（东八区）")

    renamed: ClassVar[Mapping[str, str]] = {
        "target_agency_id": "target",
        "sources.0.name": "source",
        "sources.0.kind": "source_kind",
    }
    whole: ClassVar[tuple[str, Fault]] = ("until_day", Fault.REVERSED)

    def wish(self) -> AuditIn:
        happens_at = time_at(self, "happens_at")
        return into(
            self,
            AuditIn,
            target_agency_id=self.target,
            from_at=day_at(self, "from_day"),
            until_at=day_at(self, "until_day", days=1),
            defect_permille=round(read(self, "defect", _PERCENT) * 10),
            confidence_permille=round(read(self, "confidence", _CONFIDENCE) * 10),
            sources=[{"name": self.source, "kind": self.source_kind, "happens_at": happens_at}],
        )


class ValuesForm(Versioned[Change[ValuesIn]]):
    """What the public events gave, one text for each source in their order."""

    value: list[str] = labels("公开随机值")

    renamed: ClassVar[Mapping[str, str]] = {"values": "value"} | {
        f"values.{place}": "value" for place in range(MAX_SOURCES)
    }

    def wish(self) -> Change[ValuesIn]:
        if not self.value:
            raise Mistaken("value", Fault.MISSING)
        return Change(ValuesIn(values=self.value), seen(self))

    def at(self, place: int) -> str:
        """Return what was typed for one source."""
        return self.value[place] if place < len(self.value) else ""


class AssignForm(Versioned[Change[AssignIn]]):
    """One of the inspectors."""

    account_id: str = label("指派")

    def wish(self) -> Change[AssignIn]:
        return change_of(self, AssignIn)


class AuditForms(Forms):
    """The forms of one audit."""

    values: ValuesForm = ValuesForm()
    assign: AssignForm = AssignForm()
