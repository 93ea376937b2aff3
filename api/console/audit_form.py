"""The forms of an audit: its definition, the public values, its inspectors, and what a drawn member is given."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, ClassVar, TypeVar

from pydantic import Field, TypeAdapter

from api.audit import AssignIn, ValuesIn
from api.console.form import ZONE
from api.console.typed import (
    VERSION,
    Change,
    Fault,
    Forms,
    Mistaken,
    Typed,
    Versioned,
    W,
    change_of,
    day_at,
    into,
    label,
    labels,
    read,
    seen,
    time_at,
)
from schemas.audit import AuditAmendIn, AuditCloseIn, AuditIn, AuditReasonIn
from schemas.randomness import MAX_SOURCES, SourceIn
from storage.audit.values import Audit

D = TypeVar("D", bound=AuditIn)
_MOMENT = timedelta(microseconds=1)
_PERCENT = TypeAdapter[Decimal](Annotated[Decimal, Field(ge=Decimal("0.1"), le=100)])
_CONFIDENCE = TypeAdapter[Decimal](Annotated[Decimal, Field(ge=50, le=Decimal("99.9"))])


class DraftForm(Typed[W]):
    """What an audit is defined by, with one source of randomness; rates in per cent, days in UTC+8."""

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

    def draft(self, kind: type[D]) -> D:
        """Return what the texts define."""
        happens_at = time_at(self, "happens_at")
        return into(
            self,
            kind,
            target_agency_id=self.target,
            from_at=day_at(self, "from_day"),
            until_at=day_at(self, "until_day", days=1),
            defect_permille=round(read(self, "defect", _PERCENT) * 10),
            confidence_permille=round(read(self, "confidence", _CONFIDENCE) * 10),
            sources=[{"name": self.source, "kind": self.source_kind, "happens_at": happens_at}],
        )


class AuditForm(DraftForm[AuditIn]):
    """A new audit."""

    def wish(self) -> AuditIn:
        return self.draft(AuditIn)


class AmendForm(DraftForm[Change[AuditAmendIn]]):
    """A draft, said anew."""

    version: str = label("页面版本")
    reason: str = label("修改理由（可不填）")

    @classmethod
    def of(cls, audit: Audit) -> "AmendForm":
        """Return the form filled in with what the draft says."""
        source = audit.sources[0]
        return cls(
            title=audit.title,
            target=str(audit.target_agency_id),
            kind=audit.kind,
            from_day=_day(audit.from_at),
            until_day=_day(audit.until_at - _MOMENT),
            defect=_percent(audit.defect_permille),
            confidence=_percent(audit.confidence_permille),
            size=str(audit.size or ""),
            source=source.name,
            source_kind=source.kind,
            happens_at=typed_time(source.happens_at),
            version=str(audit.version),
        )

    def wish(self) -> Change[AuditAmendIn]:
        version = read(self, "version", VERSION)
        return Change(self.draft(AuditAmendIn), version)


def amended(form: AmendForm, wish: AuditAmendIn, audit: Audit) -> AuditAmendIn:
    """Return the wish with what the form does not show: further events, and times within the days that it shows."""
    shown, changed = AmendForm.of(audit), dict[str, object]()
    if form.from_day == shown.from_day:
        changed["from_at"] = audit.from_at
    if form.until_day == shown.until_day:
        changed["until_at"] = audit.until_at
    first, *others = audit.sources
    named = wish.sources[0]
    if form.happens_at == shown.happens_at:
        named = named.model_copy(update={"happens_at": first.happens_at})
    if named.kind is first.kind:
        named = named.model_copy(update={"encoding": first.encoding})
    kept = [SourceIn(**one.model_dump()) for one in others]
    return wish.model_copy(update={**changed, "sources": [named, *kept]})


def typed_time(at: datetime) -> str:
    """Return a time as a form field in UTC+8 holds it."""
    return at.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M:%S")


def _day(at: datetime) -> str:
    return at.astimezone(ZONE).strftime("%Y-%m-%d")


def _percent(permille: int) -> str:
    return f"{permille / 10:g}"


class ReasonForm(Versioned[Change[AuditReasonIn]]):
    """Why a draft is dropped."""

    reason: str = label("放弃的理由")

    def wish(self) -> Change[AuditReasonIn]:
        return change_of(self, AuditReasonIn)


class RetractForm(Versioned[Change[AuditReasonIn]]):
    """Why an entered value is taken back."""

    reason: str = label("撤回的理由")

    def wish(self) -> Change[AuditReasonIn]:
        return change_of(self, AuditReasonIn)


class CloseForm(Versioned[Change[AuditCloseIn]]):
    """The end of an audit: the numbers that its page showed, and why it ends where something is missing."""

    missing: str = label("未给出的评分")
    wide: str = label("评分相差过大的案卷")
    unmended: str = label("未销号的整改")
    reason: str = label("仍然结束的理由")

    def wish(self) -> Change[AuditCloseIn]:
        return change_of(self, AuditCloseIn)


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
    drop: ReasonForm = ReasonForm()
    retract: RetractForm = RetractForm()
