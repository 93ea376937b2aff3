"""The form of a penalty on the spot (arts 51 and 52)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from api.console.procedure_form import Listing, fen_of
from api.console.typed import (
    Change,
    Fault,
    Forms,
    Mistaken,
    Versioned,
    change_of,
    label,
    labels,
    seen,
    time_at,
)
from schemas.decision import PenaltyKind
from schemas.summary import PenaliseIn, RecordIn, RetractIn

_SIGNED: Mapping[str, bool] = MappingProxyType({"signed": False, "refused": True})


class SummaryForm(Listing[Change[PenaliseIn]]):
    """A penalty on the spot; a fine is typed in yuan, officers are numbers of certificates."""

    party_kind: str = label("当事人类别")
    penalties: list[str] = labels("处罚种类")
    fine: str = label("罚款金额（元）")
    basis: str = label("处罚依据（法律、法规、规章的条款）")
    number: str = label("当场处罚决定书编号")
    made_at: str = label("当场处罚时间（东八区）")
    place: str = label("当场处罚地点")
    first_officer: str = label("执法人员（一）")
    second_officer: str = label("执法人员（二）")
    exception: str = label("由一人执法的依据（两人执法的不选）")
    signed: str = label("当事人签收")
    is_sure: str = label("确认")

    renamed: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"officers.0": "first_officer", "officers.1": "second_officer", "officers": "first_officer"}
    )
    refused: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "summary-kind": "penalties",
            "summary-fine-high": "fine",
            "summary-party": "party_kind",
            "summary-officers": "second_officer",
            "summary-exception": "exception",
            "summary-time": "made_at",
            "formality-unsaid": "why",
        }
    )

    def wish(self) -> Change[PenaliseIn]:
        second = () if self.exception else ("second_officer",)
        for name in ("party_kind", "basis", "number", "place", "first_officer", *second):
            if not getattr(self, name):
                raise Mistaken(name, Fault.MISSING)
        if self.signed not in _SIGNED:
            raise Mistaken("signed", Fault.NOT_LISTED if self.signed else Fault.MISSING)
        said = {
            "party_kind": self.party_kind,
            "penalties": self.penalties,
            "fine_fen": self._fine(),
            "basis": self.basis,
            "number": self.number,
            "made_at": time_at(self, "made_at"),
            "place": self.place,
            "officers": [one for one in (self.first_officer, self.second_officer) if one],
            "exception": self.exception or None,
            "is_refused": _SIGNED[self.signed],
            "unrecorded": self.unrecorded(),
            "reason": self.reason,
        }
        return Change(PenaliseIn.model_validate(said), seen(self))

    def _fine(self) -> int | None:
        if not self.penalties:
            raise Mistaken("penalties", Fault.MISSING)
        if PenaltyKind.FINE in self.penalties:
            return fen_of(self, "fine")
        if self.fine:
            raise Mistaken("penalties", Fault.HALF)
        return None


class RecordForm(Versioned[Change[RecordIn]]):
    """What the head remarks who files a decision on the spot."""

    reason: str = label("备案意见（可不填）")

    def wish(self) -> Change[RecordIn]:
        return change_of(self, RecordIn)


class RetractForm(Versioned[Change[RetractIn]]):
    """Why an entry is taken back."""

    reason: str = label("撤回登记的理由")

    def wish(self) -> Change[RetractIn]:
        return change_of(self, RetractIn)


class SummaryForms(Forms):
    """The form of its page."""

    summary: SummaryForm = SummaryForm()
