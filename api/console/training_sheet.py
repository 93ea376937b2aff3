"""The custodian's desk: training by a sheet, looked at row by row, and entered once somebody is sure."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Form
from pydantic import StringConstraints
from starlette.responses import Response

from api.console.guard import Acting, Visiting
from api.console.typed import Fault, Forms, Mistaken, Typed, label
from api.console.visit import Mistake, Visit, submit
from api.route import pages
from schemas.errors import Invalid
from schemas.policy import Action, require_scope
from schemas.refusals_training import TRAINING_SHEET_EMPTY
from schemas.training_sheet import LookedLine, TrainingLine, new_of, parse_training
from storage.actor.training_sheet import TakenSheet
from storage.flow.sheet import rows_of, sheet_bytes

router = pages()


class TrainingSheetForm(Typed[tuple[TrainingLine, ...]]):
    """A sheet: pasted as text, or as the bytes of a file that the page put here."""

    sheet: Annotated[str, StringConstraints(strip_whitespace=False)] = label("培训表")
    file: str = label("文件")
    is_sure: str = label("确认")

    def wish(self) -> tuple[TrainingLine, ...]:
        if not self.sheet.strip() and not self.file:
            raise Mistaken("sheet", Fault.MISSING)
        try:
            return parse_training(rows_of(sheet_bytes(self.file) if self.file else self.sheet.encode()))
        except Invalid as err:
            fault = Fault.MISSING if err.refusal == TRAINING_SHEET_EMPTY else Fault.NO_TRAINING_SHEET
            raise Mistaken("file" if self.file else "sheet", fault) from err


class TrainingSheetForms(Forms):
    """The form of a sheet of training."""

    training: TrainingSheetForm = TrainingSheetForm()


@router.get("/training/sheet")
def sheet(visit: Visiting) -> Response:
    """Show where a sheet goes, and how it is written."""
    return _page(visit)


def _page(
    visit: Visit,
    mistake: Mistake | None = None,
    *,
    form: TrainingSheetForm | None = None,
    looked: Sequence[LookedLine] = (),
    entered: int | None = None,
) -> Response:
    require_scope(visit.actor, Action.CERTIFICATE_KEEP, visit.tx.now)
    return visit.page(
        "training_sheet.html",
        forms=TrainingSheetForms,
        mistake=mistake,
        here="certificates",
        form=form,
        looked=sorted(looked, key=lambda one: (not one.faults, not one.is_entered, one.line.number)),
        faulty=sum(bool(one.faults) for one in looked),
        doubled=sum(one.is_entered for one in looked),
        new=len(new_of(looked)),
        entered=entered,
    )


@router.post("/training/sheet")
def take(visit: Acting, form: Annotated[TrainingSheetForm, Form()]) -> Response:
    """Look at a sheet, or enter it: every row that does not stand already, or none."""

    def act(lines: tuple[TrainingLine, ...]) -> tuple[Sequence[LookedLine], int | None]:
        kept = visit.tx.training_sheets
        looked = kept.looked_at(visit.actor, lines)
        if form.is_sure != "yes" or any(one.faults for one in looked):
            visit.only_looked()
            return looked, None
        taken: TakenSheet = kept.take(visit.actor, lines)
        return taken

    return submit(
        visit,
        form,
        act,
        again=lambda mistake: _page(visit, mistake),
        then=lambda made: _page(visit, form=form, looked=made[0], entered=made[1]),
    )
