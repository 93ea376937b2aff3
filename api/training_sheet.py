"""Training by a sheet: looked at row by row, and entered when its sender is sure."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from api.deps import CurrentActor, Tx
from api.route import Route
from schemas.base import WireIn, WireOut
from schemas.catalogue import words_of
from schemas.ids import AccountId
from schemas.policy import Action, require_scope
from schemas.training_sheet import LookedLine, TrainingFault, parse_training
from storage.flow.sheet import rows_of, sheet_bytes

router = APIRouter(prefix="/v1/training/sheets", tags=["training"], route_class=Route)


class TrainingSheetIn(WireIn):
    """A sheet of up to 2,000 rows: XLSX, or CSV in UTF-8 or GB18030, as base64.

    `is_sure`: enter it; else it is only looked at.
    """

    sheet: Annotated[str, Field(min_length=1, max_length=1_000_000)]
    is_sure: bool = False


class TrainingFaultOut(WireOut):
    """What is wrong with a row, by its slug and in both languages."""

    code: TrainingFault
    zh: str
    en: str


class TrainingRowOut(WireOut):
    """A row by its number in the sheet: its texts, whom it names, what is wrong with it, and whether it stands already."""

    number: int
    login: str
    certificate: str
    held_on: str
    kind: str
    hours: str
    topic: str
    account_id: AccountId | None
    name: str | None
    is_entered: bool
    faults: list[TrainingFaultOut]


class TrainingSheetOut(WireOut):
    """Every row of the sheet. `entered` rows were entered by this act, `doubled` ones stood already and are left out.

    Nothing is entered where one row is wrong.
    """

    entered: int
    doubled: int
    faulty: int
    rows: list[TrainingRowOut]


@router.post("", operation_id="takeTrainingSheet")
def take(tx: Tx, actor: CurrentActor, wish: TrainingSheetIn) -> TrainingSheetOut:
    """Look at a sheet of training, row by row; with `is_sure` enter all that is new in one commit, or nothing."""
    require_scope(actor, Action.CERTIFICATE_KEEP, tx.now)
    lines = parse_training(rows_of(sheet_bytes(wish.sheet)))
    looked = tx.training_sheets.looked_at(actor, lines)
    entered = 0
    if wish.is_sure and not any(one.faults for one in looked):
        looked, entered = tx.training_sheets.take(actor, lines)
    return TrainingSheetOut(
        entered=entered,
        doubled=sum(one.is_entered for one in looked),
        faulty=sum(bool(one.faults) for one in looked),
        rows=[_row(one) for one in looked],
    )


def _row(one: LookedLine) -> TrainingRowOut:
    return TrainingRowOut(
        number=one.line.number,
        **one.line.texts._asdict(),
        account_id=one.person and one.person.id,
        name=one.person and one.person.name,
        is_entered=one.is_entered,
        faults=[_fault(fault) for fault in one.faults],
    )


def _fault(fault: TrainingFault) -> TrainingFaultOut:
    said = words_of(fault)
    return TrainingFaultOut(code=fault, zh=said.zh, en=said.en)
