"""The forms of procedure: documents that show a duty, and the steps that say of each duty why it is not recorded."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

from pydantic import Field, TypeAdapter, ValidationError

from api.console.typed import (
    Change,
    Fault,
    Mistaken,
    Typed,
    Versioned,
    W,
    into,
    label,
    labels,
    mistaken,
    read,
    seen,
)
from schemas.decision import MOST_FEN, ClosingIn, DecisionIn, PenaltyKind, UnrecordedIn
from schemas.procedure import DocumentIn, DocumentWithdrawIn, Formality

_FEN = 100
_YUAN = TypeAdapter[Decimal](
    Annotated[Decimal, Field(ge=Decimal("0.01"), le=Decimal(MOST_FEN) / _FEN, decimal_places=2)]
)
_REASON = TypeAdapter(Annotated[str, Field(max_length=500)])


class DocumentForm(Typed[DocumentIn]):
    """A document that shows a duty."""

    formality: str = label("程序事项")
    title: str = label("文书名称")
    number: str = label("文号（可不填）")
    dated: str = label("文书日期")
    recording_id: str = label("本案中的文书或音像记录（可不选）")

    def wish(self) -> DocumentIn:
        return into(self, DocumentIn)


class DocumentWithdrawForm(Typed[DocumentWithdrawIn]):
    """Why a document shows nothing any more."""

    reason: str = label("撤回理由")

    def wish(self) -> DocumentWithdrawIn:
        return into(self, DocumentWithdrawIn)


class Listing(Versioned[W]):
    """A step that lists its duties: beside each that is not recorded stands why, in two lists side by side."""

    formality: list[str] = labels("程序事项")
    why: list[str] = labels("未记录的理由")
    reason: str = label("说明（可不填）")

    def unrecorded(self) -> list[UnrecordedIn]:
        """Return why each duty of the form is not recorded."""
        if len(self.formality) != len(self.why):
            raise Mistaken("why", Fault.HALF)
        rows = zip(self.formality, self.why, strict=True)
        return [self._one(str(place), *row) for place, row in enumerate(rows, start=1)]

    def _one(self, place: str, formality: str, why: str) -> UnrecordedIn:
        try:
            return UnrecordedIn.model_validate({"formality": formality, "reason": why})
        except ValidationError as err:
            raise mistaken(self, err, "why", about=place) from err

    def said(self, formality: str, place: int) -> str:
        """Return what was typed beside a duty, the `place`-th of the form; by its name, as the list may have changed."""
        typed = list(zip(self.formality, self.why, strict=False))
        if formality in self.formality:
            return dict(typed).get(formality, "")
        unnamed = [why for name, why in typed[place - 1 : place] if name not in set(Formality)]
        return unnamed[0] if unnamed else ""


def fen_of(form: Typed[Any], name: str) -> int:
    """Return in fen an amount that has to be typed in yuan.

    Raises:
        Mistaken: it is none.
    """
    if not getattr(form, name):
        raise Mistaken(name, Fault.MISSING)
    return int(read(form, name, _YUAN) * _FEN)


class ClosingForm(Listing[Change[ClosingIn]]):
    """The end of a case."""

    def wish(self) -> Change[ClosingIn]:
        reason = read(self, "reason", _REASON)
        return Change(ClosingIn(unrecorded=self.unrecorded(), reason=reason), seen(self))


class DecisionForm(Listing[Change[DecisionIn]]):
    """What a case ends in; a fine is typed in yuan."""

    outcome: str = label("处理结果")
    penalties: list[str] = labels("处罚种类")
    fine: str = label("罚款金额（元）")

    refused: ClassVar[Mapping[str, str]] = MappingProxyType({"decision-differs": "reason"})

    def wish(self) -> Change[DecisionIn]:
        said = {
            "outcome": self.outcome,
            "penalties": self.penalties,
            "fine_fen": self._fine(),
            "unrecorded": self.unrecorded(),
            "reason": read(self, "reason", _REASON),
        }
        return Change(DecisionIn.model_validate(said), seen(self))

    def _fine(self) -> int | None:
        """Return the fine in fen.

        Raises:
            Mistaken: kinds that do not go with the outcome, or an amount that does not go with the kinds.
        """
        if bool(self.penalties) is not (self.outcome == "penalty"):
            raise Mistaken("penalties", Fault.NOT_LISTED if self.penalties else Fault.MISSING)
        if PenaltyKind.FINE not in self.penalties:
            if self.fine:
                raise Mistaken("penalties", Fault.HALF)
            return None
        return fen_of(self, "fine")
