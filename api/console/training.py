"""The custodian's desk: training of officers, whose year is short, and one person with every entry."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Form, Query
from pydantic import Field, TypeAdapter
from starlette.responses import Response

from api.console.guard import Acting, Visiting
from api.console.listing import IGNORED, PAGE_ROWS, Asked, Sought, address, listed
from api.console.sheet import csv_answer, csv_text, gathered
from api.console.typed import Fault, Forms, Mistaken, Typed, into, label
from api.console.visit import Mistake, Visit, submit, to
from api.route import pages
from api.training import Year
from schemas.ids import AccountId
from schemas.leaves_training import TrainingKind
from schemas.policy import Action
from schemas.training import PersonTraining, TrainingIn, TrainingWithdrawIn, this_year
from storage.actor.training import TrainingFilter

router = pages()
_PATH = "/console/training"
CSV_ROWS = 5000
COLUMNS = ("姓名", "单位", "年度", "公共法律知识", "业务知识和技能", "缺公共法律知识", "缺业务知识和技能")
TEXTS = COLUMNS
"""Source texts of the CSV, which the catalogue holds like those of the pages."""
_DAY = TypeAdapter(date)


class TrainingForm(Typed[TrainingIn]):
    """Training that a person attended."""

    kind: str = label("培训类别")
    hours: str = label("学时")
    held_on: str = label("培训日期（跨日的填最后一日）")
    topic: str = label("培训内容")

    def wish(self) -> TrainingIn:
        return into(self, TrainingIn, held_on=_day(self, "held_on"), hours=self._hours())

    def _hours(self) -> int | str:
        return int(self.hours) if self.hours.isascii() and self.hours.isdigit() else self.hours


def _day(form: Typed[Any], name: str) -> date:
    text = getattr(form, name)
    if not text:
        raise Mistaken(name, Fault.MISSING)
    try:
        return _DAY.validate_strings(text)
    except ValueError:
        raise Mistaken(name, Fault.NO_TIME) from None


class WithdrawForm(Typed[TrainingWithdrawIn]):
    """Why an entry was wrong."""

    reason: str = label("为什么撤回")

    def wish(self) -> TrainingWithdrawIn:
        return into(self, TrainingWithdrawIn)


class TrainingForms(Forms):
    """The forms of one person."""

    enter: TrainingForm = TrainingForm()
    withdraw: WithdrawForm = WithdrawForm()


class TrainingFilters(Asked):
    """The filters of the list."""

    q: Sought = ""
    year: Annotated[Annotated[Year, Field(strict=False)] | None, IGNORED] = None
    only: Sought = ""

    def wanted(self, this: int) -> TrainingFilter:
        """Return what is asked for; `this` year where none is named."""
        return TrainingFilter(self.year or this, self.only == "short", self.q or None)


@router.get("/training")
def people(visit: Visiting, asked: Annotated[TrainingFilters, Query()]) -> Response:
    """List officers with their hours of a year, or those alone whose year is short."""
    tx, wanted = visit.tx, asked.wanted(this_year(visit.tx.now))
    page = tx.trainings.page(visit.actor, wanted, after=asked.cursor(), limit=PAGE_ROWS)
    return visit.page(
        "trainings.html",
        here="certificates",
        listing=listed(_PATH, asked, page),
        year=wanted.year,
        is_short=wanted.is_short,
        wanted=tx.trainings.wanted(visit.actor.agency_id, wanted.year),
        may_keep=visit.may(Action.CERTIFICATE_KEEP),
        csv_url=address(f"{_PATH}.csv", asked.query),
    )


@router.get("/training.csv")
def as_csv(visit: Visiting, asked: Annotated[TrainingFilters, Query()]) -> Response:
    """Answer with what the filters show."""
    tx, wanted = visit.tx, asked.wanted(this_year(visit.tx.now))
    rows, is_whole = gathered(
        lambda after: tx.trainings.page(visit.actor, wanted, after=after, limit=200), CSV_ROWS
    )
    cells = (list(_cells(row)) for row in rows)
    return csv_answer("training", csv_text(COLUMNS, cells, visit.language, is_whole=is_whole))


def _cells(row: PersonTraining) -> Iterator[str]:
    yield from (row.name, row.agency_name, str(row.year), str(row.public_law), str(row.professional))
    yield from map(str, row.judged.lacks)


@router.get("/training/{account_id}")
def person(visit: Visiting, account_id: AccountId) -> Response:
    """Show the training of one person: by year, what is missing, every entry."""
    return _page(visit, account_id)


def _page(visit: Visit, account_id: AccountId, mistake: Mistake | None = None) -> Response:
    tx, actor = visit.tx, visit.actor
    found = tx.trainings.person(actor, account_id)
    entries = tx.trainings.of_person(actor, account_id)
    return visit.page(
        "training.html",
        forms=TrainingForms,
        mistake=mistake,
        here="certificates",
        person=found,
        years=tx.trainings.judged(account_id, entries),
        this_year=this_year(tx.now),
        entries=entries,
        kinds=list(TrainingKind),
        may_keep=visit.may(Action.CERTIFICATE_KEEP, found.agency_id) and found.is_active,
    )


@router.post("/training/{account_id}")
def enter(visit: Acting, account_id: AccountId, form: Annotated[TrainingForm, Form()]) -> Response:
    """Enter training that a person attended."""
    return submit(
        visit,
        form,
        lambda wish: visit.tx.trainings.enter(visit.actor, account_id, wish),
        again=lambda mistake: _page(visit, account_id, mistake),
        then=to(f"{_PATH}/{account_id}"),
    )


@router.post("/training/{account_id}/{training_id}/withdraw")
def withdraw(
    visit: Acting, account_id: AccountId, training_id: UUID, form: Annotated[WithdrawForm, Form()]
) -> Response:
    """Say that an entry was wrong."""
    return submit(
        visit,
        form,
        lambda wish: visit.tx.trainings.withdraw(visit.actor, account_id, training_id, wish),
        again=lambda mistake: _page(visit, account_id, mistake),
        then=to(f"{_PATH}/{account_id}"),
    )
