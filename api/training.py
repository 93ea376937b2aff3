"""Training of people: hours by year, what a year lacks, and what a custodian enters."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.deps import After, CurrentActor, Limit, Tx, Words
from api.route import Route
from schemas.base import WireOut
from schemas.ids import AccountId
from schemas.leaves_training import TrainingKind
from schemas.training import (
    FIRST_YEAR,
    JudgedYear,
    Training,
    TrainingIn,
    TrainingWithdrawIn,
    this_year,
)
from storage.actor.training import TrainingFilter
from storage.transaction import Transaction

router = APIRouter(prefix="/v1/training", tags=["training"], route_class=Route)

Year = Annotated[int, Field(ge=FIRST_YEAR, le=2199)]


class TrainingQuery(BaseModel):
    """What narrows the list: a year, this one where it is left out; `short`: those alone whose year is short."""

    q: Words = None
    year: Year | None = None
    short: bool = False


class TrainingYearOut(WireOut):
    """The hours of a year by kind, how many it asks for, and how many are missing of each: a warning, no lock."""

    year: int
    public_law: int
    professional: int
    wanted_public_law: int
    wanted_professional: int
    lacks_public_law: int
    lacks_professional: int


class TraineeOut(WireOut):
    """A person who holds an officer's certificate, with one year."""

    id: AccountId
    name: str
    agency_name: str
    hours: TrainingYearOut


class TraineesOut(WireOut):
    """A page, who came last first; `next` is the cursor of the following page."""

    people: list[TraineeOut]
    next: str | None


class TrainingOut(WireOut):
    """An entry; it counts from `entered_at` on, until it was withdrawn."""

    id: UUID
    kind: TrainingKind
    hours: int
    held_on: date
    topic: str
    entered_at: datetime
    withdrawn_at: datetime | None
    reason: str | None


class TrainingsOut(WireOut):
    """The years of a person, the newest first, and every entry; of one's own those that count."""

    years: list[TrainingYearOut]
    entries: list[TrainingOut]


def _year(one: JudgedYear) -> TrainingYearOut:
    return TrainingYearOut(
        **one.hours._asdict(),
        wanted_public_law=one.wanted.public_law,
        wanted_professional=one.wanted.professional,
        lacks_public_law=one.lacks.public_law,
        lacks_professional=one.lacks.professional,
    )


def _answer(tx: Transaction, account_id: AccountId, entries: tuple[Training, ...]) -> TrainingsOut:
    return TrainingsOut(
        years=[_year(one) for one in tx.trainings.judged(account_id, entries)],
        entries=[TrainingOut.of(one) for one in entries],
    )


@router.get("", operation_id="listTraining")
def people(
    tx: Tx, actor: CurrentActor, asked: Annotated[TrainingQuery, Query()], after: After, limit: Limit = 50
) -> TraineesOut:
    """List the people of the agency who hold an officer's certificate, with their hours of a year."""
    wanted = TrainingFilter(asked.year or this_year(tx.now), asked.short, asked.q)
    page = tx.trainings.page(actor, wanted, after=after, limit=limit)
    rows = [
        TraineeOut(id=one.id, name=one.name, agency_name=one.agency_name, hours=_year(one.judged))
        for one in page.rows
    ]
    return TraineesOut(people=rows, next=page.next_text)


@router.get("/own", operation_id="getOwnTraining")
def own(tx: Tx, actor: CurrentActor) -> TrainingsOut:
    """Return your own training."""
    return _answer(tx, actor.account_id, tx.trainings.own(actor))


@router.get("/{account_id}", operation_id="getTraining")
def training(tx: Tx, actor: CurrentActor, account_id: AccountId) -> TrainingsOut:
    """Return the training of a person."""
    return _answer(tx, account_id, tx.trainings.of_person(actor, account_id))


@router.post("/{account_id}", operation_id="enterTraining", status_code=201)
def enter(tx: Tx, actor: CurrentActor, account_id: AccountId, wish: TrainingIn) -> TrainingOut:
    """Enter training that a person attended."""
    return TrainingOut.of(tx.trainings.enter(actor, account_id, wish))


@router.post("/{account_id}/{training_id}/withdraw", operation_id="withdrawTraining")
def withdraw(
    tx: Tx, actor: CurrentActor, account_id: AccountId, training_id: UUID, wish: TrainingWithdrawIn
) -> TrainingOut:
    """Say that an entry was wrong: it is kept, and counts no more."""
    return TrainingOut.of(tx.trainings.withdraw(actor, account_id, training_id, wish))
